"""A job that ended early keeps its text, which can be exported, and a retry continues it."""

import asyncio
import json
from pathlib import Path

import pytest

from localwhisper.errors import JobCrashed, LocalWhisperError, MemoryFull, StorageFull
from tests.conftest import Serve
from tests.http_client import Client
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test
WHOLE = " part 0 part 1 part 2"


async def ended_early(client: Client, engine: StepEngine, error: LocalWhisperError | None, **options: str) -> str:
    """The id of a job that was cancelled, or failed, after its first window."""
    job_id = await client.new_job(**options)
    socket = await client.socket(f"/ws/transcription/{job_id}")
    engine.step()
    await socket.until("segment")
    while not engine.decoded or not (await client.get(f"/job/{job_id}")).json["progress"]:
        await asyncio.sleep(0.01)
    if error is None:
        await client.fetch("DELETE", f"/job/{job_id}")
    else:
        engine.fails_with = error
        engine.step()
    job = await client.job_when(job_id, "failed", "cancelled")
    assert job.get("error", {}).get("code") == (None if error is None else error.message.code)
    engine.fails_with = None
    return job_id


@pytest.mark.parametrize("error", [None, StorageFull(), MemoryFull(), JobCrashed()], ids=str)
async def test_a_retry_continues_after_the_last_window(
    serve: Serve, engine: StepEngine, error: LocalWhisperError | None
) -> None:
    client = await serve()
    job_id = await ended_early(client, engine, error, language="es")
    answer = await client.fetch("POST", f"/job/{job_id}/retry", body=b'{"priority": "high", "return_timestamps": true}')
    assert (answer.status, answer.json["options"]["priority"]) == (200, "high")
    assert answer.json["progress"] == pytest.approx(33.3, abs=0.1)
    engine.release()
    assert (await client.job_when(job_id, "completed"))["result"]["text"] == WHOLE
    assert engine.decoded == [(job_id, 0), (job_id, 1), (job_id, 2)]


@pytest.mark.parametrize(
    ("query", "options"), [("?from_start=true", {}), ("", {"language": "fr"}), ("", {"quality": "fast"})]
)
async def test_a_retry_starts_over_by_choice_or_with_other_options(
    serve: Serve, engine: StepEngine, query: str, options: dict[str, str]
) -> None:
    client = await serve()
    job_id = await ended_early(client, engine, None, language="es")
    answer = await client.fetch("POST", f"/job/{job_id}/retry{query}", body=json.dumps(options).encode())
    assert (answer.json["progress"], answer.json["language"]) == (0, options.get("language", "es"))
    engine.release()
    await client.job_when(job_id, "completed")
    assert engine.decoded == [(job_id, number) for number in (0, 0, 1, 2)]


async def test_windows_that_cannot_be_read_are_decoded_again(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    job_id = await ended_early(client, engine, None)
    file: Path = client.app.settings.data_dir / "jobs" / job_id / "segments.jsonl"
    file.unlink()
    file.symlink_to("elsewhere")
    assert (await client.fetch("POST", f"/job/{job_id}/retry")).json["progress"] == 0
    engine.release()
    assert (await client.job_when(job_id, "completed"))["result"]["text"] == WHOLE


@pytest.mark.parametrize("error", [None, StorageFull()], ids=["cancelled", "failed"])
async def test_the_text_so_far_is_exported(serve: Serve, engine: StepEngine, error: LocalWhisperError | None) -> None:
    client = await serve()
    job_id = await ended_early(client, engine, error)
    answer = await client.get(f"/job/{job_id}/transcript.srt?partial=true")
    assert (answer.status, answer.body) == (200, b"1\n00:00:00,000 --> 00:00:01,000\npart 0\n\n")
    assert 'filename="clip.partial.srt"' in answer.headers["Content-Disposition"]
    assert (await client.get(f"/job/{job_id}/transcript.srt")).code == "job_not_finished"
    await client.fetch("POST", f"/job/{job_id}/retry", body=b"{}")
    assert (await client.get(f"/job/{job_id}/transcript?partial=true")).body == b"part 0\n"  # while it runs
    engine.release()
    await client.job_when(job_id, "completed")
    whole = await client.get(f"/job/{job_id}/transcript?partial=true")
    assert whole.body == b"part 0\npart 1\npart 2\n"
    assert 'filename="clip.txt"' in whole.headers["Content-Disposition"]


async def test_without_a_window_there_is_no_text_so_far(serve: Serve) -> None:
    client = await serve()
    job_id = await client.new_job()
    answer = await client.get(f"/job/{job_id}/transcript?partial=true")
    assert (answer.status, answer.code) == (409, "job_not_finished")
