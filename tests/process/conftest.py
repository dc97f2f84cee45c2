"""Real processes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.process.server import Server

NewServer = Callable[..., Server]


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[NewServer]:
    servers: list[Server] = []

    def make(*flags: str, data_dir: Path = tmp_path / "data", environ: dict[str, str] | None = None) -> Server:
        servers.append(Server(data_dir, *flags, environ=environ))
        return servers[-1]

    yield make
    for server in servers:
        server.kill()
