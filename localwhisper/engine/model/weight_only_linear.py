"""Linear layers whose weights linear_weight_only.py reads as they lie."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from localwhisper.engine.kernels import linear_weight_only, precompile, quantize
from localwhisper.engine.threads import divided

MAX_ROWS = 16  # more are quicker by torch, though it has to widen all weights first
WIDEN_ROWS = 8192  # of a matrix at once
ROUND_ROWS = 1024
INT8_LEVELS = 127


class WeightOnlyLinear:
    """A Linear whose weights a compiled step reads as they lie: of each row, values times a scale.

    Threading: SAFE.
    """

    def __init__(self, weight: Tensor, scale: Tensor, bias: Tensor | None) -> None:
        """`weight`: shape (n_out, n_in), int8, float16 or float32; `scale`, `bias`: float32, shape (n_out,)."""
        self.weight, self.scale = weight, scale
        self.bias = torch.zeros(len(weight)) if bias is None else bias.float().contiguous()
        self.addresses = np.array([weight.data_ptr(), scale.data_ptr(), self.bias.data_ptr()], np.int64)
        self.like = like(weight.dtype)

    def __call__(self, x: Tensor) -> Tensor:
        """float32, shape (…, n_in) → float32, shape (…, n_out)."""
        rows = x.reshape(-1, x.shape[-1])
        if len(rows) > MAX_ROWS:
            out = torch.cat([self._widened(rows, i) for i in range(0, len(self.weight), WIDEN_ROWS)], dim=1)
        else:
            filled = padded(rows)
            out = rows.new_empty(len(filled), len(self.weight))
            given, found = filled.numpy(), out.numpy()

            def work(first: int, end: int) -> None:
                linear_weight_only.product(given, self.addresses, self.like, found, first, end)

            divided(len(self.weight), work)
        return out[: len(rows)].view(*x.shape[:-1], -1)

    def looked_up(self, tokens: Tensor) -> Tensor:
        """Rows by their number: int64, any shape → float32, of that shape with n_in behind it."""
        return F.embedding(tokens, self.weight).float() * self.scale[tokens, None]

    def _widened(self, x: Tensor, first: int) -> Tensor:
        part = slice(first, first + WIDEN_ROWS)
        return torch.addcmul(self.bias[part], F.linear(x, self.weight[part].float()), self.scale[part])


def float16_rows(weight: Tensor, bias: Tensor | None) -> WeightOnlyLinear:
    return WeightOnlyLinear(weight.to(torch.float16, copy=True), torch.ones(len(weight)), bias)


def int8_rows(weight: Tensor, bias: Tensor | None) -> WeightOnlyLinear:
    """Only the weights are rounded, unlike linears.int8's."""
    levels, scale = torch.empty(weight.shape, dtype=torch.int8), torch.empty(len(weight))
    given = bits(weight)
    if given is None:
        for first in range(0, len(weight), ROUND_ROWS):  # in single precision all of it would be four times the result
            part = slice(first, first + ROUND_ROWS)
            single = weight[part].to(torch.float32, copy=True)
            scale[part] = (single.abs().amax(dim=1) / INT8_LEVELS).clamp(min=1e-12)
            levels[part] = single.div_(scale[part, None]).round_()
    else:
        into = np.float32(INT8_LEVELS), levels.numpy(), scale.numpy()
        divided(len(weight), lambda first, end: quantize.rows_to_levels(given, *into, first, end))
    return WeightOnlyLinear(levels, scale, bias)


def bits(weight: Tensor) -> NDArray[Any] | None:
    """As rounding.py reads it, without a copy; None where that isn't compiled yet, or not for such numbers."""
    if not precompile.is_ready() or weight.dtype not in {torch.float16, torch.float32}:
        return None
    found = weight.contiguous().numpy()
    return found.view(np.uint16) if weight.dtype == torch.float16 else found


def padded(x: Tensor) -> Tensor:
    """One row, two, or a multiple of four, as linear_weight_only.py has it."""
    n_more = -len(x) % 4 if len(x) > 2 else 0
    return F.pad(x, (0, 0, 0, n_more)) if n_more else x.contiguous()


def like(dtype: torch.dtype) -> NDArray[Any]:
    """An empty array of what linear_weight_only.py reads there."""
    return np.empty(0, {torch.float16: np.uint16, torch.int16: np.int16, torch.int8: np.int8}.get(dtype, np.float32))
