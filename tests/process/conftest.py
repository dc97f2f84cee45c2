"""Real processes and real speech."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localwhisper.app import SAMPLES
from localwhisper.audio.ffmpeg import ffmpeg_path
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


@pytest.fixture(scope="session")
def samples() -> dict[Path, str]:
    """The bundled clips and their texts."""
    rows = json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))
    return {SAMPLES / row["filename"]: row["text"] for row in rows}


@pytest.fixture(scope="session")
def long_speech(samples: dict[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every bundled clip, several times over: some minutes of speech."""
    folder = tmp_path_factory.mktemp("speech")
    listing = folder / "list.txt"
    listing.write_text("".join(f"file '{path}'\n" for path in [*samples] * 6))
    target = folder / "long.wav"
    command = [ffmpeg_path(), "-v", "error", "-f", "concat", "-safe", "0", "-i", str(listing)]
    subprocess.run([*command, "-ac", "1", "-ar", "16000", str(target)], check=True, stdin=subprocess.DEVNULL)
    return target
