"""One real server for all clients of this folder, and what they need."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from localwhisper.app import SAMPLES
from localwhisper.commands.selftest import words
from tests.process.server import Server

CLIP = SAMPLES / "en-greeting.opus"
SPANISH = SAMPLES / "es-saludo.opus"
TEXTS = {row["filename"]: row["text"] for row in json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))}


def is_text_of(clip: Path, text: str) -> bool:
    return words(text) == words(TEXTS[clip.name])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("data") / "data", "--max-concurrent-jobs", "1")
    yield server.start()
    server.kill()
