"""Rows of numbers quantized to integers with a scale for each row."""

from typing import Any

import numpy as np

from localwhisper.engine.kernels.intrinsics import fmax, to_float32
from localwhisper.engine.kernels.jit import Array, jit, jit_cached, noinline_wide_vectors

MIN_PEAK = np.float32(1e-12)  # a row of zeros has a scale too
INT8_MAX = np.float32(127)


@jit
def quantize_row(row: Array, max_level: Any, levels: Array) -> Any:
    """levels = row / scale, rounded, within ±max_level; row: float32, or the bits of float16. Returns the scale."""
    noinline_wide_vectors()
    peak = MIN_PEAK
    for i in range(len(row)):
        peak = fmax(peak, abs(to_float32(row[i])))
    inverse = max_level / peak
    for i in range(len(row)):
        levels[i] = np.int32(np.rint(to_float32(row[i]) * inverse))
    return peak / max_level


@jit_cached
def quantize_rows(x: Array, levels: Array, scales: Array, first: int, end: int) -> None:
    """Quantize rows `first` to `end` of x, shape (n_rows, n), to int8 levels; scales: float32, shape (≥ n_rows,)."""
    for i in range(first, end):
        scales[i] = quantize_row(x[i], INT8_MAX, levels[i])


@jit_cached
def quantize_heads(x: Array, first: int, max_level: Any, levels: Array, scales: Array, first_row: int) -> None:
    """Cut the columns of x from `first` on into heads and quantize each head's rows, which begin at `first_row`.

    x: float32, shape (n_rows, width); levels: int8 or int16, shape (n_head, n_ctx, n_per_head); scales: float32, shape
    (n_head, n_ctx).
    """
    n_head, _, size = levels.shape
    for i in range(len(x)):
        for head in range(n_head):
            start, row = first + head * size, first_row + i
            scales[head, row] = quantize_row(x[i, start : start + size], max_level, levels[head, row])
