"""Hugging Face's Whisper folders as openai-whisper's checkpoints.

They hold config.json, and model.safetensors or pytorch_model.bin. The weights are the same; only the names of weights
and dimensions differ.
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor
from whisper.model import ModelDimensions

from localwhisper.engine.checkpoints.conversion import (
    ConvertedCheckpoint,
    corrupt_if_it_fails,
    heads_of_json,
    read_small_file,
)

DIMENSIONS: Mapping[str, str] = {  # openai-whisper's name → config.json's
    "n_mels": "num_mel_bins",
    "n_audio_ctx": "max_source_positions",
    "n_audio_state": "d_model",
    "n_audio_head": "encoder_attention_heads",
    "n_audio_layer": "encoder_layers",
    "n_vocab": "vocab_size",
    "n_text_ctx": "max_target_positions",
    "n_text_state": "d_model",
    "n_text_head": "decoder_attention_heads",
    "n_text_layer": "decoder_layers",
}
RENAMES: tuple[tuple[str, str], ...] = (  # applied in this order
    (r"^model\.", ""),
    (r"\.layers\.", ".blocks."),
    (r"\.self_attn_layer_norm\.", ".attn_ln."),
    (r"\.encoder_attn_layer_norm\.", ".cross_attn_ln."),
    (r"\.final_layer_norm\.", ".mlp_ln."),
    (r"\.self_attn\.", ".attn."),
    (r"\.encoder_attn\.", ".cross_attn."),
    (r"\.q_proj\.", ".query."),
    (r"\.k_proj\.", ".key."),
    (r"\.v_proj\.", ".value."),
    (r"\.out_proj\.", ".out."),
    (r"\.fc1\.", ".mlp.0."),
    (r"\.fc2\.", ".mlp.2."),
    (r"\.embed_positions\.weight$", ".positional_embedding"),
    (r"\.embed_tokens\.", ".token_embedding."),
    (r"^encoder\.layer_norm\.", "encoder.ln_post."),
    (r"^decoder\.layer_norm\.", "decoder.ln."),
)
TIED_WEIGHT = "proj_out.weight"  # the token embedding again


def read_huggingface(folder: Path, name: str) -> ConvertedCheckpoint:
    """A folder's model with openai-whisper's names. Raises ModelCorrupt."""
    with corrupt_if_it_fails(name, "a Whisper model of Hugging Face"):
        config = json.loads(read_small_file(folder / "config.json"))
        if config.get("model_type") != "whisper":
            raise ValueError(f"config.json says {str(config.get('model_type'))[:40]}, not whisper")
        dims = ModelDimensions(**{ours: int(config[theirs]) for ours, theirs in DIMENSIONS.items()})
        tensors = {whisper_name(key): tensor for key, tensor in _tensors(folder).items() if key != TIED_WEIGHT}
        generation = folder / "generation_config.json"
        heads = json.loads(read_small_file(generation)).get("alignment_heads") if generation.exists() else None
        return ConvertedCheckpoint(dims, tensors, heads_of_json(heads))


def whisper_name(key: str) -> str:
    """openai-whisper's name for a weight."""
    for pattern, replacement in RENAMES:
        key = re.sub(pattern, replacement, key)
    return key


def _tensors(folder: Path) -> dict[str, Tensor]:
    """Read the tensors, by name, from one file or from the files that an index lists."""
    for file_name, load in LOADERS.items():
        index = folder / f"{file_name}.index.json"
        if index.exists():
            file_names: dict[str, str] = json.loads(read_small_file(index))["weight_map"]
            shards = sorted({Path(name).name for name in file_names.values()})
            return {name: tensor for shard in shards for name, tensor in load(folder / shard).items()}
        if (folder / file_name).exists():
            return load(folder / file_name)
    raise ValueError(f"there is no {' or '.join(LOADERS)}")


def _load_pickled(path: Path) -> dict[str, Tensor]:
    """Memory-mapped, which limits the size that the file can claim; older formats of torch.save can't be mapped."""
    tensors: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    return tensors


LOADERS: Mapping[str, Callable[[Path], dict[str, Tensor]]] = {
    "model.safetensors": load_file,
    "pytorch_model.bin": _load_pickled,
}
