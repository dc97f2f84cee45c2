"""The queue while the store is slow, and restarts of it: every job has one outcome, every window is saved once."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from localwhisper.jobqueue import job_queue
from localwhisper.jobqueue.job_execution import Lost, Outcome, WorkItem
from localwhisper.jobqueue.job_repository import MAX_LOST_WORKERS
from localwhisper.jobqueue.thread_workers import ThreadChannel
from localwhisper.store.files import FileStore
from tests.conftest import Serve
from tests.http_client import Client
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test
GRACE_S = 0.05
T = TypeVar("T")


class SlowMethod:
    """Makes a method of the store wait, on the store's thread, until release()."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.entered, self._released = threading.Event(), threading.Event()
        method = getattr(FileStore, name)

        def wait(store: FileStore, *args: object) -> object:
            self.entered.set()
            assert self._released.wait(60)
            return method(store, *args)

        monkeypatch.setattr(FileStore, name, wait)

    async def until_entered(self) -> None:
        while not self.entered.is_set():
            await asyncio.sleep(0.005)

    def release(self) -> None:
        self._released.set()


async def restart_while(slow: SlowMethod, client: Client) -> None:
    """Restart the queue; the slow call returns only after the grace period."""
    restarting = asyncio.ensure_future(client.fetch("POST", "/queue/restart", body=b""))
    await asyncio.sleep(4 * GRACE_S)
    slow.release()
    assert (await restarting).status == 200


@pytest.fixture(autouse=True)
def _short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_queue, "STOP_GRACE_S", GRACE_S)


async def test_a_result_being_saved_during_a_restart_is_kept(
    serve: Serve, engine: StepEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = await serve()
    slow = SlowMethod(monkeypatch, "save_transcript")
    job_id = await client.new_job()
    engine.release()
    await slow.until_entered()
    await restart_while(slow, client)
    await client.job_when(job_id, "completed")
    assert engine.started == [job_id]
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_windows_reported_before_a_restart_are_saved_once(
    serve: Serve, engine: StepEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine.n_windows = 20
    client = await serve()
    slow = SlowMethod(monkeypatch, "append_window")
    job_id = await client.new_job()
    engine.release()
    await slow.until_entered()
    while len(engine.decoded) < engine.n_windows:
        await asyncio.sleep(0.005)
    await restart_while(slow, client)
    job = await client.job_when(job_id, "completed")
    assert [segment["id"] for segment in job["result"]["segments"]] == list(range(20))
    lines = (tmp_path / "data" / "jobs" / job_id / "segments.jsonl").read_bytes().splitlines()
    assert len(lines) == 20


async def test_cancelling_a_job_whose_worker_is_abandoned(serve: Serve, engine: StepEngine) -> None:
    client = await serve(max_concurrent_jobs=1)
    job_id = await client.new_job()
    await client.job_when(job_id, "processing")
    engine.ignores_stop = True
    cancelling = asyncio.ensure_future(client.fetch("DELETE", f"/job/{job_id}"))
    await asyncio.sleep(0.02)
    await client.fetch("POST", "/queue/restart", body=b"")
    answer = await cancelling
    assert (answer.status, answer.json["status"]) == (200, "cancelled")


@pytest.mark.parametrize("query", ["", "?remove=true"], ids=["cancelled", "removed"])
async def test_a_job_can_be_cancelled_while_it_returns_to_the_queue(
    serve: Serve, engine: StepEngine, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    client = await serve(max_concurrent_jobs=1)
    job_id = await client.new_job()
    await client.job_when(job_id, "processing")
    slow = SlowMethod(monkeypatch, "save")
    restarting = asyncio.ensure_future(client.fetch("POST", "/queue/restart", body=b""))
    await slow.until_entered()
    cancelling = asyncio.ensure_future(client.fetch("DELETE", f"/job/{job_id}{query}"))
    await asyncio.sleep(0.05)
    slow.release()
    answer = await cancelling
    assert (answer.status, answer.json.get("status")) == (200, "cancelled")
    assert (await restarting).status == 200
    assert client.app.queue.active() == []
    assert (await client.get(f"/job/{job_id}")).status == (404 if query else 200)


async def test_a_queue_stopped_during_a_restart_stays_stopped(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    job_id = await client.new_job()
    await client.job_when(job_id, "processing")
    engine.ignores_stop = True
    queue = client.app.queue
    restarting = asyncio.ensure_future(queue.restart())
    await asyncio.sleep(0)
    await queue.stop()
    await restarting
    assert not queue.is_running
    assert queue.active() == []


async def test_progress_is_not_ahead_of_the_saved_segments(
    serve: Serve, engine: StepEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await serve()
    slow = SlowMethod(monkeypatch, "append_window")
    job_id = await client.new_job()
    socket = await client.socket(f"/ws/transcription/{job_id}")
    await client.job_when(job_id, "processing")
    engine.step(2)
    await slow.until_entered()
    while engine.n_waits < 3:  # both windows and the progress after them have been reported
        await asyncio.sleep(0.005)
    assert client.app.queue.index.get(job_id).progress == 0.0
    slow.release()
    n_segments, percent = 0, 0.0
    while percent == 0.0:
        message = await socket.until("segment", "progress")
        n_segments += message["type"] == "segment"
        percent = message["data"].get("progress", 0.0)
    assert n_segments == 2
    assert client.app.queue.index.get(job_id).progress == pytest.approx(66.7, abs=0.1)


class MinimalExecutor(Executor):
    """As little as an executor of another library may have: its shutdown() cannot cancel, and futures stay pending."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(4)

    def submit(self, function: Callable[..., T], /, *args: object, **kwargs: object) -> "Future[T]":
        future: Future[T] = Future()
        self._threads.submit(lambda: future.set_result(function(*args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True) -> None:  # type: ignore[override]
        self._threads.shutdown(wait=wait)


async def test_any_executor_can_run_the_jobs(serve: Serve, engine: StepEngine) -> None:
    client = await serve(new_executor=MinimalExecutor)
    job_id = await client.new_job()
    engine.step()
    await client.job_when(job_id, "processing")
    await client.fetch("POST", "/queue/restart", body=b"")
    engine.release()
    await client.job_when(job_id, "completed")


@pytest.mark.parametrize(("n_lost", "state"), [(MAX_LOST_WORKERS - 1, "completed"), (MAX_LOST_WORKERS, "failed")])
async def test_a_job_whose_workers_are_lost_starts_again_a_limited_number_of_times(
    serve: Serve, engine: StepEngine, monkeypatch: pytest.MonkeyPatch, n_lost: int, state: str
) -> None:
    run, lost = ThreadChannel.run, [Lost()] * n_lost

    async def run_or_lose(channel: ThreadChannel, item: WorkItem) -> Outcome:
        return lost.pop() if lost else await run(channel, item)

    monkeypatch.setattr(ThreadChannel, "run", run_or_lose)
    engine.release()
    client = await serve()
    job = await client.job_when(await client.new_job(), "completed", "failed")
    assert job["status"] == state
    assert (state == "failed") == (job.get("error", {}).get("code") == "workers_lost")
