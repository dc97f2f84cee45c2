"""One real server for all tests in this folder, and helpers."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localwhisper.app import SAMPLES
from localwhisper.commands.selftest import words
from tests.process.server import Server

CLIP = SAMPLES / "en-greeting.opus"
SPANISH = SAMPLES / "es-saludo.opus"
TEXTS = {row["filename"]: row["text"] for row in json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))}


def is_text_of(clip: Path, text: str) -> bool:
    return words(text) == words(TEXTS[clip.name])


def newest_when(server: Server, state: str, filename: str) -> dict[str, Any]:
    """The newest job, once it is this one in this state."""
    for _ in range(1200):
        newest: list[dict[str, Any]] = server.request("GET", "/jobs?limit=1")["jobs"]
        if newest and (newest[0]["status"], newest[0]["filename"]) == (state, filename):
            return newest[0]
        time.sleep(0.05)
    raise AssertionError(newest)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data_dir = tmp_path_factory.mktemp("data") / "data"
    models = ["--model-dir", str(data_dir.parent / "models"), "--model-mirror", "http://127.0.0.1:9"]  # nobody's own
    server = Server(data_dir, "--max-concurrent-jobs", "1", *models)
    yield server.start()
    server.kill()
