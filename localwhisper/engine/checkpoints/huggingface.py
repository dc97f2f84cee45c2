"""Hugging Face's Whisper folders (config.json, model.safetensors) as checkpoints of openai-whisper's format.

The weights are the same; only the names of weights and dimensions differ.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from localwhisper.errors import ModelCorrupt

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


def convert_folder(folder: Path, target: Path, name: str) -> None:
    """Write the folder's model as a checkpoint file. Raises ModelCorrupt."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if config.get("model_type") != "whisper":
            raise ModelCorrupt(model=name, reason=f"config.json says {config.get('model_type')}, not whisper")
        dims = {ours: int(config[theirs]) for ours, theirs in DIMENSIONS.items()}
        state = {whisper_name(key): tensor for key, tensor in _tensors(folder).items() if key != TIED_WEIGHT}
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise ModelCorrupt(model=name, reason=str(error)[:120]) from None
    torch.save({"dims": dims, "model_state_dict": state}, target)


def whisper_name(key: str) -> str:
    """openai-whisper's name for a weight."""
    for pattern, replacement in RENAMES:
        key = re.sub(pattern, replacement, key)
    return key


def _tensors(folder: Path) -> dict[str, torch.Tensor]:
    """Read the tensors, by name, from one file or from the files that an index lists."""
    index = folder / "model.safetensors.index.json"
    if not index.exists():
        return load_file(folder / "model.safetensors")
    names: dict[str, Any] = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
    tensors: dict[str, torch.Tensor] = {}
    for file in sorted({Path(file).name for file in names.values()}):
        tensors |= load_file(folder / file)
    return tensors
