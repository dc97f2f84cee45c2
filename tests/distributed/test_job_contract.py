"""What the API promises of a job holds on a cluster, too: the tests of it again, with a scheduler and a worker.

Both are in this process, on a thread of their own; test_jobs has them as processes.
"""

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
import tornado.ioloop
from distributed import Scheduler, Worker
from distributed.security import Security

from localwhisper import settings
from localwhisper.app import App, utc_now
from localwhisper.distributed import dask_workers
from localwhisper.distributed.connection import configure_dask
from localwhisper.distributed.job_plugin import JobPlugin
from localwhisper.distributed.worker_process import new_worker
from localwhisper.engine.base import Engine
from tests.conftest import Serve
from tests.contract import test_continuing, test_jobs
from tests.http_client import Client
from tests.jobqueue import test_queue
from tests.process.server import TIMEOUT_S
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test
T = TypeVar("T")


class ClusterThread:
    """A scheduler, and a worker for each server."""

    def __init__(self) -> None:
        configure_dask()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._scheduler: Scheduler = self._do(self._started(self._new_scheduler))
        self.address: str = self._scheduler.address

    def _new_scheduler(self) -> Scheduler:
        return Scheduler(host="127.0.0.1", port=0, dashboard=False, dashboard_address="127.0.0.1:0")

    async def _started(self, new: Callable[[], Awaitable[T]]) -> T:
        return await new()

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(TIMEOUT_S)

    def start_worker(self, folder: Path, capacity: int, engine: Engine, name: str) -> Worker:
        own = settings.load({"data_dir": str(folder), "max_concurrent_jobs": str(capacity)}, {})
        plugin = JobPlugin(own, engine)
        return self._do(self._started(lambda: new_worker(self.address, Security(), str(folder), plugin, name)))

    def stop_worker(self, worker: Worker) -> None:
        self._do(worker.close(timeout=1))

    def close(self) -> None:
        self._do(self._scheduler.close())
        self._loop.call_soon_threadsafe(self._loop.stop)


@pytest.fixture(scope="module")
def cluster() -> Iterator[ClusterThread]:
    cluster = ClusterThread()
    yield cluster
    cluster.close()


@pytest.fixture
def serve(
    io_loop: tornado.ioloop.IOLoop,
    engine: StepEngine,
    cluster: ClusterThread,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Serve]:
    """As tests.conftest's, with a worker of a cluster that has the engine; an earlier one ends."""
    monkeypatch.setattr(dask_workers, "ASK_S", 0.05)
    clients: list[Client] = []
    workers: list[Worker] = []

    async def start(
        *,
        engine: StepEngine = engine,
        data_dir: Path = tmp_path / "data",
        now: Callable[[], datetime] = utc_now,
        max_concurrent_jobs: int = 1,
        **overrides: object,
    ) -> Client:
        for worker in workers:
            await asyncio.to_thread(cluster.stop_worker, worker)
        arguments = (tmp_path / "worker", max_concurrent_jobs, engine, f"{tmp_path.name}-{len(workers)}")
        workers[:] = [await asyncio.to_thread(cluster.start_worker, *arguments)]
        values = {"port": "0", "data_dir": data_dir, "default_model": "demo", "model_dir": tmp_path / "models"}
        values |= {"scheduler": cluster.address, **overrides}
        app = App(settings.load({name: str(value) for name, value in values.items()}, {}), engine=engine, now=now)
        client = Client(app, await app.start())
        clients.append(client)
        while app.queue.max_concurrent_jobs < max_concurrent_jobs:
            await asyncio.sleep(0.01)
        return client

    yield start
    engine.release()
    for client in clients:
        io_loop.run_sync(client.close)
    for worker in workers:
        cluster.stop_worker(worker)


def runs_jobs(test: Callable[..., object]) -> bool:
    parameters = inspect.signature(test).parameters
    return "engine" in parameters and "film" not in parameters


for module in (test_jobs, test_continuing, test_queue):
    chosen = {name: value for name, value in vars(module).items() if name.startswith("test_") and runs_jobs(value)}
    globals().update(chosen)
