"""Recordings from a microphone: what was answered survives a restart, and repeated requests change nothing."""

import io
import json
import wave
from pathlib import Path

import pytest

from tests.conftest import Serve
from tests.http_client import Client
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test
SECOND = b"\x01\x00" * 16_000


async def begin(client: Client, **options: object) -> str:
    body = json.dumps({"filename": "Memo.wav", **options}).encode()
    answer = await client.fetch("POST", "/recordings", body=body)
    assert (answer.status, answer.json["status"], answer.json["filename"]) == (201, "pending", "Memo.wav")
    job_id: str = answer.json["job_id"]
    return job_id


async def send(client: Client, job_id: str, offset: int, samples: bytes) -> int:
    answer = await client.fetch("POST", f"/job/{job_id}/recording?offset={offset}", body=samples)
    size: int = answer.json["size_bytes"]
    return size


async def test_a_recording_survives_a_restart_and_is_queued(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    job_id = await begin(client, language="es", word_timestamps=True)
    assert await send(client, job_id, 0, SECOND) == len(SECOND)
    assert await send(client, job_id, 0, SECOND) == len(SECOND)  # repeated
    assert await send(client, job_id, 16_000, SECOND) == 48_000  # half of it is new
    wrong = await client.fetch("POST", f"/job/{job_id}/recording?offset=48002", body=SECOND)
    assert (wrong.status, wrong.code) == (400, "invalid_option")
    assert (await client.get(f"/job/{job_id}")).json["audio_duration"] == 1.5

    await client.close()
    client = await serve()
    job = (await client.get(f"/job/{job_id}")).json
    assert (job["status"], job["audio_duration"], job["options"]["language"]) == ("pending", 1.5, "es")
    assert await send(client, job_id, 48_000, SECOND) == 80_000
    queued = await client.fetch("POST", f"/job/{job_id}/recording/finish", body=b"")
    assert (queued.status, queued.json["audio_duration"]) == (200, 2.5)
    engine.release()
    await client.job_when(job_id, "completed")
    audio = (await client.fetch("GET", f"/job/{job_id}/audio")).body
    with wave.open(io.BytesIO(audio)) as reader:
        assert reader.readframes(10**6) == SECOND + SECOND[:16_000] + SECOND
    late = await client.fetch("POST", f"/job/{job_id}/recording?offset=0", body=SECOND)
    assert (late.status, late.code) == (409, "recording_ended")


async def test_late_samples_of_a_page_that_was_reloaded_are_not_mixed_with_those_of_the_next(
    serve: Serve, engine: StepEngine
) -> None:
    client = await serve()
    job_id = await begin(client)
    earlier, later = b"\x01\x00" * 16_000, b"\x02\x00" * 16_000

    async def send_as(recorder: str, offset: int, samples: bytes) -> int:
        query = f"recorder={recorder}&offset={offset}"
        answer = await client.fetch("POST", f"/job/{job_id}/recording?{query}", body=samples)
        size: int = answer.json["size_bytes"]
        return size

    assert await send_as("first", 0, earlier) == len(earlier)
    assert await send_as("second", 0, b"") == len(earlier)
    assert await send_as("first", len(earlier), earlier) == len(earlier)
    assert await send_as("second", len(earlier), later) == len(earlier + later)
    await client.fetch("POST", f"/job/{job_id}/recording/finish", body=b"")
    engine.release()
    await client.job_when(job_id, "completed")
    with wave.open(io.BytesIO((await client.fetch("GET", f"/job/{job_id}/audio")).body)) as reader:
        assert reader.readframes(10**6) == earlier + later


async def test_a_recording_can_be_discarded_and_an_empty_one_is_refused(serve: Serve) -> None:
    client = await serve()
    job_id = await begin(client)
    empty = await client.fetch("POST", f"/job/{job_id}/recording/finish", body=b"")
    assert empty.status == 400
    removed = await client.fetch("DELETE", f"/job/{job_id}?remove=true")
    assert (removed.status, (await client.get(f"/job/{job_id}")).status) == (200, 404)
    unknown = await client.fetch("POST", "/recordings", body=b'{"filename": "a", "speed": 2}')
    assert (unknown.status, unknown.code) == (400, "unknown_option")


async def test_damaged_audio_of_a_recording_stops_neither_the_server_nor_others(serve: Serve, tmp_path: Path) -> None:
    client = await serve()
    missing, cut, whole = [await begin(client) for _ in range(3)]
    for job_id in (missing, cut, whole):
        await send(client, job_id, 0, SECOND)
    await client.close()
    jobs = tmp_path / "data" / "jobs"
    (jobs / missing / "audio.wav").unlink()
    (jobs / cut / "audio.wav").write_bytes(b"RIFF")
    client = await serve()
    assert (await client.get(f"/job/{whole}")).json["audio_duration"] == 1.0
    for job_id in (missing, cut):
        assert (await client.fetch("POST", f"/job/{job_id}/recording/finish", body=b"")).code == "job_damaged"
        assert (await client.fetch("POST", f"/job/{job_id}/recording?offset=0", body=SECOND)).code == "job_damaged"
        assert (await client.fetch("DELETE", f"/job/{job_id}?remove=true")).status == 200
