"""Models that other programs keep on this machine are found, and imported by name."""

import json
from pathlib import Path

import pytest

from localwhisper.engine.checkpoints.found_models import FoundModels
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine_setup import ASSETS
from localwhisper.errors import ModelNotFound
from tests.engine.model_files import random_blocks, write_ctranslate2, write_ggml
from tests.engine.test_import_forms import SMALL, checkpoint_of


def snapshot(cache: Path, repository: str, revision: str = "0" * 40) -> Path:
    """An empty version of a repository, made the current one."""
    root = cache / f"models--{repository.replace('/', '--')}"
    folder = root / "snapshots" / revision
    folder.mkdir(parents=True)
    (root / "refs").mkdir(exist_ok=True)
    (root / "refs" / "main").write_text(revision)
    return folder


def write_config(folder: Path, **config: object) -> None:
    (folder / "config.json").write_text(json.dumps(config))


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """As its programs leave it: links to blobs, an older version, other models, unfinished and damaged ones."""
    cache = tmp_path / "hub"
    write_ctranslate2(checkpoint_of(SMALL), snapshot(cache, "Systran/faster-whisper-large-v3"), heads=[[1, 0]])
    (cache / "blobs").mkdir()
    weights = next(cache.glob("models--Systran*/snapshots/*/model.bin"))
    weights.rename(cache / "blobs" / "weights")
    weights.symlink_to(cache / "blobs" / "weights")
    old, new = (snapshot(cache, "distil-whisper/distil-small.en", revision * 40) for revision in "12")
    for folder in (old, new):
        write_config(folder, model_type="whisper")
        (folder / "model.safetensors").write_bytes(b"weights")
    bert = snapshot(cache, "google-bert/bert")
    write_config(bert, model_type="bert")
    (bert / "model.safetensors").write_bytes(b"weights")
    write_config(snapshot(cache, "openai/whisper-small"), model_type="whisper")  # its weights are missing
    (snapshot(cache, "openai/whisper-tiny") / "config.json").write_text("{")
    return cache


@pytest.fixture
def library(tmp_path: Path) -> ModelLibrary:
    return ModelLibrary(tmp_path / "models", data_dir=tmp_path, assets=ASSETS)


def test_whisper_models_in_hugging_face_s_cache_are_found(cache: Path, library: ModelLibrary) -> None:
    found = {model.name: model for model in FoundModels(library, cache, {}).all()}
    assert set(found) == {"large-v3", "distil-small.en"}
    assert found["distil-small.en"].path.name == "2" * 40
    assert found["large-v3"].size_bytes > (cache / "blobs" / "weights").stat().st_size
    assert (found["large-v3"].is_official, found["distil-small.en"].is_official) == (True, False)
    assert FoundModels(library, cache / "none", {"whisper.cpp": cache / "none"}).all() == []


def test_a_found_model_is_imported_by_its_name(cache: Path, library: ModelLibrary, tmp_path: Path) -> None:
    cpp = tmp_path / "cpp"
    cpp.mkdir()
    write_ggml(checkpoint_of(SMALL), cpp / "ggml-mine.bin", lambda matrix: (8, random_blocks(8, matrix.numel(), 0)))
    found = FoundModels(library, cache, {"whisper.cpp": cpp})
    assert {model.name for model in found.all()} == {"large-v3", "distil-small.en", "ggml-mine"}
    assert found.take_over("large") == "large-v3"
    assert found.take_over("ggml-mine") == "ggml-mine"
    assert [model.name for model in found.all()] == ["distil-small.en"]
    entry = library.entry("large-v3")
    assert entry.available
    assert entry.origin is not None
    assert entry.origin.format == "ctranslate2"
    with pytest.raises(ModelNotFound, match=r"distil-small\.en"):
        found.take_over("small")
