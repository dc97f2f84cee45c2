"""CTranslate2's Whisper folders (model.bin, config.json), as faster-whisper uses them, as openai-whisper's checkpoints.

The format is that of CTranslate2's `model_spec.py`: little-endian, strings with their length and a final NUL.
"""

import json
import math
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from whisper.model import ModelDimensions

from localwhisper.engine.checkpoints.conversion import (
    ConvertedCheckpoint,
    corrupt_if_it_fails,
    heads_of_json,
    mapped_file,
    read_small_file,
)

MAX_VARIABLES = 20_000  # whisper's largest has about 1,300
MAX_RANK = 4
DTYPES: Mapping[int, torch.dtype] = {  # by CTranslate2's number
    0: torch.float32,
    1: torch.int8,
    2: torch.int16,
    3: torch.int32,
    4: torch.float16,
    5: torch.bfloat16,
}
LAYER_NORMS = {"encoder": "encoder.ln_post", "decoder": "decoder.ln"}


def is_ctranslate2_folder(folder: Path) -> bool:
    return (folder / "model.bin").is_file() and (folder / "config.json").is_file()


def read_ctranslate2(folder: Path, name: str) -> ConvertedCheckpoint:
    """A folder's model with openai-whisper's tensor names; integer weights are dequantised. Raises ModelCorrupt."""
    with corrupt_if_it_fails(name, "a CTranslate2 Whisper model"):
        stored = _variables(mapped_file(folder / "model.bin"))
        variables = _dequantized(stored)
        config = json.loads(read_small_file(folder / "config.json"))
        return ConvertedCheckpoint(
            _dimensions(variables),
            _renamed(variables),
            heads_of_json(config.get("alignment_heads")),
            is_exact=not any(name.endswith("weight_scale") for name in stored),
        )


def _variables(data: memoryview) -> dict[str, Tensor]:
    """Every variable of a model.bin by its name. Raises ValueError, struct.error."""
    position = 0

    def number(format: str) -> int:
        nonlocal position
        (value,) = struct.unpack_from("<" + format, data, position)
        position += struct.calcsize("<" + format)
        return int(value)

    def string() -> str:
        nonlocal position
        length = number("H")
        text = bytes(data[position : position + length])
        position += length
        return text.rstrip(b"\0").decode()

    number("I")  # version of the format
    specification = string()
    if specification != "WhisperSpec":
        raise ValueError(f"it holds a {specification[:40]!r}, not a WhisperSpec")
    number("I")  # revision of the specification
    n_variables = number("I")
    if n_variables > MAX_VARIABLES:
        raise ValueError(f"it claims {n_variables} variables")
    variables: dict[str, Tensor] = {}
    for _ in range(n_variables):
        name = string()
        rank = number("B")
        if rank > MAX_RANK:
            raise ValueError(f"{name[:60]} claims {rank} dimensions")
        shape = [number("I") for _ in range(rank)]
        dtype = DTYPES[number("B")]
        size_bytes = number("I")
        if size_bytes != dtype.itemsize * math.prod(shape) or position + size_bytes > len(data):
            raise ValueError(f"{name[:60]} is truncated")
        raw: NDArray[np.uint8] = np.frombuffer(data, np.uint8, size_bytes, position).copy()
        variables[name] = torch.from_numpy(raw).view(dtype).reshape(shape)
        position += size_bytes
    for _ in range(min(number("I"), MAX_VARIABLES)):
        alias = string()
        variables[alias] = variables[string()]
    return variables


def _dequantized(variables: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Integer weights divided by their scales: one for each row of int8 weights, one for all int16 weights.

    int8 weights are given in half precision, which is finer than their steps.
    """
    result: dict[str, Tensor] = {}
    for name, tensor in variables.items():
        scale = variables.get(f"{name}_scale")
        if scale is not None:
            rows = scale.float().reshape(-1, *[1] * (tensor.dim() - 1)) if scale.numel() > 1 else scale.float()
            result[name] = (tensor.float() / rows).to(torch.float16 if tensor.dtype == torch.int8 else torch.float32)
        elif not name.endswith("_scale"):
            result[name] = tensor
    return result


def _dimensions(variables: Mapping[str, Tensor]) -> ModelDimensions:
    n_audio_ctx, n_audio_state = variables["encoder/position_encodings/encodings"].shape
    n_text_ctx, n_text_state = variables["decoder/position_encodings/encodings"].shape
    return ModelDimensions(
        n_mels=variables["encoder/conv1/weight"].shape[1],
        n_audio_ctx=n_audio_ctx,
        n_audio_state=n_audio_state,
        n_audio_head=int(variables["encoder/num_heads"]),
        n_audio_layer=len(list(_layers(variables, "encoder"))),
        n_vocab=variables["decoder/embeddings/weight"].shape[0],
        n_text_ctx=n_text_ctx,
        n_text_state=n_text_state,
        n_text_head=int(variables["decoder/num_heads"]),
        n_text_layer=len(list(_layers(variables, "decoder"))),
    )


def _renamed(variables: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """By openai-whisper's names."""
    tensors = {
        "encoder.positional_embedding": variables["encoder/position_encodings/encodings"],
        "decoder.positional_embedding": variables["decoder/position_encodings/encodings"],
        "decoder.token_embedding.weight": variables["decoder/embeddings/weight"],
    }
    for side, norm in LAYER_NORMS.items():
        tensors |= _layer_norm(variables, f"{side}/layer_norm", norm)
        for layer in _layers(variables, side):
            tensors |= _layer(variables, f"{side}/layer_{layer}", f"{side}.blocks.{layer}")
    for conv in ("conv1", "conv2"):
        tensors |= {f"encoder.{conv}.{kind}": variables[f"encoder/{conv}/{kind}"] for kind in ("weight", "bias")}
    return tensors


def _layers(variables: Mapping[str, Tensor], side: str) -> Iterator[int]:
    layer = 0
    while f"{side}/layer_{layer}/ffn/linear_0/weight" in variables:
        yield layer
        layer += 1


def _layer(variables: Mapping[str, Tensor], source: str, target: str) -> dict[str, Tensor]:
    """Query, key and value are stacked in CTranslate2's layers; openai-whisper's keys have no bias."""
    own, cross = f"{source}/self_attention", f"{source}/attention"
    tensors = {
        **_split(variables, f"{own}/linear_0", f"{target}.attn", ("query", "key", "value")),
        **_split(variables, f"{own}/linear_1", f"{target}.attn", ("out",)),
        **_layer_norm(variables, f"{own}/layer_norm", f"{target}.attn_ln"),
        **_split(variables, f"{source}/ffn/linear_0", f"{target}.mlp", ("0",)),
        **_split(variables, f"{source}/ffn/linear_1", f"{target}.mlp", ("2",)),
        **_layer_norm(variables, f"{source}/ffn/layer_norm", f"{target}.mlp_ln"),
    }
    if f"{cross}/linear_0/weight" in variables:
        tensors |= {
            **_split(variables, f"{cross}/linear_0", f"{target}.cross_attn", ("query",)),
            **_split(variables, f"{cross}/linear_1", f"{target}.cross_attn", ("key", "value")),
            **_split(variables, f"{cross}/linear_2", f"{target}.cross_attn", ("out",)),
            **_layer_norm(variables, f"{cross}/layer_norm", f"{target}.cross_attn_ln"),
        }
    return tensors


def _split(variables: Mapping[str, Tensor], source: str, target: str, names: tuple[str, ...]) -> dict[str, Tensor]:
    """A linear layer's stacked outputs as one layer for each of `names`."""
    tensors: dict[str, Tensor] = {}
    weights = variables[f"{source}/weight"].chunk(len(names))
    biases = variables[f"{source}/bias"].chunk(len(names))
    for name, weight, bias in zip(names, weights, biases, strict=True):
        tensors[f"{target}.{name}.weight"] = weight.clone()
        if name != "key":
            tensors[f"{target}.{name}.bias"] = bias.clone()
    return tensors


def _layer_norm(variables: Mapping[str, Tensor], source: str, target: str) -> dict[str, Tensor]:
    return {f"{target}.weight": variables[f"{source}/gamma"], f"{target}.bias": variables[f"{source}/beta"]}
