"""Models of CTranslate2 and whisper.cpp as openai-whisper's checkpoints, and folders in zip files."""

import errno
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
import whisper
from torch import Tensor
from whisper.model import ModelDimensions

from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.checkpoints.origin import Origin
from localwhisper.engine.model_cache import ModelCache
from localwhisper.engine.upstream.whisper_internals import published_alignment_heads
from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.engine_setup import ASSETS
from localwhisper.errors import CheckpointUnusable, StorageFull
from localwhisper.options import Options
from tests.engine import openai_whisper
from tests.engine.control import Recorder
from tests.engine.model_files import (
    dequantised,
    float16,
    float32,
    quantised,
    random_blocks,
    write_ctranslate2,
    write_ggml,
)
from tools.random_checkpoint import tensors

SMALL = ModelDimensions(80, 1500, 64, 1, 2, 500, 448, 64, 1, 2)
DISTILLED = ModelDimensions(128, 1500, 64, 4, 3, 501, 448, 64, 2, 1)  # 128 mels, as large-v3; its half-width heads


def checkpoint_of(dims: ModelDimensions) -> dict[str, Any]:
    return {"dims": vars(dims), "model_state_dict": tensors(dims)}


def loaded(library: ModelLibrary, name: str) -> dict[str, Any]:
    path = library.path(name)
    assert path is not None
    content: dict[str, Any] = torch.load(path, weights_only=True)
    return content


def assert_same(converted: dict[str, Any], checkpoint: dict[str, Any], dtype: torch.dtype) -> None:
    assert converted["dims"] == checkpoint["dims"]
    assert set(converted["model_state_dict"]) == set(checkpoint["model_state_dict"])
    for name, tensor in checkpoint["model_state_dict"].items():
        expected = tensor.to(dtype).float()
        assert torch.equal(converted["model_state_dict"][name].float(), expected), name


@pytest.fixture
def own_library(tmp_path: Path) -> ModelLibrary:
    return ModelLibrary(tmp_path / "models", data_dir=tmp_path / "bundled", assets=ASSETS)


@pytest.mark.parametrize("dims", [SMALL, DISTILLED], ids=["small", "distilled with 128 mels"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_a_ctranslate2_folder_keeps_every_weight(
    own_library: ModelLibrary, tmp_path: Path, dims: ModelDimensions, dtype: torch.dtype
) -> None:
    checkpoint = checkpoint_of(dims)
    folder = write_ctranslate2(
        checkpoint, tmp_path / "faster-whísper x", dtype=dtype, heads=[[0, 1 % dims.n_text_head]]
    )
    name = own_library.import_checkpoint(folder)
    converted = loaded(own_library, name)
    assert_same(converted, checkpoint, dtype)
    assert converted["alignment_heads"] == [[0, 1 % dims.n_text_head]]
    assert own_library.entry(name).origin == Origin("ctranslate2", is_exact=True)


@pytest.mark.parametrize("dtype", [torch.int8, torch.int16])
def test_a_quantised_ctranslate2_folder_is_dequantised(
    own_library: ModelLibrary, tmp_path: Path, dtype: torch.dtype
) -> None:
    checkpoint = checkpoint_of(SMALL)
    name = own_library.import_checkpoint(write_ctranslate2(checkpoint, tmp_path / "int", dtype=dtype))
    converted = loaded(own_library, name)
    for key, tensor in checkpoint["model_state_dict"].items():
        expected = tensor.float()
        if (
            tensor.dim() == 2
            and "positional" not in key
            and not key.endswith(("query.weight", "key.weight", "value.weight"))
        ):
            levels, scale = quantised(expected, dtype)
            expected = levels / (scale[:, None] if dtype == torch.int8 else scale)
        tolerance = 3e-2 if key.endswith(("query.weight", "key.weight", "value.weight")) else 1e-3
        torch.testing.assert_close(converted["model_state_dict"][key].float(), expected, atol=tolerance, rtol=1e-3)
    assert own_library.entry(name).origin == Origin("ctranslate2", is_exact=False)


@pytest.mark.parametrize("dims", [SMALL, DISTILLED], ids=["small", "distilled with 128 mels"])
@pytest.mark.parametrize("matrix", [float32, float16])
def test_a_ggml_file_keeps_every_weight(
    own_library: ModelLibrary, tmp_path: Path, dims: ModelDimensions, matrix: Any
) -> None:
    checkpoint = checkpoint_of(dims)
    name = own_library.import_checkpoint(write_ggml(checkpoint, tmp_path / "ggml-mine.bin", matrix))
    converted = loaded(own_library, name)
    assert_same(converted, checkpoint, torch.float16)  # which the weights are in
    assert "alignment_heads" not in converted
    assert own_library.entry(name).origin == Origin("ggml", is_exact=True)


@pytest.mark.parametrize(("kind", "label"), [(2, "q4_0"), (3, "q4_1"), (6, "q5_0"), (7, "q5_1"), (8, "q8_0")])
def test_a_quantised_ggml_file_is_dequantised(own_library: ModelLibrary, tmp_path: Path, kind: int, label: str) -> None:
    checkpoint = checkpoint_of(SMALL)
    written: dict[tuple[int, ...], bytes] = {}

    def matrix(tensor: Tensor) -> tuple[int, bytes]:
        shape = tuple(tensor.shape)
        written[shape] = random_blocks(kind, tensor.numel(), seed=len(written))
        return kind, written[shape]

    name = own_library.import_checkpoint(write_ggml(checkpoint, tmp_path / f"ggml-mine-{label}.bin", matrix))
    converted = loaded(own_library, name)["model_state_dict"]
    for key in ("decoder.token_embedding.weight", "decoder.blocks.1.mlp.2.weight"):
        tensor = converted[key]
        expected = torch.tensor(dequantised(kind, written[tuple(tensor.shape)])).reshape(tensor.shape)
        torch.testing.assert_close(tensor, expected.half())
    assert torch.equal(converted["decoder.ln.bias"], checkpoint["model_state_dict"]["decoder.ln.bias"].float())
    assert own_library.entry(name).origin == Origin("ggml", is_exact=False)


def test_a_ggml_file_named_as_a_published_model_gets_its_alignment_heads(
    own_library: ModelLibrary, tmp_path: Path
) -> None:
    dims = ModelDimensions(80, 1500, 96, 6, 1, 300, 448, 96, 6, 4)  # the heads and decoder layers of tiny.en
    path = write_ggml(checkpoint_of(dims), tmp_path / "ggml-tiny.en-q5_1.bin", float16)
    heads = published_alignment_heads("tiny.en", dims)
    assert heads
    converted = loaded(own_library, own_library.import_checkpoint(path))
    assert [tuple(pair) for pair in converted["alignment_heads"]] == heads
    other = write_ggml(checkpoint_of(SMALL), tmp_path / "ggml-tiny.en.bin", float16)  # another model's heads
    assert "alignment_heads" not in loaded(own_library, own_library.import_checkpoint(other))


def test_word_times_use_the_alignment_heads_in_the_file(
    library: ModelLibrary, speech: dict[str, Path], recorder: Recorder, tmp_path: Path
) -> None:
    demo = library.loadable_path("demo")
    assert demo is not None
    heads = [[0, 0], [0, 1]]  # not those of whisper's default
    folder = write_ctranslate2(torch.load(demo, weights_only=True), tmp_path / "converted", heads=heads)
    name = library.import_checkpoint(folder, "with-heads")
    path = library.path(name)
    assert path is not None
    model = openai_whisper.load(path)  # it ignores the heads in the file
    assert isinstance(model, whisper.model.Whisper)
    engine = WhisperEngine(ModelCache(library, idle_timeout_s=60), Ffmpeg(), tmp_path / "spool", max_audio_s=600)
    transcript = engine.transcribe(speech["english"], Options(model=name, word_timestamps=True), recorder)
    samples = openai_whisper.read(speech["english"])
    by_default = model.transcribe(samples, fp16=False, word_timestamps=True)
    mask = torch.zeros(model.dims.n_text_layer, model.dims.n_text_head, dtype=torch.bool)
    mask[0, :2] = True
    model.register_buffer("alignment_heads", mask.to_sparse(), persistent=False)
    expected = model.transcribe(samples, fp16=False, word_timestamps=True)
    assert openai_whisper.differences(expected, transcript) == []
    assert by_default["text"] == transcript.text != ""
    assert openai_whisper.differences(by_default, transcript) != []


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_folder_in_a_zip_file_is_imported(own_library: ModelLibrary, tmp_path: Path, compression: int) -> None:
    checkpoint = checkpoint_of(SMALL)
    folder = write_ctranslate2(checkpoint, tmp_path / "mine", dtype=torch.float16, heads=[[1, 0]])
    (folder / "README.md").write_text("not needed")
    archive = tmp_path / "mine.zip"
    with zipfile.ZipFile(archive, "w", compression) as file:
        for path in folder.iterdir():
            file.write(path, f"some folder/{path.name}")
        file.writestr("some folder/.git/config.json", "{}")
    assert_same(loaded(own_library, own_library.import_checkpoint(archive)), checkpoint, torch.float16)
    assert [path.name for path in own_library.model_dir.iterdir()] == ["mine.pt"]


def test_a_folder_in_a_tar_file_is_imported(own_library: ModelLibrary, tmp_path: Path) -> None:
    """As the page sends one that is dropped on it."""
    checkpoint = checkpoint_of(SMALL)
    folder = write_ctranslate2(checkpoint, tmp_path / "mine", dtype=torch.float16, heads=[[1, 0]])
    (folder / "link.json").symlink_to("/etc/passwd")
    (folder / "README.md").write_text("not needed")
    archive = tmp_path / "mine.tar"
    with tarfile.open(archive, "w") as file:
        file.add(folder, "some folder")
    assert_same(loaded(own_library, own_library.import_checkpoint(archive)), checkpoint, torch.float16)
    assert [path.name for path in own_library.model_dir.iterdir()] == ["mine.pt"]


def test_a_folder_without_a_model_says_what_is_missing(own_library: ModelLibrary, tmp_path: Path) -> None:
    empty = tmp_path / ("a long name " * 15) / "empty"  # no room for it in an error's text
    empty.mkdir(parents=True)
    with pytest.raises(CheckpointUnusable, match=r"config\.json: No such file"):
        own_library.import_checkpoint(empty)
    folder = write_ctranslate2(checkpoint_of(SMALL), tmp_path / "broken", heads=[[9, 0]])
    with pytest.raises(CheckpointUnusable, match="alignment head"):
        own_library.import_checkpoint(folder)


def test_a_full_disk_leaves_nothing_behind(
    own_library: ModelLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    folder = write_ctranslate2(checkpoint_of(SMALL), tmp_path / "mine")
    archive = tmp_path / "mine.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in folder.iterdir():
            file.write(path, path.name)
    for function in ("torch.save", "shutil.copyfileobj"):
        monkeypatch.setattr(function, fail)
        with pytest.raises(StorageFull):
            own_library.import_checkpoint(archive)
        assert list(own_library.model_dir.iterdir()) == []
