"""The queue on the real store, with an engine that the test controls."""

import asyncio
import errno
import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from localwhisper.app import utc_now
from localwhisper.errors import StorageFull
from localwhisper.jobs.estimates import WINDOW_S, FactorKey
from localwhisper.store import windows_file
from localwhisper.store.files import FileStore
from tests.conftest import Serve
from tests.http_client import wav
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test


async def test_no_more_jobs_run_at_once_than_allowed(serve: Serve, engine: StepEngine) -> None:
    client = await serve(max_concurrent_jobs=3)
    ids = [await client.new_job() for _ in range(5)]
    while engine.running < 3:
        await asyncio.sleep(0.01)
    assert (await client.get("/queue/info")).json["queue"]["active_jobs"] == 3
    engine.release()
    for job_id in ids:
        await client.job_when(job_id, "completed")
    assert engine.max_running == 3


async def test_high_priority_runs_first_then_the_oldest_job(serve: Serve, engine: StepEngine) -> None:
    client = await serve(max_concurrent_jobs=1)
    running = await client.new_job()
    first, second = await client.new_job(), await client.new_job()
    urgent = await client.new_job(priority="high")
    assert (await client.get(f"/job/{urgent}")).json["queue_position"] == 1
    engine.release()
    await client.job_when(second, "completed")
    assert engine.started == [running, urgent, first, second]


@pytest.mark.parametrize(("duration_s", "fields"), [(3, {}), (31, {"priority": "high"})], ids=["short", "high"])
async def test_a_long_job_pauses_for_a_more_urgent_one(
    serve: Serve, engine: StepEngine, duration_s: float, fields: dict[str, str]
) -> None:
    client = await serve(max_concurrent_jobs=1)
    long = (await client.submit(wav(31, 1000))).json["job_id"]
    await client.job_when(long, "processing")
    urgent = (await client.submit(wav(duration_s, 1000), fields=fields)).json["job_id"]
    await client.job_when(urgent, "processing")
    assert (await client.get("/queue/info")).json["queue"]["active_jobs"] == 1
    waits_s = [(await client.get(f"/job/{job_id}")).json["estimated_time_remaining"] for job_id in (urgent, long)]
    assert waits_s == sorted(waits_s)
    engine.step(4)  # the long job does one of them, then pauses
    await client.job_when(urgent, "completed")
    assert (await client.get(f"/job/{long}")).json["status"] == "processing"
    engine.release()
    await client.job_when(long, "completed")
    assert sorted(engine.decoded) == sorted((job_id, number) for job_id in (long, urgent) for number in range(3))
    assert engine.decoded.index((urgent, 2)) < engine.decoded.index((long, 1))


async def test_a_paused_job_can_be_cancelled(serve: Serve, engine: StepEngine) -> None:
    engine.n_windows = 100
    client = await serve(max_concurrent_jobs=1)
    long = (await client.submit(wav(31, 1000))).json["job_id"]
    await client.job_when(long, "processing")
    await client.job_when(await client.new_job(), "processing")
    while not any(job_id == long for job_id, _ in engine.decoded):
        engine.step()
        await asyncio.sleep(0.01)
    assert (await client.get(f"/job/{long}")).json["message"] == "Paused while a more urgent job runs"
    assert (await client.fetch("DELETE", f"/job/{long}")).json["status"] == "cancelled"


async def test_a_job_continues_from_its_last_window_after_a_new_start(
    serve: Serve, engine: StepEngine, tmp_path: Path
) -> None:
    client = await serve(max_concurrent_jobs=1)
    job_id, waiting = await client.new_job(), await client.new_job()
    socket = await client.socket(f"/ws/transcription/{job_id}")
    engine.step()
    await socket.until("segment")
    before = (await client.get(f"/job/{job_id}")).json
    await client.close()
    other = StepEngine()
    other.release()
    again = await serve(engine=other)
    job = await again.job_when(job_id, "completed")
    assert job["result"]["text"] == " part 0 part 1 part 2"
    assert job["created_at"] == before["created_at"]
    assert [number for folder, number in other.decoded if folder == job_id] == [1, 2]
    await again.job_when(waiting, "completed")


async def test_progress_never_decreases_across_a_restart(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    job_id = await client.new_job()
    socket = await client.socket(f"/ws/transcription/{job_id}")
    engine.step(2)
    while (await socket.until("progress"))["data"]["progress"] < 60:
        pass
    await client.fetch("POST", "/queue/restart", body=b"")
    job = await client.job_when(job_id, "processing")
    assert job["progress"] >= 60
    engine.release()
    values = [m["data"]["progress"] for m in await socket.rest() if m["type"] == "progress"]
    assert values == sorted(values)


async def test_a_job_that_is_cancelled_while_it_finishes_has_one_outcome(serve: Serve, engine: StepEngine) -> None:
    engine.n_windows = 1
    client = await serve(max_concurrent_jobs=8)
    ids = [await client.new_job() for _ in range(8)]
    engine.release()
    answers = await asyncio.gather(*(client.fetch("DELETE", f"/job/{job_id}") for job_id in ids))
    for job_id, answer in zip(ids, answers, strict=True):
        state = (await client.get(f"/job/{job_id}")).json["status"]
        assert state == ("cancelled" if answer.status == 200 else "completed")


async def test_measured_real_time_factors_are_kept_across_restarts(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    submitted = await client.submit(wav(WINDOW_S + 1))
    await client.job_when(submitted.json["job_id"], "completed")
    measured = client.app.dependencies.jobs.eta.measured_factors
    assert set(measured) == {FactorKey(model="demo")}
    await client.close()
    again = await serve()
    assert again.app.dependencies.jobs.eta.measured_factors == measured


async def test_a_damaged_job_is_visible_and_does_not_affect_others(
    serve: Serve, engine: StepEngine, tmp_path: Path
) -> None:
    engine.release()
    client = await serve()
    broken, whole = await client.new_job(), await client.new_job()
    for job_id in (broken, whole):
        await client.job_when(job_id, "completed")
    await client.close()
    folder = tmp_path / "data" / "jobs" / broken
    (folder / "job.json").write_bytes(b'{"id": ')
    (folder / "transcript.json").unlink()
    again = await serve()
    job = (await again.get(f"/job/{broken}")).json
    assert (job["status"], job["error"]["code"]) == ("failed", "job_damaged")
    assert [segment["text"] for segment in job["segments"]] == [" part 0", " part 1", " part 2"]
    assert (await again.get(f"/job/{broken}/audio")).status == 200
    assert (await again.get(f"/job/{whole}")).json["result"]["text"] == " part 0 part 1 part 2"
    assert (await again.fetch("DELETE", f"/job/{broken}?remove=true")).status == 200
    assert not (tmp_path / "data" / "jobs" / broken).exists()


async def test_a_start_removes_unfinished_uploads(serve: Serve, tmp_path: Path) -> None:
    incoming = tmp_path / "data" / "incoming"
    incoming.mkdir(parents=True)
    (incoming / "half").write_bytes(b"x" * 100)
    client = await serve()
    assert list(incoming.iterdir()) == []
    assert (await client.get("/jobs")).json["jobs"] == []


async def test_a_full_disk_fails_one_job_and_the_queue_continues(
    serve: Serve, engine: StepEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await serve(max_concurrent_jobs=1)
    job_id = await client.new_job()
    whole = windows_file.append_durably

    def full(*args: object) -> None:
        raise StorageFull

    monkeypatch.setattr("localwhisper.store.windows_file.append_durably", full)
    engine.step()
    job = await client.job_when(job_id, "failed")
    assert job["error"]["code"] == "storage_full"
    monkeypatch.setattr("localwhisper.store.windows_file.append_durably", whole)
    engine.release()
    await client.job_when(await client.new_job(), "completed")


async def test_a_job_whose_states_cannot_be_saved_keeps_its_work(
    serve: Serve, engine: StepEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await serve()

    def full(*args: object) -> None:
        raise StorageFull

    monkeypatch.setattr(FileStore, "save", full)
    job_id = await client.new_job()
    engine.release()
    result = (await client.job_when(job_id, "completed"))["result"]
    await client.close()
    monkeypatch.undo()
    other = StepEngine()
    other.release()
    again = await serve(engine=other)  # the record says "queued"
    assert (await again.job_when(job_id, "completed"))["result"]["text"] == result["text"]
    assert other.decoded == []


async def test_a_read_only_data_directory_is_reported_and_recovers(
    serve: Serve, engine: StepEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    client = await serve(max_concurrent_jobs=1)
    job_id = await client.new_job()
    really_open = os.open

    def read_only(path: str, flags: int, *rest: int) -> int:
        if str(path).startswith(str(tmp_path)) and flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(errno.EROFS, "Read-only file system", path)
        return really_open(path, flags, *rest)

    monkeypatch.setattr("localwhisper.atomic.os.open", read_only)
    refused = await client.submit()
    assert (refused.status, refused.code) == (503, "storage_unwritable")
    assert "--data-dir" in refused.json["error"]["message"]
    engine.step()
    assert (await client.job_when(job_id, "failed"))["error"]["code"] == "storage_unwritable"
    assert (await client.get("/jobs")).status == 200
    monkeypatch.undo()
    engine.release()
    await client.fetch("POST", f"/job/{job_id}/retry", body=b"")
    await client.job_when(job_id, "completed")
    await client.job_when(await client.new_job(), "completed")


async def test_a_transcript_survives_a_damaged_job_record(serve: Serve, engine: StepEngine, tmp_path: Path) -> None:
    engine.release()
    client = await serve()
    job_id = await client.new_job()
    before = (await client.job_when(job_id, "completed"))["result"]
    await client.close()
    folder = tmp_path / "data" / "jobs" / job_id
    (folder / "job.json").write_bytes(b"")
    again = await serve()
    job = (await again.get(f"/job/{job_id}")).json
    assert (job["status"], job["result"]) == ("completed", before)
    assert (await again.get(f"/job/{job_id}/transcript")).status == 200


async def test_a_damaged_transcript_is_rebuilt_from_its_windows(
    serve: Serve, engine: StepEngine, tmp_path: Path
) -> None:
    engine.release()
    client = await serve()
    job_id = await client.new_job()
    before = (await client.job_when(job_id, "completed"))["result"]
    folder = tmp_path / "data" / "jobs" / job_id
    (folder / "transcript.json").write_bytes(b"\x00" * 100)
    result = (await client.get(f"/job/{job_id}")).json["result"]
    assert (result["text"], result["segments"]) == (before["text"], before["segments"])
    lines = (folder / "segments.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "segments.jsonl").write_bytes(lines[0])
    job = (await client.get(f"/job/{job_id}")).json
    assert (job["error"]["code"], len(job["segments"])) == ("job_damaged", 1)
    assert (await client.get(f"/job/{job_id}/transcript")).code == "job_damaged"


async def test_simultaneous_restarts_do_not_run_a_job_twice(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    job_id = await client.new_job()
    restarts = (client.fetch("POST", "/queue/restart", body=b"") for _ in range(5))
    assert {answer.status for answer in await asyncio.gather(*restarts)} == {200}
    while engine.running != 1:
        await asyncio.sleep(0.01)
    engine.release()
    await client.job_when(job_id, "completed")
    assert engine.decoded == [(job_id, number) for number in range(3)]


async def test_a_stuck_job_does_not_block_changes_of_other_jobs(serve: Serve, engine: StepEngine) -> None:
    client = await serve(max_concurrent_jobs=1)
    stuck, other = await client.new_job(), await client.new_job()
    await client.job_when(stuck, "processing")
    engine.ignores_stop = True
    removing = asyncio.ensure_future(client.fetch("DELETE", f"/job/{stuck}?remove=true"))
    await asyncio.sleep(0.05)
    assert (await client.fetch("DELETE", f"/job/{other}?remove=true")).status == 200
    assert not removing.done()
    engine.release()
    assert (await removing).status == 200


IMPOSSIBLE_TIMES = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "2025-01-01T00:00:00"]


@pytest.mark.parametrize("created_at", IMPOSSIBLE_TIMES)
async def test_a_record_with_an_impossible_time_is_damaged(
    serve: Serve, engine: StepEngine, tmp_path: Path, created_at: str
) -> None:
    engine.release()
    client = await serve()
    job_id = await client.new_job()
    before = await client.job_when(job_id, "completed")
    await client.close()
    folder = tmp_path / "data" / "jobs" / job_id
    text = (folder / "job.json").read_text()
    time = json.loads(text)["created_at"]
    (folder / "job.json").write_text(text.replace(f'"created_at":"{time}"', f'"created_at":"{created_at}"'))
    os.utime(folder, (0, 2.0**50))  # its year has eight digits
    client = await serve()
    (job,) = (await client.get("/jobs")).json["jobs"]
    assert job["status"] == "completed"
    assert "record was damaged" in job["message"]
    assert (await client.get(f"/job/{job_id}")).json["result"] == before["result"]
    socket = await client.socket("/ws/queue")
    assert [job["job_id"] for job in (await socket.until("snapshot"))["data"]["jobs"]] == [job_id]
    new = (await client.get(f"/job/{await client.new_job()}")).json
    assert abs(datetime.fromisoformat(new["created_at"].replace("Z", "+00:00")) - utc_now()) < timedelta(minutes=1)


async def test_a_record_of_the_future_does_not_date_later_jobs(
    serve: Serve, engine: StepEngine, tmp_path: Path
) -> None:
    engine.release()
    client = await serve()
    job_id = await client.new_job()
    await client.job_when(job_id, "completed")
    await client.close()
    record = tmp_path / "data" / "jobs" / job_id / "job.json"
    values = json.loads(record.read_text())
    record.write_text(json.dumps({**values, "created_at": "9999-12-31T23:59:59.999999Z"}))
    client = await serve()
    new = await client.job_when(await client.new_job(), "completed")
    assert abs(datetime.fromisoformat(new["created_at"].replace("Z", "+00:00")) - utc_now()) < timedelta(minutes=1)
    assert {job["job_id"] for job in (await client.get("/jobs?limit=1")).json["jobs"]} == {job_id}
    page = (await client.get("/jobs?limit=1")).json
    rest = (await client.get(f"/jobs?cursor={page['next_cursor']}")).json["jobs"]
    assert [job["job_id"] for job in rest] == [new["job_id"]]
