"""Files that are no checkpoint, or that attack their reader: refused with a reason, and nothing is replaced."""

import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from whisper.model import ModelDimensions

from localwhisper.engine.checkpoints.huggingface import DIMENSIONS
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine_setup import ASSETS
from localwhisper.errors import CheckpointUnusable
from tools.random_checkpoint import tensors


@pytest.fixture
def library(tmp_path: Path) -> ModelLibrary:
    return ModelLibrary(tmp_path / "models", data_dir=tmp_path / "bundled", assets=ASSETS)


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


def whole_checkpoint() -> dict[str, Any]:
    dims = ModelDimensions(**{**DIMS, "n_vocab": 100})
    return {"dims": vars(dims), "model_state_dict": tensors(dims)}


def repeated_embedding(checkpoint: dict[str, Any]) -> dict[str, Any]:
    checkpoint["dims"]["n_vocab"] = 150_000
    checkpoint["model_state_dict"]["decoder.token_embedding.weight"] = torch.zeros(1, 1).expand(150_000, 64)
    return checkpoint


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


def ctranslate2_folder(path: Path, content: bytes, config: str = "{}") -> None:
    path.mkdir()
    (path / "model.bin").write_bytes(content)
    (path / "config.json").write_text(config)


def huggingface_folder(path: Path, weights: object, config: str = '{"model_type": "whisper"}') -> None:
    path.mkdir()
    (path / "config.json").write_text(config)
    torch.save(weights, path / "pytorch_model.bin")


def hugging_face_config() -> str:
    return json.dumps({"model_type": "whisper", **{theirs: DIMS[ours] for ours, theirs in DIMENSIONS.items()}})


def ctranslate2_variable(rank: int, *shape: int, n_bytes: int) -> bytes:
    """One variable after a right header."""
    header = struct.pack("<IH", 6, 12) + b"WhisperSpec\0" + struct.pack("<II", 3, 1)
    return header + struct.pack("<H", 2) + b"x\0" + struct.pack(f"<B{len(shape)}IBI", rank, *shape, 0, n_bytes)


def ggml_file(*dims: int, after: bytes = b"") -> bytes:
    return b"lmgg" + struct.pack("<11i", *(dims or (51865, 1500, 64, 2, 1, 448, 64, 2, 1, 80)), 1) + after


def zip_of(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in files.items():
            file.writestr(name, data)


def tar_of(path: Path, files: dict[str, bytes], *, n_bytes: int | None = None, size_field: bytes = b"") -> None:
    """`size_field`: of the first file's header."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    content = path.read_bytes()[:n_bytes]
    path.write_bytes(content[:124] + size_field + content[124 + len(size_field) :])


def zip_with_a_huge_list(path: Path) -> None:
    zip_of(path, {"config.json": b"{}", **{f"{number:0100}": b"" for number in range(8000)}})


FILTERS = struct.pack("<2i", 1, 1) + bytes(4)
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
    "alignment heads of another model": lambda path: saved(path, {**whole_checkpoint(), "alignment_heads": [[1, 0]]}),
    "text as alignment heads": lambda path: saved(path, {**whole_checkpoint(), "alignment_heads": "many"}),
    "a folder with nothing": lambda path: path.mkdir(),
    "CTranslate2: empty": lambda path: ctranslate2_folder(path, b""),
    "CTranslate2: noise": lambda path: ctranslate2_folder(path, os.urandom(5000)),
    "CTranslate2: another model": lambda path: ctranslate2_folder(path, struct.pack("<IH", 6, 4) + b"Tra\0"),
    "CTranslate2: 16 GiB in a variable": lambda path: ctranslate2_folder(
        path, ctranslate2_variable(2, 2**16, 2**16, n_bytes=2**32 - 1)
    ),
    "CTranslate2: a size that overflows": lambda path: ctranslate2_folder(
        path, ctranslate2_variable(4, 2**31, 2**31, 2**31, 2**31, n_bytes=0)
    ),
    "CTranslate2: 200 dimensions": lambda path: ctranslate2_folder(path, ctranslate2_variable(200, n_bytes=0)),
    "CTranslate2: 4 billion variables": lambda path: ctranslate2_folder(
        path, struct.pack("<IH", 6, 12) + b"WhisperSpec\0" + struct.pack("<II", 3, 2**32 - 1)
    ),
    "Hugging Face: a list": lambda path: huggingface_folder(path, {}, "[1]"),
    "Hugging Face: nested a million times": lambda path: huggingface_folder(path, {}, "[" * 10**6),
    "Hugging Face: 17 MB of configuration": lambda path: huggingface_folder(path, {}, " " * (17 << 20)),
    "Hugging Face: pickle that runs code": lambda path: huggingface_folder(path, Attack(), hugging_face_config()),
    "Hugging Face: no tensors": lambda path: huggingface_folder(path, {"model.x": 1}, hugging_face_config()),
    "Hugging Face: a number repeated to 4 TB": lambda path: huggingface_folder(
        path, {"model.x": torch.zeros(1).expand(10**12)}, hugging_face_config()
    ),
    "Hugging Face: a tensor under 10,000 names": lambda path: huggingface_folder(
        path, dict.fromkeys(map(str, range(10_000)), torch.zeros(10**6, dtype=torch.float64)), hugging_face_config()
    ),
    "a number repeated as the vocabulary": lambda path: saved(path, repeated_embedding(whole_checkpoint())),
    "Hugging Face: integers": lambda path: huggingface_folder(
        path, {"model.x": torch.zeros(4, dtype=torch.int8)}, hugging_face_config()
    ),
    "GGML: header alone": lambda path: path.write_bytes(ggml_file()),
    "GGML: negative dimensions": lambda path: path.write_bytes(
        ggml_file(*[-1] * 10, after=FILTERS + struct.pack("<i", 0))
    ),
    "GGML: 2 billion words": lambda path: path.write_bytes(ggml_file(after=FILTERS + struct.pack("<i", 2**31 - 1))),
    "GGML: filters that go backwards": lambda path: path.write_bytes(ggml_file(after=struct.pack("<2i", -4, 3))),
    "GGML: a tensor of 4 EiB": lambda path: path.write_bytes(
        ggml_file(after=FILTERS + struct.pack("<i3i2i", 0, 2, 1, 0, 2**31 - 1, 2**31 - 1) + b"x")
    ),
    "GGML: an unknown type": lambda path: path.write_bytes(
        ggml_file(after=FILTERS + struct.pack("<i3i1i", 0, 1, 1, 99, 1) + b"x")
    ),
    "zip: no model": lambda path: zip_of(path, {"a/config.json": b"{}"}),
    "zip: outside": lambda path: zip_of(path, {"config.json": b"{}", "../../model.bin": b"x", "/model.bin": b"x"}),
    "zip: bomb": lambda path: zip_of(path, {"config.json": b"{}", "model.bin": bytes(100 << 20)}),
    "zip: needs much memory to unpack": lambda path: zip_of(path, {"config.json": b"{}"}, zipfile.ZIP_LZMA),
    "zip: a huge list of files": zip_with_a_huge_list,
    "tar: no model": lambda path: tar_of(path, {"a/readme": b""}),
    "tar: outside": lambda path: tar_of(path, {"config.json": b"{}", "../../model.bin": b"x", "/model.bin": b"x"}),
    "tar: truncated": lambda path: tar_of(path, {"config.json": b"{}", "model.bin": bytes(9000)}, n_bytes=2000),
    "tar: negative size": lambda path: tar_of(path, {"config.json": b"{}"}, size_field=b"-0000000001\0"),
    "tar: no size": lambda path: tar_of(path, {"config.json": b"{}"}, size_field=b"x" * 12),
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
