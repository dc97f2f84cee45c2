"""A fixture that starts real server processes and kills them after the test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.process.server import Server

NewServer = Callable[..., Server]


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[NewServer]:
    servers: list[Server] = []

    def make(*flags: str, data_dir: Path = tmp_path / "data", **options: Any) -> Server:
        servers.append(Server(data_dir, *flags, **options))
        return servers[-1]

    yield make
    for server in servers:
        server.kill()
