"""Importing Hugging Face's Whisper folders as openai-whisper's checkpoints."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.engine.checkpoints.huggingface import whisper_name
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.model_cache import ModelCache
from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.errors import CheckpointUnusable
from localwhisper.options import Options
from tests.engine.control import Recorder
from tests.engine.model_files import write_huggingface


@pytest.fixture(scope="module")
def checkpoint(library: ModelLibrary) -> dict[str, Any]:
    path = library.loadable_path("demo")
    assert path is not None
    loaded: dict[str, Any] = torch.load(path, weights_only=True)
    return loaded


@pytest.fixture
def folder(checkpoint: dict[str, Any], tmp_path: Path) -> Path:
    return write_huggingface(checkpoint, tmp_path / "whisper-démo x")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("model.encoder.conv1.weight", "encoder.conv1.weight"),
        ("model.encoder.embed_positions.weight", "encoder.positional_embedding"),
        ("model.encoder.layers.3.self_attn.k_proj.weight", "encoder.blocks.3.attn.key.weight"),
        ("model.encoder.layers.0.self_attn_layer_norm.bias", "encoder.blocks.0.attn_ln.bias"),
        ("model.encoder.layer_norm.weight", "encoder.ln_post.weight"),
        ("model.decoder.layers.11.encoder_attn.out_proj.bias", "decoder.blocks.11.cross_attn.out.bias"),
        ("model.decoder.layers.0.encoder_attn_layer_norm.weight", "decoder.blocks.0.cross_attn_ln.weight"),
        ("model.decoder.layers.0.final_layer_norm.weight", "decoder.blocks.0.mlp_ln.weight"),
        ("model.decoder.layers.0.fc2.bias", "decoder.blocks.0.mlp.2.bias"),
        ("model.decoder.embed_tokens.weight", "decoder.token_embedding.weight"),
        ("model.decoder.layer_norm.bias", "decoder.ln.bias"),
    ],
)
def test_weights_get_openai_whispers_names(theirs: str, ours: str) -> None:
    assert whisper_name(theirs) == ours


def test_every_weight_is_unchanged(library: ModelLibrary, folder: Path, checkpoint: dict[str, Any]) -> None:
    path = library.path(library.import_checkpoint(folder, "own-hf"))
    assert path is not None
    converted = torch.load(path, weights_only=True)
    assert converted["dims"] == checkpoint["dims"]
    assert set(converted["model_state_dict"]) == set(checkpoint["model_state_dict"])
    for name, tensor in checkpoint["model_state_dict"].items():
        assert torch.equal(converted["model_state_dict"][name], tensor), name


def test_pickled_and_sharded_weights_are_unchanged(
    library: ModelLibrary, folder: Path, checkpoint: dict[str, Any]
) -> None:
    state = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin")
    (folder / "generation_config.json").write_text(json.dumps({"alignment_heads": [[1, 0], [2, 1]]}))
    shards = {"pytorch_model-1.bin": dict([*state.items()][:9]), "pytorch_model-2.bin": dict([*state.items()][9:])}
    for _ in range(2):
        path = library.path(library.import_checkpoint(folder, "own-hf-3"))
        assert path is not None
        converted = torch.load(path, weights_only=True)
        assert converted["alignment_heads"] == [[1, 0], [2, 1]]
        for name, tensor in checkpoint["model_state_dict"].items():
            assert torch.equal(converted["model_state_dict"][name], tensor), name
        (folder / "pytorch_model.bin").unlink(missing_ok=True)
        for shard, part in shards.items():
            torch.save(part, folder / shard)
        names = {name: shard for shard, part in shards.items() for name in part}
        (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": names}))


def test_an_imported_folder_gives_the_same_text(
    library: ModelLibrary, folder: Path, speech: dict[str, Path], recorder: Recorder
) -> None:
    library.import_checkpoint(folder, "own-hf-2")
    engine = WhisperEngine(ModelCache(library, idle_timeout_s=60), Ffmpeg(), folder.parent / "spool", max_audio_s=600)
    texts = {
        model: engine.transcribe(speech["english"], Options(model=model), recorder).text
        for model in ("demo", "own-hf-2")
    }
    assert texts["own-hf-2"] == texts["demo"] != ""


def test_folders_of_other_models_are_refused(library: ModelLibrary, folder: Path, tmp_path: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    for broken in ({"model_type": "bert"}, {"model_type": "whisper"}, {**config, "d_model": 8}):
        (folder / "config.json").write_text(json.dumps(broken))
        with pytest.raises(CheckpointUnusable):
            library.import_checkpoint(folder, "never")
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(CheckpointUnusable):
        library.import_checkpoint(folder, "never")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(CheckpointUnusable):
        library.import_checkpoint(empty, "never")
    assert "never" not in library.names()
