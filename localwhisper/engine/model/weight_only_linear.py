"""Linear layers of which only the weights are quantized; the compiled decoder step reads them as they are stored.

Until kernels are compiled, torch computes them.
"""

from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from localwhisper.engine.kernels import quantize
from localwhisper.engine.kernels.linear_weight_only import linear_kernel
from localwhisper.engine.kernels.precompile import kernel_cache
from localwhisper.engine.threads import ThreadTeam

MAX_ROWS = 16  # torch is faster for more, though it has to convert all weights first
# rows of a matrix at a time: to convert them, to multiply them as they are, to quantize them
CONVERT_ROWS, SPAN_ROWS, QUANTIZE_ROWS = 1024, 8192, 1024
INT8_MAX = 127


class WeightOnlyLinear:
    """A Linear over weights in int8 or float16, with a scale for each output. Threading: SAFE."""

    def __init__(self, weight: Tensor, scales: Tensor, bias: Tensor | None, team: ThreadTeam) -> None:
        """`weight`: shape (n_out, n_in), contiguous; `scales`, `bias`: float32, shape (n_out,)."""
        self.weight, self.scales = weight, scales
        self.bias = torch.zeros(len(weight)) if bias is None else bias.float().contiguous()
        self.addresses = np.array([weight.data_ptr(), scales.data_ptr(), self.bias.data_ptr()], np.int64)
        self.like = empty_like(weight.dtype)
        self._team = team

    def __call__(self, x: Tensor) -> Tensor:
        """float32, shape (…, n_in) → float32, shape (…, n_out)."""
        rows = x.reshape(-1, x.shape[-1])
        out = rows.new_empty(len(rows), len(self.weight))
        if len(rows) > MAX_ROWS or not kernel_cache().is_ready():
            self._team.for_spans(len(self.weight), CONVERT_ROWS, partial(self._by_torch, rows, out))
        else:
            arrays = rows.contiguous().numpy(), self.addresses, self.like, out.numpy()
            self._team.for_spans(len(self.weight), SPAN_ROWS, partial(linear_kernel, *arrays), "vocabulary")
        return out.view(*x.shape[:-1], -1)

    def lookup(self, tokens: Tensor) -> Tensor:
        """Look up rows of the weight by index, as an embedding: int64, shape (…) → float32, shape (…, n_in)."""
        return F.embedding(tokens, self.weight).float() * self.scales[tokens, None]

    def _by_torch(self, x: Tensor, out: Tensor, first: int, end: int) -> None:
        part = slice(first, end)
        product = F.linear(x, self.weight[part].float())
        torch.addcmul(self.bias[part], product, self.scales[part], out=out[:, part])


def float16_weight_only(weight: Tensor, bias: Tensor | None, team: ThreadTeam) -> WeightOnlyLinear:
    return WeightOnlyLinear(weight.to(torch.float16, copy=True), torch.ones(len(weight)), bias, team)


def int8_weight_only(weight: Tensor, bias: Tensor | None, team: ThreadTeam) -> WeightOnlyLinear:
    levels, scales = torch.empty(weight.shape, dtype=torch.int8), torch.empty(len(weight))
    stored = as_kernel_input(weight)
    if stored is not None:
        out = levels.numpy(), scales.numpy()
        team.for_spans(len(weight), QUANTIZE_ROWS, partial(quantize.quantize_rows, stored, *out))
    else:
        for first in range(0, len(weight), QUANTIZE_ROWS):  # all of it in float32 would take four times the memory
            part = slice(first, first + QUANTIZE_ROWS)
            rows = weight[part].to(torch.float32, copy=True)
            scales[part] = (rows.abs().amax(dim=1) / INT8_MAX).clamp(min=1e-12)
            levels[part] = rows.div_(scales[part, None]).round_()
    return WeightOnlyLinear(levels, scales, bias, team)


def as_kernel_input(weight: Tensor) -> NDArray[Any] | None:
    """View a weight as a kernel's argument, float16 as its bits; None if no compiled kernel takes its type."""
    if weight.dtype not in {torch.float16, torch.float32} or not kernel_cache().is_ready():
        return None
    array = weight.contiguous().numpy()
    return array.view(np.uint16) if weight.dtype == torch.float16 else array


def empty_like(dtype: torch.dtype) -> NDArray[Any]:
    """An empty array that tells a kernel what type is stored at an address."""
    return np.empty(0, {torch.float16: np.uint16, torch.int16: np.int16, torch.int8: np.int8}.get(dtype, np.float32))
