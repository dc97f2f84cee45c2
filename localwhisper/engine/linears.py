"""Ways to keep a linear layer's weights and multiply by them. Each is a function (weight, bias) → Linear.

What a way is worth depends on the processor: calibration.py measures it, nothing here decides.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from localwhisper.engine.rows import float16_rows, int8_rows

Linear = Callable[[Tensor], Tensor]  # float32, shape (…, n_in) → float32, shape (…, n_out)
Format = Callable[[Tensor, Tensor | None], Linear]  # weight, shape (n_out, n_in), and bias, shape (n_out,), of any type


@dataclass(frozen=True)
class Streamed:
    """A format into which weights are brought each time they are used, from the mapped file: memory has none of them.

    For what is used once a window. The file's pages stay with the system as long as nobody else needs the memory.
    """

    format: Format


def float32(weight: Tensor, bias: Tensor | None) -> Linear:
    weight, bias = weight.to(torch.float32, copy=True), None if bias is None else bias.float()
    return lambda x: F.linear(x, weight, bias)


def float16_packed(weight: Tensor, bias: Tensor | None) -> Linear:
    """Half precision weights, single precision arithmetic: loses nothing where the checkpoint is in half precision."""
    packed = torch.ops.quantized.linear_prepack_fp16(weight.float(), None if bias is None else bias.float())
    return lambda x: torch.ops.quantized.linear_dynamic_fp16(x, packed)


def _int8(weight: Tensor, bias: Tensor | None, reduce_range: bool) -> Linear:
    levels = int8_rows(weight, None)
    zeros = torch.zeros(len(weight), dtype=torch.long)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own eager quantisation is to go one day; calibration notices then
        rows = torch._make_per_channel_quantized_tensor(levels.weight, levels.scale.double(), zeros, 0)
    packed = torch.ops.quantized.linear_prepack(rows, None if bias is None else bias.float())
    return lambda x: torch.ops.quantized.linear_dynamic(x, packed, reduce_range)


def int8(weight: Tensor, bias: Tensor | None) -> Linear:
    """Weights in 8 bits with a scale for each output, activations in 8 bits with one for all."""
    return _int8(weight, bias, False)


def int8_reduced(weight: Tensor, bias: Tensor | None) -> Linear:
    """As int8 with activations of 7 bits: where the processor's sums of two products would overflow 16 bits."""
    return _int8(weight, bias, True)


def saturates() -> bool:
    """Whether int8's sums overflow on this processor: two products at their highest don't fit in 16 bits."""
    n = 64
    found = int8(torch.ones(n, n), None)(torch.ones(1, n))
    return not bool(((found - n).abs() < 1).all())


def _lower(dtype: torch.dtype) -> Format:
    def build(weight: Tensor, bias: Tensor | None) -> Linear:
        weight, bias = weight.to(dtype), None if bias is None else bias.to(dtype)
        return lambda x: F.linear(x.to(dtype), weight, bias).float()

    return build


FORMATS: Mapping[str, Format | Streamed] = {
    "float32": float32,
    "float16-packed": float16_packed,
    "int8": int8,
    "int8-reduced": int8_reduced,
    "bfloat16": _lower(torch.bfloat16),
    "float16": _lower(torch.float16),
    "float16-rows": float16_rows,  # on the processor, for a few rows of x
    "int8-rows": int8_rows,
    "float32-streamed": Streamed(float32),
    "bfloat16-streamed": Streamed(_lower(torch.bfloat16)),
}
BYTES = {  # a weight
    "float32": 4, "float16-packed": 2, "bfloat16": 2, "float16": 2, "int8": 1, "int8-reduced": 1,
    "float16-rows": 2, "int8-rows": 1, "screened": 1, "screened-int8": 1,
    "float32-streamed": 0, "bfloat16-streamed": 0,
}  # fmt: skip
