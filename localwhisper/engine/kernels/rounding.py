"""Rows of numbers to levels times a scale, compiled."""

from typing import Any

import numpy as np

from localwhisper.engine.kernels.decoder_step import Array
from localwhisper.engine.kernels.primitives import apart, inlined, kept, larger

LEAST = np.float32(1e-12)


@inlined
def row_to_levels(row: Array, highest: Any, out: Array) -> Any:
    """out = row in levels up to `highest`, of either sign. Gives the scale."""
    apart()
    most = LEAST
    for i in range(len(row)):
        most = larger(most, abs(row[i]))
    share = highest / most
    for i in range(len(row)):
        out[i] = np.int32(np.rint(row[i] * share))
    return most / highest


@kept
def heads_to_levels(x: Array, first: int, highest: Any, levels: Array, scale: Array) -> None:
    """Of x, float32, shape (n_ctx, width), the columns from `first` on, cut into heads: levels, int8 or int16, shape
    (n_head, n_ctx, n_per_head), and the scale of each of their rows, float32, (n_head, n_ctx)."""
    n_head, n_ctx, size = levels.shape
    for i in range(n_ctx):
        for head in range(n_head):
            start = first + head * size
            scale[head, i] = row_to_levels(x[i, start : start + size], highest, levels[head, i])
