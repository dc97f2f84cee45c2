"""The formats in which a linear layer's weights are stored and multiplied.

Which are accurate and fast depends on the processor; calibration/ measures it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

import torch
import torch.nn.functional as F
from torch import Tensor

from localwhisper.engine.model.int8_gemm import Int8GemmLinear
from localwhisper.engine.model.weight_only_linear import float16_weight_only, int8_weight_only
from localwhisper.engine.threads import ThreadTeam
from localwhisper.engine.upstream import torch_internals

Linear = Callable[[Tensor], Tensor]  # shape (…, n_in) → the same type, shape (…, n_out)
# weight, shape (n_out, n_in), and bias, shape (n_out,), of any float type
Build = Callable[[Tensor, Tensor | None, ThreadTeam], Linear]

BLOCK_ROWS = 384  # of a window's 1500: what passes between two products stays in a core's cache


@dataclass(frozen=True, kw_only=True)
class LinearFormat:
    build: Build
    weight_bytes: int  # in memory, for each weight
    attention: str = "float32"  # the encoder's, of attention.ATTENTIONS
    activations: torch.dtype = torch.float32  # what the layers pass on to each other
    cross_kv: torch.dtype = torch.float32  # in what a decoder keeps the audio's keys and values, see Decoder
    needs_kernels: bool = False  # can't be computed until kernels are compiled
    is_streamed: bool = False  # weights are read from the mapped file at each use, for what is used once a window


def by_blocks(function: Callable[..., Tensor], n_out: int, team: ThreadTeam, *inputs: Tensor) -> Tensor:
    """function(rows, …) of blocks of rows of the inputs, shape (n, n_ctx, …), at the same time where cores are idle.

    Returns shape (n, n_ctx, n_out), of the first input's type.
    """
    rows = [tensor.flatten(0, 1) for tensor in inputs]
    out = rows[0].new_empty(len(rows[0]), n_out)

    def compute(first: int, end: int) -> None:
        out[first:end] = function(*(x[first:end] for x in rows))

    team.for_spans(len(out), BLOCK_ROWS, compute)
    return out.view(*inputs[0].shape[:2], n_out)


def _plain(dtype: torch.dtype, weight: Tensor, bias: Tensor | None, _team: ThreadTeam) -> Linear:
    """Computed in `dtype`, whatever the input's type is."""
    weight, bias = weight.to(dtype, copy=True), None if bias is None else bias.to(dtype)
    return lambda x: F.linear(x.to(dtype), weight, bias).to(x.dtype)


def float32_onednn(weight: Tensor, bias: Tensor | None, _team: ThreadTeam) -> Linear:
    packed = torch_internals.onednn_pack(weight.to(torch.float32, copy=True), BLOCK_ROWS)
    bias = None if bias is None else bias.float()
    return lambda x: torch_internals.onednn_linear(x, packed, bias)


def int8_dynamic(weight: Tensor, bias: Tensor | None, team: ThreadTeam) -> Linear:
    """torch's dynamic quantization: one scale for all of the input, so rows depend on each other."""
    quantized = int8_weight_only(weight, None, team)
    packed = torch_internals.int8_pack(quantized.weight, quantized.scales, None if bias is None else bias.float())
    return lambda x: torch_internals.int8_dynamic_linear(x, packed, saturates())


@lru_cache
def saturates() -> bool:
    """Whether torch's quantized layers saturate at 16 bits here, so that their input may only have 7 bits."""
    n = 64
    try:
        packed = torch_internals.int8_pack(torch.full((n, n), 127, dtype=torch.int8), torch.ones(n) / 127, None)
        products = torch_internals.int8_dynamic_linear(torch.ones(1, n), packed, False)
    except RuntimeError:  # not implemented for this processor
        return False
    return not bool(((products - n).abs() < 1).all())


float32, float16, bfloat16 = (partial(_plain, dtype) for dtype in (torch.float32, torch.float16, torch.bfloat16))
FORMATS: Mapping[str, LinearFormat] = {
    # openai-whisper's own arithmetic, the reference
    "float32": LinearFormat(build=float32, weight_bytes=4),
    # encoders on the CPU
    "float32-onednn": LinearFormat(build=float32_onednn, weight_bytes=4),
    "int8-gemm": LinearFormat(build=Int8GemmLinear, weight_bytes=1, attention="int8", needs_kernels=True),
    "int8-dynamic": LinearFormat(build=int8_dynamic, weight_bytes=1),
    "float32-streamed": LinearFormat(build=float32, weight_bytes=0, is_streamed=True),
    "bfloat16-streamed": LinearFormat(build=bfloat16, weight_bytes=0, attention="bfloat16", is_streamed=True),
    # decoders and vocabularies on the CPU
    "float16-weight-only": LinearFormat(build=float16_weight_only, weight_bytes=2, cross_kv=torch.int16),
    "int8-weight-only": LinearFormat(build=int8_weight_only, weight_bytes=1, cross_kv=torch.int8),
    # on a GPU
    "float16": LinearFormat(
        build=float16, weight_bytes=2, attention="float16", activations=torch.float16, cross_kv=torch.float16
    ),
}
