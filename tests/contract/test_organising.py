"""Jobs are renamed, tagged, annotated and exported together."""

import io
import json
import zipfile
from typing import Any

import pytest

from tests.conftest import Serve
from tests.http_client import Answer, Client
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test


async def describe(client: Client, job_id: str, **changes: Any) -> Answer:
    return await client.fetch("PATCH", f"/job/{job_id}", body=json.dumps(changes).encode())


async def completed(client: Client, **fields: str) -> str:
    job_id: str = await client.new_job(**fields)
    await client.job_when(job_id, "completed")
    return job_id


async def ids(client: Client, query: str) -> list[str]:
    return [job["job_id"] for job in (await client.get(f"/jobs?{query}")).json["jobs"]]


async def test_a_name_tags_and_notes_last(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    job_id, other = await completed(client), await completed(client)
    note = {"start": 1, "end": 2.5, "quote": "part 1"}
    late = {"start": 2, "end": 3, "quote": "part 2", "text": "Check this."}
    tags = ["Ada", " ada ", "x  y"]
    body = (await describe(client, job_id, filename="Talk 1.5/draft", tags=tags, notes=[late, note])).json
    assert body["filename"] == "Talk 1.5-draft.wav"  # the recording's extension stays
    assert body["tags"] == ["Ada", "x y"]
    assert body["notes"] == [{**note, "text": ""}, late]
    assert (await describe(client, job_id, filename="TALK.WAV")).json["filename"] == "TALK.WAV"
    assert await ids(client, "tag=ADA") == [job_id]
    assert await ids(client, "tag=ad") == []
    assert set(await ids(client, "q=x+y")) == {job_id}
    assert set(await ids(client, "q=part")) == {job_id, other}
    assert await ids(client, "q=part&tag=ada") == [job_id]
    await client.close()
    client = await serve()
    job = (await client.get(f"/job/{job_id}")).json
    assert (job["filename"], job["tags"], len(job["notes"])) == ("TALK.WAV", ["Ada", "x y"], 2)
    assert job["transcript_version"] == 0


async def test_notes_written_at_two_places_are_merged(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    job_id = await completed(client)
    first, second, third = ({"start": n, "end": n + 1, "quote": "part", "text": str(n)} for n in range(3))
    await describe(client, job_id, notes=[first])
    await describe(client, job_id, notes=[first, third], notes_before=[first])
    other = {**first, "text": "Here."}
    body = (await describe(client, job_id, notes=[other, second], notes_before=[first])).json
    assert body["notes"] == [other, second, third]
    body = (await describe(client, job_id, notes=[second], notes_before=[other, second])).json
    assert body["notes"] == [second, third]
    assert (await describe(client, job_id, notes=[])).json["notes"] == []


INVALID: tuple[dict[str, Any], ...] = (
    {"filename": " "},
    {"filename": 3},
    {"tags": ["a", ""]},
    {"tags": "a"},
    {"tags": ["x" * 41]},
    {"tags": ["a"] * 21},
    {"notes": [{"start": 2, "end": 1, "quote": "a"}]},
    {"notes": [{"start": 0, "end": True, "quote": "a"}]},
    {"notes": [{"start": 0, "end": 1}]},
    {"notes": [{"start": 0, "end": 1, "quote": "a", "text": 3}]},
)


async def test_invalid_descriptions_and_jobs_that_run_are_refused(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    job_id = await client.new_job()
    running = await describe(client, job_id, tags=["a"])
    assert (running.status, running.code) == (409, "job_not_finished")
    engine.release()
    await client.job_when(job_id, "completed")
    for changes in INVALID:
        answer = await describe(client, job_id, **changes)
        assert (answer.status, answer.code) == (400, "invalid_option"), changes
    assert (await describe(client, job_id, colour="red")).code == "unknown_option"
    assert (await client.get(f"/job/{job_id}")).json["tags"] == []


async def test_several_transcripts_in_one_archive(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    first, second, third = [await completed(client) for _ in range(3)]
    await describe(client, second, filename="CLIP.wav")
    await describe(client, third, filename="Ω?.wav")
    answer = await client.get(f"/transcripts.zip?ids={first},{second},{third},{first}&format=txt&paragraphs=true")
    archive = zipfile.ZipFile(io.BytesIO(answer.body))
    assert archive.namelist() == ["clip.txt", "CLIP (2).txt", "Ω_.txt"]
    assert archive.read("clip.txt").decode() == "part 0 part 1 part 2\n"
    assert 'filename="transcripts-txt.zip"' in answer.headers["Content-Disposition"]
    answer = await client.get(f"/transcripts.zip?ids={first}&format=srt&subtitles=word")  # which has no word times
    assert b"part 1" in zipfile.ZipFile(io.BytesIO(answer.body)).read("clip.srt")
    for query, code in {
        "ids=": "invalid_option",
        f"ids={first}&format=zip": "invalid_option",
        f"ids={first}&format=srt&subtitles=none": "invalid_option",
        "ids=" + ",".join(f"{number}" for number in range(501)): "invalid_option",
        "ids=00000000-0000-0000-0000-000000000007": "job_not_found",
    }.items():
        assert (await client.get(f"/transcripts.zip?{query}")).code == code
