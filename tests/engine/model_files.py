"""Writers of other programs' model files, from a checkpoint in openai-whisper's form."""

import json
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor

from localwhisper.engine.checkpoints.huggingface import DIMENSIONS

CTRANSLATE2_TYPES = {torch.float32: 0, torch.int8: 1, torch.int16: 2, torch.float16: 4, torch.bfloat16: 5}
GGML_HEADER = (
    *("n_vocab", "n_audio_ctx", "n_audio_state", "n_audio_head", "n_audio_layer"),
    *("n_text_ctx", "n_text_state", "n_text_head", "n_text_layer", "n_mels"),
)
Checkpoint = Mapping[str, Any]  # dims, model_state_dict


# -- Hugging Face ------------------------------------------------------------------------

# in the order of transformers' own conversion
TO_HUGGING_FACE = {
    "blocks": "layers",
    "mlp.0": "fc1",
    "mlp.2": "fc2",
    "mlp_ln": "final_layer_norm",
    ".attn.query": ".self_attn.q_proj",
    ".attn.key": ".self_attn.k_proj",
    ".attn.value": ".self_attn.v_proj",
    ".attn_ln": ".self_attn_layer_norm",
    ".attn.out": ".self_attn.out_proj",
    ".cross_attn.query": ".encoder_attn.q_proj",
    ".cross_attn.key": ".encoder_attn.k_proj",
    ".cross_attn.value": ".encoder_attn.v_proj",
    ".cross_attn_ln": ".encoder_attn_layer_norm",
    ".cross_attn.out": ".encoder_attn.out_proj",
    "decoder.ln.": "decoder.layer_norm.",
    "token_embedding": "embed_tokens",
    "encoder.positional_embedding": "encoder.embed_positions.weight",
    "decoder.positional_embedding": "decoder.embed_positions.weight",
    "ln_post": "layer_norm",
}


def write_huggingface(
    checkpoint: Checkpoint, folder: Path, *, heads: list[list[int]] | None = None, dtype: torch.dtype | None = None
) -> Path:
    folder.mkdir(exist_ok=True)
    state = {
        hugging_face_name(key): tensor.to(dtype or tensor.dtype).contiguous()
        for key, tensor in checkpoint["model_state_dict"].items()
    }
    state["proj_out.weight"] = state["model.decoder.embed_tokens.weight"].clone()
    save_file(state, folder / "model.safetensors")
    config = {theirs: checkpoint["dims"][ours] for ours, theirs in DIMENSIONS.items()}
    (folder / "config.json").write_text(json.dumps({"model_type": "whisper", **config}))
    if heads is not None:
        (folder / "generation_config.json").write_text(json.dumps({"alignment_heads": heads}))
    return folder


def hugging_face_name(key: str) -> str:
    for ours, theirs in TO_HUGGING_FACE.items():
        key = key.replace(ours, theirs)
    return f"model.{key}"


# -- CTranslate2 -------------------------------------------------------------------------


def write_ctranslate2(
    checkpoint: Checkpoint, folder: Path, *, dtype: torch.dtype = torch.float32, heads: list[list[int]] | None = None
) -> Path:
    folder.mkdir(exist_ok=True)
    variables: dict[str, Tensor] = {}
    for name, tensor in ctranslate2_variables(checkpoint).items():
        if dtype.is_floating_point:
            variables[name] = tensor.to(dtype) if tensor.is_floating_point() else tensor
        elif name.endswith("/weight") and "conv" not in name:
            variables[name], variables[f"{name}_scale"] = quantised(tensor.float(), dtype)
        else:
            variables[name] = tensor
    variables_end = b"".join(_variable(name, tensor) for name, tensor in variables.items())
    aliases = struct.pack("<I", 1) + _string("decoder/projection/weight") + _string("decoder/embeddings/weight")
    header = struct.pack("<I", 6) + _string("WhisperSpec") + struct.pack("<II", 3, len(variables))
    (folder / "model.bin").write_bytes(header + variables_end + aliases)
    config = {"suppress_ids": [], "lang_ids": [], **({} if heads is None else {"alignment_heads": heads})}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def quantised(weight: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """As CTranslate2 does: in 8 bits with a scale for each row, in 16 bits with one scale."""
    largest = weight.abs().amax(dim=1) if dtype == torch.int8 else weight.abs().amax()
    scale = (127 if dtype == torch.int8 else 1023) / largest
    return (weight * (scale[:, None] if dtype == torch.int8 else scale)).round().to(dtype), scale


def ctranslate2_variables(checkpoint: Checkpoint) -> dict[str, Tensor]:
    state, dims = checkpoint["model_state_dict"], checkpoint["dims"]
    variables = {
        "encoder/num_heads": torch.tensor(dims["n_audio_head"], dtype=torch.int16),
        "decoder/num_heads": torch.tensor(dims["n_text_head"], dtype=torch.int16),
        "encoder/position_encodings/encodings": state["encoder.positional_embedding"],
        "decoder/position_encodings/encodings": state["decoder.positional_embedding"],
        "decoder/embeddings/weight": state["decoder.token_embedding.weight"],
        **{f"encoder/{c}/{k}": state[f"encoder.{c}.{k}"] for c in ("conv1", "conv2") for k in ("weight", "bias")},
        **_norm("encoder/layer_norm", state, "encoder.ln_post"),
        **_norm("decoder/layer_norm", state, "decoder.ln"),
    }
    for side, n_layers in (("encoder", dims["n_audio_layer"]), ("decoder", dims["n_text_layer"])):
        for layer in range(n_layers):
            target, source = f"{side}/layer_{layer}", f"{side}.blocks.{layer}"
            variables |= {
                **_stacked(f"{target}/self_attention/linear_0", state, f"{source}.attn", "query", "key", "value"),
                **_stacked(f"{target}/self_attention/linear_1", state, f"{source}.attn", "out"),
                **_norm(f"{target}/self_attention/layer_norm", state, f"{source}.attn_ln"),
                **_stacked(f"{target}/ffn/linear_0", state, f"{source}.mlp", "0"),
                **_stacked(f"{target}/ffn/linear_1", state, f"{source}.mlp", "2"),
                **_norm(f"{target}/ffn/layer_norm", state, f"{source}.mlp_ln"),
            }
            if side == "decoder":
                variables |= {
                    **_stacked(f"{target}/attention/linear_0", state, f"{source}.cross_attn", "query"),
                    **_stacked(f"{target}/attention/linear_1", state, f"{source}.cross_attn", "key", "value"),
                    **_stacked(f"{target}/attention/linear_2", state, f"{source}.cross_attn", "out"),
                    **_norm(f"{target}/attention/layer_norm", state, f"{source}.cross_attn_ln"),
                }
    return variables


def _stacked(target: str, state: Mapping[str, Tensor], source: str, *names: str) -> dict[str, Tensor]:
    weights = [state[f"{source}.{name}.weight"] for name in names]
    biases = [
        state.get(f"{source}.{name}.bias", torch.zeros(len(weight), dtype=weight.dtype))
        for name, weight in zip(names, weights, strict=True)
    ]
    return {f"{target}/weight": torch.cat(weights), f"{target}/bias": torch.cat(biases)}


def _norm(target: str, state: Mapping[str, Tensor], source: str) -> dict[str, Tensor]:
    return {f"{target}/gamma": state[f"{source}.weight"], f"{target}/beta": state[f"{source}.bias"]}


def _string(text: str) -> bytes:
    return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"


def _variable(name: str, tensor: Tensor) -> bytes:
    data = tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
    shape = struct.pack(f"<B{tensor.dim()}I", tensor.dim(), *tensor.shape)
    return _string(name) + shape + struct.pack("<BI", CTRANSLATE2_TYPES[tensor.dtype], len(data)) + data


# -- GGML --------------------------------------------------------------------------------


def write_ggml(checkpoint: Checkpoint, path: Path, matrix: Callable[[Tensor], tuple[int, bytes]]) -> Path:
    """As whisper.cpp's convert-pt-to-ggml.py and quantize, except for the mel filters and the vocabulary.

    `matrix` gives ggml's number of a type and the data of a matrix in it.
    """
    dims, state = checkpoint["dims"], checkpoint["model_state_dict"]
    parts = [b"lmgg", struct.pack("<11i", *(dims[name] for name in GGML_HEADER), 1)]
    parts += [struct.pack("<2i", dims["n_mels"], 201), bytes(4 * 201 * dims["n_mels"])]
    words = [b"!", b'"', b"word"]
    parts += [struct.pack("<i", len(words)), *(struct.pack("<i", len(word)) + word for word in words)]
    for name, tensor in state.items():
        tensor = tensor.reshape(-1, 1) if name in ("encoder.conv1.bias", "encoder.conv2.bias") else tensor
        is_matrix = tensor.dim() == 2 and tensor.shape[1] > 1 and "positional" not in name
        convolution = float32 if matrix is float32 else float16  # never quantised
        kind, data = (matrix if is_matrix else convolution if tensor.dim() == 3 else float32)(tensor)
        parts += [struct.pack("<3i", tensor.dim(), len(name), kind)]
        parts += [struct.pack(f"<{tensor.dim()}i", *reversed(tensor.shape)), name.encode(), data]
    path.write_bytes(b"".join(parts))
    return path


def float32(tensor: Tensor) -> tuple[int, bytes]:
    return 0, tensor.float().numpy().tobytes()


def float16(tensor: Tensor) -> tuple[int, bytes]:
    return 1, tensor.half().numpy().tobytes()


def quantised_matrix(kind: int) -> Callable[[Tensor], tuple[int, bytes]]:
    """A matrix in blocks of 32 numbers, rounded as ggml-quants.c's quantize_row_*_ref does."""
    return lambda tensor: (kind, _quantised_blocks(kind, tensor.float().numpy().reshape(-1, 32)))


def _quantised_blocks(kind: int, blocks: NDArray[np.float32]) -> bytes:
    """`blocks`: shape (n_blocks, 32)."""
    halves, _ = BLOCK_PARTS[kind]
    n_levels = 256 if kind == 8 else 32 if kind in (6, 7) else 16
    if halves == 2:
        low = blocks.min(1)
        scale, offset = (blocks.max(1) - low) / (n_levels - 1), 0.5
        scales, shifted = np.stack([scale, low], 1), blocks - low[:, None]
    else:
        extreme = np.take_along_axis(blocks, np.abs(blocks).argmax(1)[:, None], 1)[:, 0]
        scale, offset = (np.abs(extreme) / 127, 0.0) if kind == 8 else (extreme / -(n_levels // 2), n_levels // 2 + 0.5)
        scales, shifted = scale[:, None], blocks
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale != 0)
    levels = shifted * inverse[:, None]
    if kind == 8:
        parts = [levels.round().astype(np.int8).view(np.uint8)]
    else:
        whole = np.minimum(levels + offset, n_levels - 1).astype(np.uint8)
        parts = [np.packbits(whole >> 4, axis=1, bitorder="little")] if n_levels == 32 else []
        parts += [whole[:, :16] & 15 | whole[:, 16:] << 4]
    return np.concatenate([scales.astype(np.float16).view(np.uint8), *parts], 1).tobytes()


def random_blocks(kind: int, n_numbers: int, seed: int) -> bytes:
    """Quantised blocks of 32 numbers: small scales, any levels."""
    halves, rest_bytes = BLOCK_PARTS[kind]
    rng = np.random.default_rng(seed)
    blocks = []
    for _ in range(n_numbers // 32):
        scales = rng.uniform(-0.02, 0.02, halves).astype(np.float16).tobytes()
        blocks.append(scales + rng.integers(0, 256, rest_bytes, np.uint8).tobytes())
    return b"".join(blocks)


BLOCK_PARTS = {2: (1, 16), 3: (2, 16), 6: (1, 20), 7: (2, 20), 8: (1, 32)}  # type → halves, bytes of levels


def dequantised(kind: int, data: bytes) -> list[float]:
    """As ggml-quants.c's dequantize_row_*, number by number."""
    halves, rest_bytes = BLOCK_PARTS[kind]
    size, numbers = 2 * halves + rest_bytes, []
    for start in range(0, len(data), size):
        d, *rest = struct.unpack_from(f"<{halves}e", data, start)
        m = rest[0] if rest else 0.0
        levels = data[start + 2 * halves : start + size]
        if kind == 8:
            numbers += [d * level for level in struct.unpack("<32b", levels)]
            continue
        has_high_bits = kind in (6, 7)
        high = int.from_bytes(levels[:4], "little") if has_high_bits else 0
        nibbles = levels[4:] if has_high_bits else levels
        for j in range(32):
            nibble = nibbles[j] & 15 if j < 16 else nibbles[j - 16] >> 4
            level = nibble | ((high >> j) & 1) << 4
            numbers.append(d * level + m if halves == 2 else d * (level - (16 if has_high_bits else 8)))
    return numbers
