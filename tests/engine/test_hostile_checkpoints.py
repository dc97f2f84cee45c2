"""Files that are no checkpoint, or that attack their reader: refused with a reason, and nothing is replaced."""

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from localwhisper.app import ASSETS
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.errors import CheckpointUnusable


@pytest.fixture
def library(tmp_path: Path) -> ModelLibrary:
    return ModelLibrary(tmp_path / "models", mirror=None, data_dir=tmp_path / "bundled", assets=ASSETS)


class Attack:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {os.environ['LOCALWHISPER_TEST_CANARY']}",)


DIMS = {
    "n_mels": 80,
    "n_audio_ctx": 1500,
    "n_audio_state": 64,
    "n_audio_head": 2,
    "n_audio_layer": 1,
    "n_vocab": 51865,
    "n_text_ctx": 448,
    "n_text_state": 64,
    "n_text_head": 2,
    "n_text_layer": 1,
}


def saved(path: Path, checkpoint: Any) -> None:
    torch.save(checkpoint, path)


def with_dims(**changed: object) -> Callable[[Path], None]:
    return lambda path: saved(path, {"dims": {**DIMS, **changed}, "model_state_dict": {}})


def cut_off(path: Path) -> None:
    saved(path, {"dims": DIMS, "model_state_dict": {"x": torch.zeros(10_000)}})
    path.write_bytes(path.read_bytes()[:-20_000])


def claims_much(path: Path) -> None:
    """A tensor of 4 TiB in a file of a kilobyte."""
    saved(path, {"dims": DIMS, "model_state_dict": {"x": torch.zeros(1)}})
    parts = {}
    with zipfile.ZipFile(path) as file:
        for name in file.namelist():
            parts[name] = file.read(name)
    pickled = next(name for name in parts if name.endswith("data.pkl"))
    parts[pickled] = parts[pickled].replace(b"K\x01\x85", b"\x8a\x06\x00\x00\x00\x00\x00\x01\x85")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        for name, data in parts.items():
            file.writestr(name, data)


HOSTILE: dict[str, Callable[[Path], object]] = {
    "zero bytes": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("not a model"),
    "noise": lambda path: path.write_bytes(os.urandom(5000)),
    "pickle that runs code": lambda path: path.write_bytes(pickle.dumps(Attack())),
    "checkpoint that runs code": lambda path: saved(path, {"dims": DIMS, "model_state_dict": {}, "x": Attack()}),
    "a list": lambda path: saved(path, [1, 2]),
    "no dims": lambda path: saved(path, {"model_state_dict": {}}),
    "no weights": lambda path: saved(path, {"dims": DIMS, "model_state_dict": {}}),
    "cut off": cut_off,
    "claims 4 TiB": claims_much,
    "unknown dim": with_dims(n_more=1),
    "a billion layers": with_dims(n_audio_layer=10**9),
    "endless vocabulary": with_dims(n_vocab=10**12),
    "negative state": with_dims(n_text_state=-64),
    "no heads": with_dims(n_audio_head=0),
    "text as a dim": with_dims(n_mels="80"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_refused_before_anything_is_replaced(
    library: ModelLibrary, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = tmp_path / "canary"
    monkeypatch.setenv("LOCALWHISPER_TEST_CANARY", str(canary))
    library.model_dir.mkdir()
    (library.model_dir / "mine.pt").write_bytes(b"what was there")
    path = tmp_path / "mine.pt"
    HOSTILE[name](path)
    with pytest.raises(CheckpointUnusable) as refused:
        library.import_checkpoint(path)
    assert refused.value.params["reason"]
    assert (library.model_dir / "mine.pt").read_bytes() == b"what was there"
    assert [file.name for file in library.model_dir.iterdir()] == ["mine.pt"]
    assert not canary.exists()
