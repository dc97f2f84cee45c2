"""Finding the speakers of a completed job, and naming, merging and correcting them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from localwhisper import paths
from tests.conftest import Serve
from tests.contract.test_transcripts import completed_job, text_of
from tests.http_client import Answer, Client
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test
SPLIT: dict[str, Any] = {
    "speakers": [{"id": "S2", "name": "", "merged": False}, {"id": "S1", "name": "", "merged": False}],
    "turns": [],
    "lines": [],
}


async def send(client: Client, method: str, job_id: str, **body: Any) -> Answer:
    return await client.fetch(method, f"/job/{job_id}/speakers", body=json.dumps(body).encode())


async def search_ends(client: Client, job_id: str) -> dict[str, Any]:
    """The body once no search is running."""
    while True:
        body: dict[str, Any] = (await client.get(f"/job/{job_id}/speakers")).json
        if body["search"] is None or body["search"]["status"] != "running":
            return body
        await asyncio.sleep(0.01)


async def job_with_speakers(client: Client) -> str:
    """Three lines, of S1, S2, S1."""
    job_id = await completed_job(client)
    assert (await send(client, "POST", job_id)).status == 202
    await search_ends(client, job_id)
    return job_id


async def test_a_completed_job_gets_speakers_without_being_transcribed_again(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    job_id = await job_with_speakers(client)
    body = (await client.get(f"/job/{job_id}/speakers")).json
    assert [(each["id"], each["name"], each["seconds"]) for each in body["speakers"]] == [("S1", "", 2), ("S2", "", 1)]
    assert body["segments"] == ["S1", "S2", "S1"]
    assert body["speakers"][1]["sample"] == {"start": 1, "end": 2}
    assert engine.started == [job_id]
    assert await text_of(client, job_id) == "Speaker 1: part 0\n\nSpeaker 2: part 1\n\nSpeaker 1: part 2\n"
    assert await text_of(client, job_id, "?lang=es") == (await text_of(client, job_id)).replace("Speaker", "Hablante")
    assert await text_of(client, job_id, "?speaker_names=false") == "part 0\npart 1\npart 2\n"
    result = (await client.get(f"/job/{job_id}")).json["result"]
    assert [segment["speaker"] for segment in result["segments"]] == ["S1", "S2", "S1"]
    assert [each["id"] for each in result["speakers"]] == ["S1", "S2"]


async def test_names_merging_and_lines_are_versioned_and_survive_a_restart(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    job_id = await job_with_speakers(client)
    named = await send(client, "PATCH", job_id, version=1, names={"S1": "  Ann ", "S2": "Bob"})
    assert (named.status, named.json["version"]) == (200, 2)
    late = await send(client, "PATCH", job_id, version=1, names={"S1": "Eve"})
    assert (late.status, late.code) == (409, "transcript_changed")
    given = await send(client, "PATCH", job_id, version=2, at=2, count=1, speaker="new")
    assert given.json["segments"] == ["S1", "S2", "S3"]
    await client.close()
    client = await serve()
    assert await text_of(client, job_id) == "Ann: part 0\n\nBob: part 1\n\nSpeaker 3: part 2\n"
    merged = await send(client, "PATCH", job_id, version=3, merge="S3", into="S2")
    assert merged.json["segments"] == ["S1", "S2", "S2"]
    assert [each["name"] for each in merged.json["speakers"]] == ["Ann", "Bob"]


async def test_a_merge_is_undone_after_a_correction_and_a_restart(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    job_id = await job_with_speakers(client)
    before = (await send(client, "PATCH", job_id, version=1, names={"S2": "Bob"})).json
    assert "split" not in before
    one = await send(client, "PATCH", job_id, version=2, merge="S2", into="S1")
    assert await text_of(client, job_id) == "Bob: part 0 part 1 part 2\n"
    correction = {"version": 3, "at": 0, "remove": 1, "segments": [{"start": 0, "end": 1, "text": "better"}]}
    await client.fetch("PATCH", f"/job/{job_id}/transcript", body=json.dumps(correction).encode())
    await client.close()
    client = await serve()
    late = await send(client, "PATCH", job_id, version=3, split=one.json["split"])
    assert (late.status, late.code) == (409, "transcript_changed")
    undone = await send(client, "PATCH", job_id, version=4, split=one.json["split"])
    assert undone.json == {**before, "version": 5}
    assert await text_of(client, job_id) == "Speaker 1: better\n\nBob: part 1\n\nSpeaker 1: part 2\n"


async def test_lists_and_the_queue_socket_say_who_speaks(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    queue = await client.socket("/ws/queue")
    job_id = await job_with_speakers(client)
    assert (await queue.until("corrected"))["data"]["speakers"] == [{"id": "S1", "name": ""}, {"id": "S2", "name": ""}]
    await send(client, "PATCH", job_id, version=1, names={"S2": "Bob"})
    expected = [{"id": "S1", "name": ""}, {"id": "S2", "name": "Bob"}]
    assert (await queue.until("corrected"))["data"] == {"version": 2, "speakers": expected}
    [listed] = (await client.get("/jobs?preview=true")).json["jobs"]
    assert listed["speakers"] == expected
    await client.close()
    client = await serve()
    [listed] = (await client.get("/jobs?preview=true")).json["jobs"]
    assert listed["speakers"] == expected


async def test_a_new_search_keeps_names_and_corrections(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    job_id = await job_with_speakers(client)
    await send(client, "PATCH", job_id, version=1, names={"S1": "Ann"})
    await send(client, "PATCH", job_id, version=2, at=2, count=1, speaker="S2")
    await send(client, "POST", job_id, speakers="3")
    body = await search_ends(client, job_id)
    assert body["speakers"][0]["name"] == "Ann"
    assert body["segments"] == ["S1", "S2", "S2"]


async def test_undoing_the_corrections_of_the_text_keeps_the_speakers(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    job_id = await job_with_speakers(client)
    await send(client, "PATCH", job_id, version=1, names={"S1": "Ann", "S2": "Bob"})
    lines = [{"start": 0, "end": 1, "text": "better"}]
    correction = {"version": 2, "at": 0, "remove": 1, "segments": lines}
    await client.fetch("PATCH", f"/job/{job_id}/transcript", body=json.dumps(correction).encode())
    assert (await text_of(client, job_id)).startswith("Ann: better\n")
    await client.fetch("DELETE", f"/job/{job_id}/transcript?version=3")
    assert await text_of(client, job_id) == "Ann: part 0\n\nBob: part 1\n\nAnn: part 2\n"


async def test_a_search_can_be_ended(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    job_id = (await client.submit()).json["job_id"]
    engine.step(3)
    await client.job_when(job_id, "completed")
    running = await send(client, "POST", job_id, speakers="auto", max_speakers=4)
    assert running.json["search"]["status"] == "running"
    ended = await client.fetch("DELETE", f"/job/{job_id}/speakers")
    assert (ended.json["search"], ended.json["speakers"], ended.json["version"]) == (None, [], 0)


async def test_searches_begun_at_once_end_each_other(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    job_id = (await client.submit()).json["job_id"]
    engine.step(3)
    await client.job_when(job_id, "completed")
    await send(client, "POST", job_id)
    await asyncio.gather(*(send(client, "POST", job_id) for _ in range(4)))
    engine.release()
    assert (await search_ends(client, job_id))["version"] == 1
    await asyncio.sleep(0.2)
    assert (await search_ends(client, job_id))["version"] == 1  # no other one was left


async def test_a_search_ends_with_its_job_and_the_next_one_begins(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    engine.step(6)
    first, second = [await client.new_job(), await client.new_job()]
    for job_id in (first, second):  # a search would take a step from a job that isn't completed
        await client.job_when(job_id, "completed")
    for job_id in (first, second):
        await send(client, "POST", job_id)
    removed = await client.fetch("DELETE", f"/job/{first}?remove=true")
    assert removed.status == 200
    while second not in engine.searched:  # then the first one has ended
        await asyncio.sleep(0.01)
    engine.step()
    assert (await search_ends(client, second))["version"] == 1


@pytest.mark.parametrize("content", [None, b"{", b"[]", b'{"x": 1}'], ids=["stored", "cut", "list", "other"])
async def test_a_search_goes_on_after_a_restart(
    serve: Serve, engine: StepEngine, tmp_path: Path, content: bytes | None
) -> None:
    client = await serve()
    engine.step(3)
    job_id = await client.new_job()
    await client.job_when(job_id, "completed")
    await send(client, "POST", job_id, speakers="3")
    file = paths.speaker_searches(tmp_path / "data")
    assert json.loads(file.read_bytes())[job_id]["speakers"] == "3"
    await client.close()
    if content is not None:
        file.write_bytes(content)
    engine.release()
    client = await serve()
    body = await search_ends(client, job_id)
    assert [each["id"] for each in body["speakers"]] == ([] if content else ["S1", "S2", "S3"])
    assert content or json.loads(file.read_bytes()) == {}


async def test_a_search_that_fails_says_why(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    job_id = await completed_job(client)
    engine.fails_with = MemoryError()
    await send(client, "POST", job_id)
    search = (await search_ends(client, job_id))["search"]
    assert (search["status"], search["code"]) == ("failed", "memory_full")


async def test_speakers_are_found_by_their_names(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    job_id = await job_with_speakers(client)
    await send(client, "PATCH", job_id, version=1, names={"S2": "Marguerite"})
    assert [job["job_id"] for job in (await client.get("/jobs?q=marguerite")).json["jobs"]] == [job_id]
    assert (await client.get("/jobs?q=speaker:part")).json["jobs"] == []
    await client.close()
    client = await serve()
    assert [job["job_id"] for job in (await client.get("/jobs?q=speaker:marg+part")).json["jobs"]] == [job_id]


@pytest.mark.parametrize(
    ("method", "body", "field"),
    [
        ("PATCH", {"names": {"S9": "Eve"}}, "S9"),
        ("PATCH", {"names": {"S1": "x" * 101}}, "names"),
        ("PATCH", {"names": {"S1": 3}}, "names"),
        ("PATCH", {"merge": "S1", "into": "S1"}, "into"),
        ("PATCH", {"split": SPLIT}, "S2"),  # who is still listed
        ("PATCH", {"split": {**SPLIT, "speakers": SPLIT["speakers"][:1]}}, "split"),
        ("PATCH", {"split": {**SPLIT, "speakers": [SPLIT["speakers"][0]] * 2}}, "split"),
        ("PATCH", {"split": {**SPLIT, "speakers": [{"id": "x", "name": "", "merged": False}] * 2}}, "split"),
        ("PATCH", {"split": {**SPLIT, "turns": [[0, 1, "S7"]]}}, "split"),
        ("PATCH", {"split": {**SPLIT, "lines": [[1, 0, "S1"]]}}, "split"),
        ("PATCH", {"split": {**SPLIT, "lines": None}}, "split"),
        ("PATCH", {"at": 3, "count": 1, "speaker": "S1"}, "count"),
        ("PATCH", {"at": -1, "count": 1, "speaker": "S1"}, "at"),
        ("PATCH", {"names": {}, "merge": "S1", "into": "S2"}, "version"),
        ("PATCH", {}, "version"),
        ("POST", {"speakers": "off"}, "off"),
        ("POST", {"speakers": "channels"}, "channels"),
        ("POST", {"min_speakers": 3, "max_speakers": 2}, "min_speakers"),
        ("POST", {"temperature": 1}, "temperature"),
    ],
)
async def test_what_means_nothing_is_refused(
    serve: Serve, engine: StepEngine, method: str, body: dict[str, Any], field: str
) -> None:
    engine.release()
    client = await serve()
    job_id = await job_with_speakers(client)
    answer = await send(client, method, job_id, **({"version": 1} if method == "PATCH" else {}), **body)
    assert answer.status == 400
    assert field in answer.json["error"]["message"]
