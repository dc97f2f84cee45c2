"""Shared fixtures: an event loop for each test, servers in this process, and real speech."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Executor
from datetime import datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import tornado.ioloop
from tornado.platform.asyncio import AsyncIOLoop

from localwhisper import settings
from localwhisper.app import App, utc_now
from localwhisper.engine.base import Engine
from localwhisper.native_libraries import configure_openmp
from tests import speech
from tests.http_client import Client
from tests.process.server import Server
from tests.step_engine import StepEngine

configure_openmp()  # before the engine's tests import torch, as in the program
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a script's background job, also by what it starts

Serve = Callable[..., Awaitable[Client]]
ON_BUSY_MACHINES: Any = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("brief", max_examples=50, derandomize=True, database=None, **ON_BUSY_MACHINES)
hypothesis.settings.register_profile("long", max_examples=5000, database=None, print_blob=True, **ON_BUSY_MACHINES)
hypothesis.settings.load_profile("brief")
SLOWEST_FOLDERS = ("browser", "engine", "process", "distributed", "commands", "compat", "audio")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start slow files first, so that parallel test processes end at about the same time."""
    positions = {folder: position for position, folder in enumerate(SLOWEST_FOLDERS)}
    items.sort(key=lambda item: positions.get(item.path.parent.name, len(positions)))


@pytest.fixture
def io_loop() -> Iterator[tornado.ioloop.IOLoop]:
    """Replaces pytest-tornado's, which creates its loop in a deprecated way."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    io_loop = AsyncIOLoop(asyncio_loop=loop, make_current=False)
    yield io_loop
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_default_executor())
    asyncio.set_event_loop(None)
    io_loop.close(all_fds=True)


@pytest.fixture
def engine() -> Iterator[StepEngine]:
    engine = StepEngine()
    yield engine
    engine.release()


@pytest.fixture
def serve(io_loop: tornado.ioloop.IOLoop, engine: StepEngine, tmp_path: Path) -> Iterator[Serve]:
    """`await serve(**settings)` starts a server in this process with the StepEngine and returns a client."""
    clients: list[Client] = []

    async def start(
        *,
        engine: Engine = engine,
        data_dir: Path = tmp_path / "data",
        now: Callable[[], datetime] = utc_now,
        new_executor: Callable[[], Executor] | None = None,
        **overrides: object,
    ) -> Client:
        values = {
            "port": "0",
            "data_dir": str(data_dir),
            "default_model": "demo",
            "model_dir": str(tmp_path / "models"),
        }
        values |= {name: str(value) for name, value in overrides.items()}
        app = App(settings.load(values, {}), engine=engine, now=now, new_executor=new_executor)
        client = Client(app, await app.start())
        clients.append(client)
        return client

    yield start
    for client in clients:
        io_loop.run_sync(client.close)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server process for all tests of clients and commands."""
    data_dir = tmp_path_factory.mktemp("data") / "data"
    models = ["--model-dir", str(data_dir.parent / "models"), "--model-mirror", "http://127.0.0.1:9"]
    server = Server(data_dir, "--max-concurrent-jobs", "1", *models)
    yield server.start()
    server.kill()


@pytest.fixture(scope="session")
def samples() -> dict[Path, str]:
    """The bundled clips, with their texts."""
    return speech.samples()


@pytest.fixture(scope="session")
def long_speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """150 s of speech."""
    return speech.long_speech(tmp_path_factory.mktemp("speech"), 150)
