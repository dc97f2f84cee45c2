"""Lists of names and terms: kept, changed, removed, and used by jobs, whose text they correct."""

import json
from pathlib import Path

import pytest

from localwhisper import paths
from tests.conftest import Serve
from tests.http_client import Answer, Client
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test


async def put(client: Client, name: str, terms: object) -> tuple[int, str | None]:
    answer = await client.fetch("PUT", f"/term-lists/{name}", body=json.dumps({"terms": terms}).encode())
    return answer.status, answer.code if answer.status >= 400 else None


async def kept(client: Client) -> dict[str, str]:
    lists = (await client.get("/term-lists")).json["term_lists"]
    return {each["name"]: each["terms"] for each in lists}


async def test_lists_are_kept_until_they_are_removed(serve: Serve, tmp_path: Path) -> None:
    client = await serve()
    assert await kept(client) == {}
    assert await put(client, "Talks%20%C3%A9", "Ada\nBo") == (200, None)
    assert await put(client, "a", "first") == await put(client, "a", "second") == (200, None)
    assert await kept(client) == {"a": "second", "Talks é": "Ada\nBo"}
    assert paths.term_lists(tmp_path / "data").stat().st_mode & 0o777 == 0o600
    await client.close()
    client = await serve()
    assert (await client.fetch("DELETE", "/term-lists/a")).status == 204
    assert (await client.fetch("DELETE", "/term-lists/a")).code == "term_list_not_found"
    assert await kept(client) == {"Talks é": "Ada\nBo"}


@pytest.mark.parametrize("name", ["a%3Bb", "%20a", "a" * 81, "a%0Ab"])
async def test_names_fit_in_a_line_of_terms(serve: Serve, name: str) -> None:
    assert await put(await serve(), name, "Ada") == (400, "invalid_option")


async def test_bad_lists_are_refused(serve: Serve) -> None:
    client = await serve()
    assert await put(client, "a", 5) == (400, "invalid_body")
    assert await put(client, "a", "x" * 65_537) == (400, "invalid_option")


@pytest.mark.parametrize(
    ("damaged", "readable"),
    [(b"{", {}), (b"[1]", {}), (b"", {}), (b'{"a": "Ada", "b": 5, "c": "\\ud800"}', {"a": "Ada"})],
    ids=["cut off", "no object", "empty", "in part"],
)
async def test_a_damaged_file_is_set_aside_and_said(
    serve: Serve, tmp_path: Path, damaged: bytes, readable: dict[str, str]
) -> None:
    client = await serve()
    file = paths.term_lists(tmp_path / "data")
    file.write_bytes(damaged)
    assert await kept(client) == readable
    assert await put(client, "z", "Zuse") == (200, None)
    assert await kept(client) == {**readable, "z": "Zuse"}
    (aside,) = (await client.get("/term-lists")).json["damaged_files"]
    assert Path(aside).read_bytes() == damaged
    Path(aside).unlink()
    assert (await client.get("/term-lists")).json["damaged_files"] == []


async def test_a_job_is_corrected_by_its_terms_and_the_machines_text_is_kept(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    await put(client, "Talks", "part 1 => chapter one")
    job_id = await client.new_job(terms="@Talks; Ada")
    job = await client.job_when(job_id, "completed")
    assert job["options"]["terms"] == "# Talks\npart 1 => chapter one\nAda"
    original = (await client.get(f"/job/{job_id}/transcript.txt?original=true")).body.decode()
    assert "part 1" in original
    corrected = original.replace("part 1", "chapter one")
    assert (await client.get(f"/job/{job_id}/transcript.txt")).body.decode() == corrected
    assert job["transcript_version"] == 1
    assert "chapter one" in job["result"]["text"]
    found = (await client.get("/jobs?q=chapter")).json["jobs"]
    assert [each["job_id"] for each in found] == [job_id]
    restored = await client.fetch("DELETE", f"/job/{job_id}/transcript?version=1")
    assert "part 1" in restored.json["text"]

    other = await client.new_job()
    await client.job_when(other, "completed")
    assert (await client.get(f"/job/{other}")).json["transcript_version"] == 0


async def test_recordings_and_retries_may_name_lists_too(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    await put(client, "Talks", "Ada")
    body = json.dumps({"filename": "a.wav", "terms": "@Talks"}).encode()
    recording = await client.fetch("POST", "/recordings", body=body)
    assert recording.json["options"]["terms"] == "# Talks\nAda"
    body = json.dumps({"filename": "a.wav", "terms": "@Missing"}).encode()
    assert (await client.fetch("POST", "/recordings", body=body)).code == "invalid_option"
    job_id = await client.new_job()
    await client.fetch("DELETE", f"/job/{job_id}")
    retried = await client.fetch("POST", f"/job/{job_id}/retry", body=b'{"terms": "@Talks"}')
    assert retried.json["options"]["terms"] == "# Talks\nAda"


async def test_terms_are_applied_to_a_finished_transcript(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    await put(client, "Talks", "part 1 | part 2 => chapter")
    job_id = await client.new_job()
    before = (await client.job_when(job_id, "completed"))["result"]

    async def apply(query: str = "", **body: object) -> Answer:
        return await client.fetch("POST", f"/job/{job_id}/terms{query}", body=json.dumps(body).encode())

    preview = await apply("?preview=true", version=0, terms="@Talks; Ada")
    changes = [
        {"segment": number, "start": number, "end": number + 1, "before": f" part {number}", "after": " chapter"}
        for number in (1, 2)
    ]
    assert preview.json == {"version": 0, "changes": changes}
    job = (await client.get(f"/job/{job_id}")).json
    assert (job["result"], job["transcript_version"]) == (before, 0)

    assert (await apply(version=0, terms="@Talks; Ada")).json == {"version": 1, "changes": changes}
    assert (await client.get(f"/job/{job_id}")).json["result"]["text"] == " part 0 chapter chapter"
    assert (await apply(version=0, terms="@Talks")).code == "transcript_changed"
    assert (await apply(version=1, terms="@Talks")).json == {"version": 1, "changes": []}  # nothing is left
    lines = [{"start": change["start"], "end": change["end"], "text": change["before"]} for change in changes]
    undo = {"version": 1, "at": 1, "remove": 2, "segments": lines}
    await client.fetch("PATCH", f"/job/{job_id}/transcript", body=json.dumps(undo).encode())
    assert (await client.get(f"/job/{job_id}")).json["result"]["text"] == before["text"]


@pytest.mark.parametrize("terms", [None, 5, "x" * 65_537, "@nothing"])
async def test_terms_that_cannot_be_applied(serve: Serve, engine: StepEngine, terms: object) -> None:
    client = await serve()
    job_id = await client.new_job()
    body = json.dumps({"version": 0, "terms": terms}).encode()
    assert (await client.fetch("POST", f"/job/{job_id}/terms", body=body)).code == "invalid_option"
    running = await client.fetch("POST", f"/job/{job_id}/terms", body=b'{"version": 0, "terms": "a => b"}')
    assert running.code == "job_not_finished"
