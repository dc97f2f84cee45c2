"""openai-whisper itself loads the bundled checkpoint and transcribes the bundled samples correctly."""

import json
from pathlib import Path

import pytest

from localwhisper.app import SAMPLES
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine_setup import ASSETS

ROWS = json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    path = ModelLibrary(folder, data_dir=folder, assets=ASSETS).loadable_path("demo")
    assert path is not None
    return path


def test_openai_whisper_transcribes_the_samples(checkpoint: Path) -> None:
    import whisper

    from tests.engine.openai_whisper import read

    model = whisper.load_model(str(checkpoint))
    assert model.is_multilingual
    for row in ROWS:
        result = model.transcribe(read(SAMPLES / row["filename"]), fp16=False)
        assert (result["language"], result["text"].strip()) == (row["language"], row["text"])


def test_the_assets_are_small() -> None:
    sizes_mib = {path: path.stat().st_size / 2**20 for path in ASSETS.rglob("*") if path.is_file()}
    speakers_mib = sum(size for path, size in sizes_mib.items() if path.parent.name == "speakers")
    assert speakers_mib < 18
    assert sum(sizes_mib.values()) - speakers_mib < 8
