"""Corrections, search, waveforms, measured speeds, retries with other settings."""

import asyncio
import json
from typing import Any

import pytest

from tests.conftest import Serve
from tests.http_client import Answer, Client, wav
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test


async def completed_job(client: Client, filename: str = "clip.wav") -> str:
    """The id of a completed job: three lines, part 0 to part 2."""
    job_id: str = (await client.submit(filename=filename)).json["job_id"]
    await client.job_when(job_id, "completed")
    return job_id


async def patch(client: Client, job_id: str, **body: Any) -> Answer:
    return await client.fetch("PATCH", f"/job/{job_id}/transcript", body=json.dumps(body).encode())


def line(start: float, end: float, text: str) -> dict[str, Any]:
    return {"start": start, "end": end, "text": text}


async def text_of(client: Client, job_id: str, query: str = "") -> str:
    return (await client.get(f"/job/{job_id}/transcript.txt{query}")).body.decode()


async def test_a_correction_is_exported_and_the_original_is_kept(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    job_id = await completed_job(client)
    answer = await patch(client, job_id, version=0, at=1, remove=1, segments=[line(1, 1.5, "a"), line(1.5, 2, "b")])
    assert answer.status == 200, answer.body
    assert answer.json["version"] == 1
    assert [(each["id"], each["text"]) for each in answer.json["segments"]] == [(1, " a"), (2, " b")]
    assert await text_of(client, job_id) == "part 0\na\nb\npart 2\n"
    assert await text_of(client, job_id, "?original=true") == "part 0\npart 1\npart 2\n"
    job = (await client.get(f"/job/{job_id}")).json
    assert (job["transcript_version"], len(job["result"]["segments"])) == (1, 4)


async def test_a_correction_survives_a_restart_and_can_be_undone(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    job_id = await completed_job(client)
    await patch(client, job_id, version=0, at=0, remove=1, segments=[line(0, 1, "better")])
    await client.close()
    client = await serve()
    assert await text_of(client, job_id) == "better\npart 1\npart 2\n"
    answer = await client.fetch("DELETE", f"/job/{job_id}/transcript?version=1")
    assert (answer.json["version"], answer.json["text"]) == (2, " part 0 part 1 part 2")


async def test_a_correction_of_an_old_version_is_refused(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    job_id = await completed_job(client)
    assert (await patch(client, job_id, version=0, at=0, remove=1, segments=[line(0, 1, "one")])).status == 200
    late = await patch(client, job_id, version=0, at=0, remove=1, segments=[line(0, 1, "two")])
    assert (late.status, late.code) == (409, "transcript_changed")
    assert "1" in late.json["error"]["message"]
    assert (await text_of(client, job_id)).startswith("one\n")


async def test_a_correction_is_reported_on_the_queue_socket(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    job_id = await completed_job(client)
    socket = await client.socket("/ws/queue")
    await socket.until("snapshot")
    await patch(client, job_id, version=0, at=0, remove=0, segments=[])
    message = await socket.until("corrected")
    assert (message["job_id"], message["data"]) == (job_id, {"version": 1, "speakers": []})


@pytest.mark.parametrize(
    "change",
    [
        {"version": "0"},
        {"at": -1},
        {"remove": 4},
        {"remove": True},
        {"at": 3, "remove": 1},
        {"segments": None},
        {"segments": [line(2, 1, "x")]},
        {"segments": [line(-1, 1, "x")]},
        {"segments": [{"start": 0, "end": 1}]},
        {"segments": [line(0, float("inf"), "x")]},
        {"segments": [line(0, 1, "x" * 10_001)]},
        {"segments": [7]},
    ],
)
async def test_invalid_corrections_are_refused(serve: Serve, engine: StepEngine, change: dict[str, Any]) -> None:
    engine.release()
    client = await serve()
    job_id = await completed_job(client)
    answer = await patch(client, job_id, **{"version": 0, "at": 0, "remove": 1, "segments": [], **change})
    assert (answer.status, answer.code) == (400, "invalid_option")
    assert (await client.get(f"/job/{job_id}")).json["transcript_version"] == 0


async def test_an_unfinished_job_cannot_be_corrected(serve: Serve) -> None:
    client = await serve()
    job_id = await client.new_job()
    assert (await patch(client, job_id, version=0, at=0, remove=0, segments=[])).code == "job_not_finished"
    broken = await client.fetch("PATCH", f"/job/{job_id}/transcript", body=b"{")
    assert (broken.status, broken.code) == (400, "invalid_body")


async def search(client: Client, query: str) -> list[dict[str, Any]]:
    jobs: list[dict[str, Any]] = (await client.get(f"/jobs?q={query}")).json["jobs"]
    return jobs


async def test_names_and_texts_are_searched(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    first, second = await completed_job(client, "Interview.wav"), await completed_job(client, "talk.wav")
    await patch(client, second, version=0, at=0, remove=1, segments=[line(0, 1, "Una canción del mañana")])
    assert [job["job_id"] for job in await search(client, "TERVIEW")] == [first]
    assert [job["job_id"] for job in await search(client, "part")] == [second, first]
    (hit,) = await search(client, "cancion%20manan")
    assert hit["job_id"] == second
    assert hit["excerpt"][1::2] == ["canción", "mañana"]
    assert "".join(hit["excerpt"]).startswith("Una canción del mañana part 1")
    listed = (await client.get("/jobs?preview=true")).json["jobs"]
    assert [job["preview"][:15] for job in listed] == ["Una canción del", "part 0 part 1 p"]
    assert await search(client, "nothing") == await search(client, "%22%20OR") == []
    await client.fetch("DELETE", f"/job/{second}?remove=true")
    assert await search(client, "cancion") == []


@pytest.mark.parametrize("damage", [None, b"no database"])
async def test_a_lost_search_index_is_rebuilt(serve: Serve, engine: StepEngine, damage: bytes | None) -> None:
    engine.release()
    client = await serve()
    job_id = await completed_job(client)
    data_dir = client.app.settings.data_dir
    await client.close()
    for path in data_dir.glob("search.db*"):
        path.unlink()
    if damage:
        (data_dir / "search.db").write_bytes(damage)
    client = await serve()
    while not (jobs := await search(client, "part")):
        await asyncio.sleep(0.01)
    assert [job["job_id"] for job in jobs] == [job_id]


async def test_the_waveform_is_computed_once(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    loud_then_nothing = wav(2.0) + bytes(2 * 8000 * 2)  # beyond the header's length: not sound
    job_id: str = (await client.submit(loud_then_nothing)).json["job_id"]
    answer = await client.get(f"/job/{job_id}/waveform")
    assert answer.status == 200, answer.body
    peaks = answer.json["peaks"]
    assert answer.json["duration"] == pytest.approx(2.0, abs=0.1)
    assert len(peaks) == 1600
    assert answer.json["speech"] == [[0.0, 1.0]]
    assert 60 < peaks[800] < 80  # 9000 of 32768
    file = client.app.settings.data_dir / "jobs" / job_id / "waveform.json"
    file.write_text(file.read_text().replace(f"[{peaks[0]},", "[255,", 1))
    assert (await client.get(f"/job/{job_id}/waveform")).json["peaks"][0] == 255


async def test_models_report_their_measured_speed(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    before = {model["name"]: model for model in (await client.get("/models")).json["models"]}
    assert before["demo"]["speed_is_measured"] is False
    job_id = (await client.submit(wav(12.0))).json["job_id"]
    await client.job_when(job_id, "completed")
    after = {model["name"]: model for model in (await client.get("/models")).json["models"]}
    assert after["demo"]["speed_is_measured"] is True
    assert after["demo"]["real_time_factor"] > 0
    assert after["medium"] == before["medium"]


async def test_a_retry_may_change_options(serve: Serve) -> None:
    client = await serve()
    job_id = await client.new_job(initial_prompt="Ada Lovelace", language="en")
    await client.fetch("DELETE", f"/job/{job_id}")
    refused = await client.fetch("POST", f"/job/{job_id}/retry", body=b'{"model": "no"}')
    assert (refused.status, refused.code) == (400, "invalid_option")
    unknown = await client.fetch("POST", f"/job/{job_id}/retry", body=b'{"colour": "red"}')
    assert (unknown.status, unknown.code) == (400, "unknown_option")
    body = json.dumps({"language": "es", "word_timestamps": True}).encode()
    job = (await client.fetch("POST", f"/job/{job_id}/retry", body=body)).json
    assert (job["model"], job["language"], job["options"]["word_timestamps"]) == ("demo", "es", True)
    assert job["options"]["initial_prompt"] == "Ada Lovelace"


@pytest.mark.parametrize(
    ("name", "value"), [("word_timestamps", "yes"), ("word_timestamps", 1), ("beam_size", "2"), ("initial_prompt", 5)]
)
async def test_a_retry_reads_json_in_its_own_types(serve: Serve, name: str, value: object) -> None:
    client = await serve()
    job_id = await client.new_job()
    await client.fetch("DELETE", f"/job/{job_id}")
    refused = await client.fetch("POST", f"/job/{job_id}/retry", body=json.dumps({name: value}).encode())
    assert (refused.status, refused.code) == (400, "invalid_option")
    assert name in refused.json["error"]["message"]


@pytest.mark.parametrize("end", ["1e306", "1e308", "1" + "0" * 400, "10000001", "-1", "true", "NaN", "Infinity"])
async def test_impossible_times_are_refused(serve: Serve, engine: StepEngine, end: str) -> None:
    engine.release()
    client = await serve()
    job_id = await completed_job(client)
    segment = f'{{"start": 0, "end": {end}, "text": "a"}}'
    body = f'{{"version": 0, "at": 0, "remove": 1, "segments": [{segment}]}}'
    answer = await client.fetch("PATCH", f"/job/{job_id}/transcript", body=body.encode())
    assert (answer.status, answer.code) == (400, "invalid_option")
    assert await text_of(client, job_id) == "part 0\npart 1\npart 2\n"


async def test_a_layout_that_needs_word_times_is_refused_without_them(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    job_id = await completed_job(client)
    queries = ("max_line_width=20", "max_words_per_line=1", "highlight_words=true&bom=true", "bom=1&subtitles=standard")
    for query in queries:
        for path in ("transcript.srt", "subtitle-check"):
            answer = await client.get(f"/job/{job_id}/{path}?{query}")
            assert (answer.status, answer.code) == (400, "invalid_option"), query
            assert "word_timestamps" in answer.json["error"]["message"]
            assert "bom" not in answer.json["error"]["message"]
        assert (await client.get(f"/job/{job_id}/transcript.txt?{query}")).status == 200
    assert (await client.get(f"/job/{job_id}/transcript.srt?bom=true")).body.startswith(b"\xef\xbb\xbf1")


async def test_subtitles_outside_the_limits_are_listed(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    job_id = await completed_job(client)
    await patch(client, job_id, version=0, at=0, remove=1, segments=[line(0, 0.5, "far too many words for this time")])
    body = (await client.get(f"/job/{job_id}/subtitle-check")).json
    assert (body["subtitles"], body["limits"]["line_width"], body["limits"]["n_lines"]) == (3, 42, 2)
    first, second = body["outside"]
    assert first == {
        "number": 1,
        "start": 0.0,
        "end": 0.5,
        "text": "far too many words for this time",
        "columns_per_s": 64.0,
        "problems": ["too_fast", "too_short"],
    }
    assert (second["number"], second["problems"]) == (3, ["gap_too_short"])
    unknown = await client.get(f"/job/{job_id}/subtitle-check?subtitles=cinema")
    assert (unknown.status, unknown.code) == (400, "invalid_option")


async def test_subtitles_of_a_recording_without_speech_are_empty(serve: Serve, engine: StepEngine) -> None:
    engine.n_windows = 0
    engine.release()
    client = await serve()
    job_id = await completed_job(client)
    answer = await client.get(f"/job/{job_id}/transcript.srt?subtitles=standard")
    assert (answer.status, answer.body) == (200, b"")
    assert (await client.get(f"/job/{job_id}/subtitle-check?subtitles=standard")).json["outside"] == []
