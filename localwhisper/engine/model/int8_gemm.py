"""Linear layers as int8 matrix products for many rows, in blocks: what passes between two products stays in cache.

More accurate than torch's own quantized layers, as each row of the input has its own scale.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from localwhisper.engine.kernels import linear_int8, quantize
from localwhisper.engine.model.weight_only_linear import int8_weight_only
from localwhisper.engine.threads import ThreadTeam, max_parts, part_span, single_threaded
from localwhisper.engine.upstream import torch_internals

BLOCK_ROWS = 256


@lru_cache
def has_exact_int8_matmul() -> bool:
    """Whether int8 products are exact here: without int8 dot products, processors saturate pairwise sums at 16 bits."""
    peak, sums = torch.full((64, 64), 127, dtype=torch.int8), torch.empty(64, 64, dtype=torch.int32)
    try:
        return all(
            bool((torch_internals.int8_matmul(x, peak, sums) == int(x[0, 0]) * 127 * 64).all()) for x in (peak, -peak)
        )
    except (RuntimeError, NotImplementedError, AttributeError):
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
        rows_of_x = x.reshape(-1, x.shape[-1]).contiguous()
        out = rows_of_x.new_empty(len(rows_of_x), self._weight.shape[1])

        def work(blocks: Iterator[slice]) -> None:
            scratch = self.scratch()
            for rows in blocks:
                sums, x_scales = self.quantize_and_multiply(rows_of_x[rows], scratch)
                linear_int8.dequantize(sums.numpy(), x_scales, self.scales, self.bias, out[rows].numpy(), False)

        _for_blocks(work, len(rows_of_x), self.team)
        return out.view(*x.shape[:-1], -1)

    def scratch(self) -> Tensor:
        """Allocate memory for the integer sums of a block: int32, shape (BLOCK_ROWS, n_out)."""
        return torch.empty(BLOCK_ROWS, self._weight.shape[1], dtype=torch.int32)

    def quantize_and_multiply(self, x: Tensor, scratch: Tensor) -> tuple[Tensor, np.ndarray]:
        """Multiply a block of x, float32, shape (n_rows, n_in). Returns integer sums, in `scratch`, and x's scales."""
        levels, scales = torch.empty(x.shape, dtype=torch.int8), np.empty(len(x), np.float32)
        quantize.quantize_rows(x.numpy(), levels.numpy(), scales, 0, len(x))
        return self.multiply(levels, scratch), scales

    def multiply(self, levels: Tensor, scratch: Tensor) -> Tensor:
        return torch_internals.int8_matmul(levels, self._weight, scratch[: len(levels)])


def add_feed_forward(x: Tensor, norm: Callable[[Tensor], Tensor], up: Int8GemmLinear, down: Int8GemmLinear) -> None:
    """x += down(gelu(up(norm(x)))); x: float32, shape (…, n_state), contiguous."""
    rows_of_x = x.view(-1, x.shape[-1])

    def work(blocks: Iterator[slice]) -> None:
        up_sums, down_sums = up.scratch(), down.scratch()
        levels, scales = torch.empty(up_sums.shape, dtype=torch.int8), np.empty(len(up_sums), np.float32)
        for rows in blocks:
            block = rows_of_x[rows]
            sums, x_scales = up.quantize_and_multiply(norm(block), up_sums)
            hidden = levels[: len(block)]
            linear_int8.gelu_and_quantize(sums.numpy(), x_scales, up.scales, up.bias, hidden.numpy(), scales)
            sums = down.multiply(hidden, down_sums)
            linear_int8.dequantize(sums.numpy(), scales, down.scales, down.bias, block.numpy(), True)

    _for_blocks(work, len(rows_of_x), up.team)


def _for_blocks(work: Callable[[Iterator[slice]], None], n_rows: int, team: ThreadTeam) -> None:
    """Divide rows into blocks of at most BLOCK_ROWS, as many for each thread; work(blocks) runs on each thread."""
    n_threads = max_parts()
    n_blocks = min(n_rows, n_threads * -(-n_rows // (n_threads * BLOCK_ROWS)))

    def work_part(first: int, end: int) -> None:
        with single_threaded():
            work(slice(*part_span(n_rows, block, n_blocks)) for block in range(first, end))

    team.parallel_for(n_blocks, work_part)
