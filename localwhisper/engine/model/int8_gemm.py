"""Linear layers in bytes for many rows, a block of them at a time: what is between products stays in a core's cache.

More accurate than torch's own quantised layers, as each row has its own scale.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from localwhisper.engine.kernels import linear_int8
from localwhisper.engine.model.weight_only_linear import int8_rows
from localwhisper.engine.threads import MAX_PARTS, divided, one_thread, span

BLOCK_ROWS = 256


@lru_cache
def multiplies_bytes() -> bool:
    """Whether torch's products of bytes are right on this processor: without instructions for them, sums of two that
    don't fit in 16 bits are cut off."""
    highest = torch.full((64, 64), 127, dtype=torch.int8)
    try:
        return all(bool((torch._int_mm(x, highest) == int(x[0, 0]) * 127 * 64).all()) for x in (highest, -highest))
    except (RuntimeError, NotImplementedError, AttributeError):
        return False


def require_bytes() -> None:
    """Raises RuntimeError where the processor multiplies wrong."""
    if not multiplies_bytes():
        raise RuntimeError("8-bit products overflow on this processor")


class Int8GemmLinear:
    """A Linear in bytes. Threading: SAFE."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        """Raises as require_bytes."""
        require_bytes()
        rounded = int8_rows(weight, bias)
        self._weight = rounded.weight.t()
        self.scale, self.bias = rounded.scale.numpy(), rounded.bias.numpy()

    @property
    def n_out(self) -> int:
        return self._weight.shape[1]

    def __call__(self, x: Tensor) -> Tensor:
        """float32, shape (…, n_in) → float32, shape (…, n_out)."""
        given = x.reshape(-1, x.shape[-1]).contiguous()
        out = given.new_empty(len(given), self.n_out)

        def work(blocks: Iterator[slice]) -> None:
            sums = self.room()
            for rows in blocks:
                found, scale = self.sums(given[rows], sums)
                linear_int8.from_sums(found.numpy(), scale, self.scale, self.bias, out[rows].numpy())

        _in_blocks(work, len(given))
        return out.view(*x.shape[:-1], -1)

    def room(self) -> Tensor:
        """For the sums of a block."""
        return torch.empty(BLOCK_ROWS, self.n_out, dtype=torch.int32)

    def sums(self, x: Tensor, room: Tensor) -> tuple[Tensor, np.ndarray]:
        """Of a block, float32, shape (n_rows, n_in): the products in bytes, int32, shape (n_rows, n_out), and x's
        scales."""
        levels, scale = torch.empty(x.shape, dtype=torch.int8), np.empty(len(x), np.float32)
        linear_int8.to_levels(x.numpy(), levels.numpy(), scale)
        return self.products(levels, room), scale

    def products(self, levels: Tensor, room: Tensor) -> Tensor:
        return torch._int_mm(levels, self._weight, out=room[: len(levels)])


def add_feed_forward(x: Tensor, norm: Callable[[Tensor], Tensor], up: Int8GemmLinear, down: Int8GemmLinear) -> None:
    """x += down(gelu(up(norm(x)))); x: float32, shape (…, n_state), contiguous."""
    rows_of_x = x.view(-1, x.shape[-1])

    def work(blocks: Iterator[slice]) -> None:
        wide, narrow = up.room(), down.room()
        levels, scale = torch.empty(wide.shape, dtype=torch.int8), np.empty(len(wide), np.float32)
        for rows in blocks:
            its = rows_of_x[rows]
            sums, of_its = up.sums(norm(its), wide)
            hidden = levels[: len(its)]
            linear_int8.gelu_to_levels(sums.numpy(), of_its, up.scale, up.bias, hidden.numpy(), scale)
            found = down.products(hidden, narrow)
            linear_int8.add_sums(found.numpy(), scale, down.scale, down.bias, its.numpy())

    _in_blocks(work, len(rows_of_x))


def _in_blocks(work: Callable[[Iterator[slice]], None], n_rows: int) -> None:
    most_parts = min(MAX_PARTS, torch.get_num_threads())
    n_blocks = min(n_rows, most_parts * -(-n_rows // (most_parts * BLOCK_ROWS)))

    def part(first: int, end: int) -> None:
        with one_thread():
            work(slice(*span(n_rows, block, n_blocks)) for block in range(first, end))

    divided(n_blocks, part)
