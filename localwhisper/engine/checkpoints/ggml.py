"""whisper.cpp's ggml-*.bin files as openai-whisper's checkpoints.

The format is that of whisper.cpp's `models/convert-pt-to-ggml.py`: a header with the dimensions, mel filters, the
vocabulary, then the tensors by openai-whisper's own names. Quantised blocks are those of ggml's `ggml-quants.c`.
"""

import math
import re
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from whisper.model import ModelDimensions

from localwhisper.engine.checkpoints.conversion import ConvertedCheckpoint, corrupt_if_it_fails, mapped_file
from localwhisper.engine.upstream.whisper_internals import published_alignment_heads

MAGIC = b"lmgg"  # 0x67676d6c, little-endian
HEADER = (
    "n_vocab",
    "n_audio_ctx",
    "n_audio_state",
    "n_audio_head",
    "n_audio_layer",
    "n_text_ctx",
    "n_text_state",
    "n_text_head",
    "n_text_layer",
    "n_mels",
)
MAX_TENSORS = 20_000
MAX_RANK = 4
MAX_NAME_BYTES = 200
MAX_WORDS = 200_000  # whisper's vocabulary has 51,866
MAX_FILTERS = 1 << 20  # numbers; whisper's have 128 · 201
BLOCK = 32  # numbers that share a scale

Blocks = NDArray[np.uint8]  # shape (n_blocks, bytes of a block)
Numbers = NDArray[np.float32]  # shape (n_blocks, BLOCK)


def is_ggml_file(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(4) == MAGIC


def read_ggml(path: Path, name: str) -> ConvertedCheckpoint:
    """A file's model; quantised weights are given in half precision. Raises ModelCorrupt."""
    with corrupt_if_it_fails(name, "a whisper.cpp model"):
        return _read(mapped_file(path), published_name(path.stem))


def published_name(stem: str) -> str:
    """The model that a file's name promises, such as "base.en" for ggml-base.en-q5_1.bin: its alignment heads."""
    return re.sub(r"-q\d_\d$", "", stem.removeprefix("ggml-"))


def _read(data: memoryview, published: str) -> ConvertedCheckpoint:
    dims = ModelDimensions(**dict(zip(HEADER, struct.unpack_from("<10i", data, 4), strict=True)))
    position = _end_of_vocabulary(data)
    tensors: dict[str, Tensor] = {}
    is_exact = True
    while position < len(data):
        n_dims, name_bytes, kind = struct.unpack_from("<3i", data, position)
        position += 12
        if not 0 < n_dims <= MAX_RANK or not 0 < name_bytes < MAX_NAME_BYTES or len(tensors) >= MAX_TENSORS:
            raise ValueError("the header of a tensor is damaged")
        if kind not in KINDS:
            raise ValueError(f"ggml's type {kind} can't be read")
        shape = struct.unpack_from(f"<{n_dims}i", data, position)[::-1]
        position += 4 * n_dims
        name = bytes(data[position : position + name_bytes]).decode()
        position += name_bytes
        block_bytes, block_numbers, convert = KINDS[kind]
        n_blocks, rest = divmod(math.prod(shape), block_numbers)
        if min(shape) < 1 or rest or position + n_blocks * block_bytes > len(data):
            raise ValueError(f"{name[:60]} is truncated")
        raw = np.frombuffer(data, np.uint8, n_blocks * block_bytes, position).reshape(n_blocks, block_bytes)
        tensors[name] = torch.from_numpy(convert(raw).reshape(shape))
        position += n_blocks * block_bytes
        if block_numbers > 1:
            is_exact, tensors[name] = False, tensors[name].half()
    for conv in ("encoder.conv1.bias", "encoder.conv2.bias"):
        tensors[conv] = tensors[conv].reshape(-1)  # a column in these files
    heads = published_alignment_heads(published, dims)
    return ConvertedCheckpoint(dims, tensors, None if heads is None else tuple(heads), is_exact)


def _end_of_vocabulary(data: memoryview) -> int:
    """The position after the header, the mel filters and the vocabulary, none of which is needed."""
    position: int = len(MAGIC) + 4 * len(HEADER) + 4  # the last number is the file's type; each tensor has its own
    n_mels, n_fft = struct.unpack_from("<2i", data, position)
    if not 0 < n_mels * n_fft <= MAX_FILTERS or n_mels < 0:
        raise ValueError("its mel filters are damaged")
    position += 8 + 4 * n_mels * n_fft
    (n_words,) = struct.unpack_from("<i", data, position)
    if n_words > MAX_WORDS:
        raise ValueError(f"it claims {n_words} words")
    position += 4
    for _ in range(n_words):
        position += 4 + int(struct.unpack_from("<I", data, position)[0])
    return position


def _float32(raw: Blocks) -> Numbers:
    numbers: Numbers = raw.copy().view(np.float32)
    return numbers


def _float16(raw: Blocks) -> NDArray[np.float16]:
    numbers: NDArray[np.float16] = raw.copy().view(np.float16)
    return numbers


def _half(raw: Blocks, start: int) -> Numbers:
    """The half-precision number at a byte of each block, shape (n_blocks, 1)."""
    return np.ascontiguousarray(raw[:, start : start + 2]).view(np.float16).astype(np.float32)


def _nibbles(raw: Blocks, start: int) -> NDArray[np.uint8]:
    """The low halves of 16 bytes, then the high ones: shape (n_blocks, BLOCK)."""
    packed = raw[:, start : start + BLOCK // 2]
    return np.concatenate([packed & 15, packed >> 4], axis=1)


def _fifth_bits(raw: Blocks, start: int) -> NDArray[np.uint8]:
    """Bit 4 of each number, from 32 bits of a block: shape (n_blocks, BLOCK)."""
    bits: NDArray[np.uint8] = np.unpackbits(raw[:, start : start + 4], axis=1, bitorder="little") * np.uint8(16)
    return bits


def _q4_0(raw: Blocks) -> Numbers:
    return (_nibbles(raw, 2).astype(np.float32) - 8) * _half(raw, 0)


def _q4_1(raw: Blocks) -> Numbers:
    return _nibbles(raw, 4).astype(np.float32) * _half(raw, 0) + _half(raw, 2)


def _q5_0(raw: Blocks) -> Numbers:
    return ((_nibbles(raw, 6) | _fifth_bits(raw, 2)).astype(np.float32) - 16) * _half(raw, 0)


def _q5_1(raw: Blocks) -> Numbers:
    return (_nibbles(raw, 8) | _fifth_bits(raw, 4)).astype(np.float32) * _half(raw, 0) + _half(raw, 2)


def _q8_0(raw: Blocks) -> Numbers:
    return np.ascontiguousarray(raw[:, 2:]).view(np.int8).astype(np.float32) * _half(raw, 0)


# ggml's number of a type → bytes of a block, numbers in it, how they are read
KINDS: Mapping[int, tuple[int, int, Callable[[Blocks], NDArray[np.float32] | NDArray[np.float16]]]] = {
    0: (4, 1, _float32),
    1: (2, 1, _float16),
    2: (18, BLOCK, _q4_0),
    3: (20, BLOCK, _q4_1),
    6: (22, BLOCK, _q5_0),
    7: (24, BLOCK, _q5_1),
    8: (34, BLOCK, _q8_0),
}
