"""Ways to keep a linear layer's weights and multiply by them. Each is a function (weight, bias) → Linear.

What a way is worth depends on the processor: calibration.py measures it, nothing here decides.
"""

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from localwhisper.engine.model.int8_gemm import Int8GemmLinear
from localwhisper.engine.model.weight_only_linear import WeightOnlyLinear, float16_rows, int8_rows

Linear = Callable[[Tensor], Tensor]  # shape (…, n_in) → the same type, shape (…, n_out); float32 but for HALVES
Format = Callable[[Tensor, Tensor | None], Linear]  # weight, shape (n_out, n_in), and bias, shape (n_out,), of any type

N_ROWS = 1500  # of a window's features, for which weights are laid out
ZERO_LEVEL = 128  # of activations without a sign
BYTE = 127  # the highest level


@dataclass(frozen=True)
class Streamed:
    """A format into which weights are brought each time they are used, from the mapped file: memory has none of them.

    For what is used once a window. The file's pages stay with the system as long as nobody else needs the memory.
    """

    format: Format


def float32(weight: Tensor, bias: Tensor | None) -> Linear:
    weight, bias = weight.to(torch.float32, copy=True), None if bias is None else bias.float()
    return lambda x: F.linear(x, weight, bias)


def onednn(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """F.linear in single precision by oneDNN, where torch takes another library's: on some processors that one uses
    half of a core."""
    product: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return product


def float32_packed(weight: Tensor, bias: Tensor | None) -> Linear:
    """Single precision in oneDNN's own layout."""
    packed = torch.ops.mkldnn._reorder_linear_weight(weight.to(torch.float32, copy=True), N_ROWS)
    bias = None if bias is None else bias.float()
    return lambda x: onednn(x, packed, bias)


def float16_packed(weight: Tensor, bias: Tensor | None) -> Linear:
    """Half precision weights, single precision arithmetic: loses nothing where the checkpoint is in half precision."""
    packed = torch.ops.quantized.linear_prepack_fp16(weight.float(), None if bias is None else bias.float())
    return lambda x: torch.ops.quantized.linear_dynamic_fp16(x, packed)


def _packed(levels: WeightOnlyLinear, bias: Tensor | None) -> Any:
    """Weights in 8 bits with a scale for each output, as torch's quantised products take them."""
    zeros = torch.zeros(len(levels.weight), dtype=torch.long)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own eager quantisation is to go one day; calibration notices then
        rows = torch._make_per_channel_quantized_tensor(levels.weight, levels.scale.double(), zeros, 0)
    return torch.ops.quantized.linear_prepack(rows, None if bias is None else bias.float())


def int8(weight: Tensor, bias: Tensor | None) -> Linear:
    """Weights in 8 bits with a scale for each output, activations in 8 bits with one for all."""
    packed = _packed(int8_rows(weight, None), bias)
    return lambda x: torch.ops.quantized.linear_dynamic(x, packed, False)


def int8_reduced(weight: Tensor, bias: Tensor | None) -> Linear:
    """As int8 with activations of 7 bits: where the processor's sums of two products would overflow 16 bits."""
    packed = _packed(int8_rows(weight, None), bias)
    return lambda x: torch.ops.quantized.linear_dynamic(x, packed, True)


def _by_row(levels: int, weight: Tensor, bias: Tensor | None) -> Linear:
    """Activations with a scale for each row, so that no row depends on those that are computed with it."""
    packed = _packed(int8_rows(weight, None), None)
    bias = torch.zeros(len(weight)) if bias is None else bias.float()

    def linear(x: Tensor) -> Tensor:
        most = _highest(x)
        product = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32
        found: Tensor = product(x / most, 1 / levels, ZERO_LEVEL, packed)
        return torch.addcmul(bias, found, most)

    return linear


def int8_of_two_bytes(levels: WeightOnlyLinear) -> Linear:
    """Weights in 8 bits, activations in 16: two bytes, as two rows of one product, which reads the weights once."""
    packed = _packed(levels, None)

    def linear(x: Tensor) -> Tensor:
        of_x = _highest(x) / BYTE
        levels = x / of_x
        high = levels.round()
        both = torch.cat([high, ((levels - high) * 2 * BYTE).round_()])
        product = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32
        found: Tensor = product(both, 1.0, ZERO_LEVEL, packed)
        return torch.add(found[: len(x)], found[len(x) :], alpha=0.5 / BYTE).mul_(of_x)

    return linear


def error_of_two_bytes(x: Tensor) -> Tensor:
    """By row, shape (n_rows,), how far x can lie from what int8_of_two_bytes makes of it."""
    return _highest(x)[:, 0] * (math.sqrt(x.shape[1]) / (4 * BYTE * BYTE))


def _highest(x: Tensor) -> Tensor:
    """By row."""
    return x.abs().amax(dim=-1, keepdim=True).clamp_(min=1e-12)


def saturates() -> bool:
    """Whether int8's sums overflow on this processor: two products at their highest don't fit in 16 bits."""
    n = 64
    try:
        found = int8(torch.ones(n, n), None)(torch.ones(1, n))
    except RuntimeError:  # this torch hasn't got it
        return False
    return not bool(((found - n).abs() < 1).all())


def _lower(dtype: torch.dtype) -> Format:
    def build(weight: Tensor, bias: Tensor | None) -> Linear:
        weight, bias = weight.to(dtype), None if bias is None else bias.to(dtype)
        return lambda x: F.linear(x.to(dtype), weight, bias).to(x.dtype)

    return build


HALVES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def numbers(format: str) -> torch.dtype:
    """What layers of that format pass on to each other."""
    return HALVES.get(format, torch.float32)


FORMATS: Mapping[str, Format | Streamed] = {
    "float32": float32,
    "float32-packed": float32_packed,
    "float16-packed": float16_packed,
    "int8": int8,
    "int8-blocks": Int8GemmLinear,  # on the processor, for many rows of x
    "int8-reduced": int8_reduced,
    "int8-by-row": partial(_by_row, 127),
    "int8-reduced-by-row": partial(_by_row, 63),
    **{name: _lower(dtype) for name, dtype in HALVES.items()},
    "float16-rows": float16_rows,  # on the processor, for a few rows of x
    "int8-rows": int8_rows,
    "float32-streamed": Streamed(float32),
    "bfloat16-streamed": Streamed(_lower(torch.bfloat16)),
}
BYTES = {  # a weight
    "float32": 4,
    "float32-packed": 4,
    "float16-packed": 2,
    "bfloat16": 2,
    "float16": 2,
    "int8": 1,
    "int8-blocks": 1,
    "int8-reduced": 1,
    "int8-by-row": 1,
    "int8-reduced-by-row": 1,
    "float16-rows": 2,
    "int8-rows": 1,
    "screened": 1,
    "screened-int8": 1,
    "float32-streamed": 0,
    "bfloat16-streamed": 0,
}
