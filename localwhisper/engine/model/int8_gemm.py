"""Linear layers as int8 matrix products for a block of rows: what passes between two products stays in cache.

More accurate than torch's own quantized layers, as each row of the input has its own scale.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from localwhisper.engine.kernels import linear_int8, quantize
from localwhisper.engine.model.weight_only_linear import int8_weight_only
from localwhisper.engine.threads import ThreadTeam
from localwhisper.engine.upstream import torch_internals


@lru_cache
def has_exact_int8_matmul() -> bool:
    """Whether int8 products are exact here: without int8 dot products, processors saturate pairwise sums at 16 bits."""
    peak, sums = torch.full((64, 64), 127, dtype=torch.int8), torch.empty(64, 64, dtype=torch.int32)
    try:
        return all(
            bool((torch_internals.int8_matmul(x, peak, sums) == int(x[0, 0]) * 127 * 64).all()) for x in (peak, -peak)
        )
    except torch_internals.UNSUPPORTED:
        return False


def require_int8_matmul() -> None:
    """Raises RuntimeError where int8 products overflow."""
    if not has_exact_int8_matmul():
        raise RuntimeError("8-bit products overflow on this processor")


class Int8GemmLinear:
    """A Linear over int8 weights that quantizes its input. Threading: SAFE."""

    def __init__(self, weight: Tensor, bias: Tensor | None, team: ThreadTeam) -> None:
        """Raises as require_int8_matmul."""
        require_int8_matmul()
        quantized = int8_weight_only(weight, bias, team)
        self._weight = quantized.weight.t()
        self.scales, self.bias = quantized.scales.numpy(), quantized.bias.numpy()
        self.team = team

    def __call__(self, x: Tensor) -> Tensor:
        """float32, shape (…, n_in) → float32, shape (…, n_out)."""
        rows = x.reshape(-1, x.shape[-1]).contiguous()
        out = rows.new_empty(len(rows), self._weight.shape[1])
        sums, scales = self.quantize_and_multiply(rows)
        linear_int8.dequantize(sums.numpy(), scales, self.scales, self.bias, out.numpy(), False)
        return out.view(*x.shape[:-1], -1)

    def quantize_and_multiply(self, x: Tensor) -> tuple[Tensor, np.ndarray]:
        """float32, shape (n_rows, n_in) → the integer sums, shape (n_rows, n_out), and x's scales."""
        levels, scales = self.team.scratch(x.shape, torch.int8), np.empty(len(x), np.float32)
        quantize.quantize_rows(x.numpy(), levels.numpy(), scales, 0, len(x))
        return self.multiply(levels), scales

    def multiply(self, levels: Tensor) -> Tensor:
        sums = self.team.scratch((len(levels), self._weight.shape[1]), torch.int32)
        return torch_internals.int8_matmul(levels, self._weight, sums)


def add_feed_forward(x: Tensor, norm: Callable[[Tensor], Tensor], up: Int8GemmLinear, down: Int8GemmLinear) -> None:
    """x += down(gelu(up(norm(x)))); x: float32, shape (n_rows, n_state), contiguous."""
    sums, x_scales = up.quantize_and_multiply(norm(x))
    levels, scales = up.team.scratch(sums.shape, torch.int8), np.empty(len(sums), np.float32)
    linear_int8.gelu_and_quantize(sums.numpy(), x_scales, up.scales, up.bias, levels.numpy(), scales)
    sums = down.multiply(levels)
    linear_int8.dequantize(sums.numpy(), scales, down.scales, down.bias, x.numpy(), True)
