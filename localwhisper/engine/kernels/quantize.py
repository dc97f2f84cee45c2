"""Rows of numbers to levels times a scale, compiled."""

from typing import Any

import numpy as np

from localwhisper.engine.kernels.intrinsics import ZERO, Array, float32, fmax, jit, jit_cached, noinline

LEAST = np.float32(1e-12)


@jit
def row_to_levels(row: Array, highest: Any, out: Array) -> Any:
    """out = row in levels up to `highest`, of either sign. Gives the scale."""
    noinline()
    most = LEAST
    for i in range(len(row)):
        most = fmax(most, abs(row[i]))
    share = highest / most
    for i in range(len(row)):
        out[i] = np.int32(np.rint(row[i] * share))
    return most / highest


@jit_cached
def rows_to_levels(weight: Array, highest: Any, levels: Array, scale: Array, first: int, end: int) -> None:
    """Rows from `first` to `end`: of weight, half precision's bits or float32, shape (n_out, n_in), to levels, int8,
    and scale, float32, (n_out,)."""
    noinline()
    room = np.empty(weight.shape[1], np.float32)
    for o in range(first, end):
        row = weight[o]
        for i in range(len(row)):
            room[i] = float32(row[i])
        scale[o] = row_to_levels(room, highest, levels[o])


@jit_cached
def errors_of_levels(
    weight: Array, levels: Array, scale: Array, single_error: Any, errors: Array, lengths: Array, first: int, end: int
) -> None:
    """Rows as rows_to_levels has them: how far a product is off at most, of the length of what is multiplied, where
    sums are right to `single_error`, and the rounded row's length; both float32, (n_out,)."""
    noinline()
    for o in range(first, end):
        row, rounded, by = weight[o], levels[o], scale[o]
        off = length = right = ZERO
        for i in range(len(row)):
            one, other = float32(row[i]), float32(rounded[i]) * by
            off += (one - other) * (one - other)
            length += other * other
            right += one * one
        errors[o], lengths[o] = np.sqrt(off) + single_error * np.sqrt(right), np.sqrt(length)


@jit_cached
def heads_to_levels(x: Array, first: int, highest: Any, levels: Array, scale: Array) -> None:
    """Of x, float32, shape (n_ctx, width), the columns from `first` on, cut into heads: levels, int8 or int16, shape
    (n_head, n_ctx, n_per_head), and the scale of each of their rows, float32, (n_head, n_ctx)."""
    n_head, n_ctx, size = levels.shape
    for i in range(n_ctx):
        for head in range(n_head):
            start = first + head * size
            scale[head, i] = row_to_levels(x[i, start : start + size], highest, levels[head, i])
