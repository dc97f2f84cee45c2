"""The encoder's attention in 8 bits, half as long as in single precision where a processor multiplies bytes.

Queries, keys and values are rounded to 8 bits, each row or column with its own scale. Weights are not: most are
tiny beside the largest, and their sum counts; so they are taken in 14 bits, as two bytes that are multiplied in turn.
"""

import numpy as np

from localwhisper.engine.kernels.intrinsics import (
    HALF,
    LOG2_E,
    LOWEST,
    ONE,
    ZERO,
    Array,
    fmax,
    jit,
    jit_cached,
    noinline,
    power_of_two,
)
from localwhisper.engine.kernels.quantize import LEAST, row_to_levels

BYTE = np.float32(127)
SEVEN, LOW = np.int32(7), np.int32(127)
LEAST_EXPONENT = np.float32(-30)  # of two: a weight that is nothing in 14 bits
# 2 ** x between -1/2 and 1/2, to 6e-5, times 127 * 128: a weight of one is 127 in the higher byte, which counts 128
C0, C1, C2, C3, C4 = (np.float32(c * 127 * 128) for c in (1, 0.6931472, 0.240221, 0.055503834, 0.009670763))


@jit_cached
def to_bytes(qkv: Array, head: int, q: Array, k: Array, v: Array, of_q: Array, of_k: Array, of_v: Array) -> None:
    """Of one head: float32, shape (n_ctx, 3 * n_state) → int8, each (n_ctx, n_per_head), and their scales: of each row
    of q, with what attention divides by, and of k, (n_ctx,); of each column of v, (n_per_head,)."""
    noinline()
    n_ctx, size = q.shape
    n_state = qkv.shape[1] // 3
    first = head * size
    share = ONE / np.sqrt(np.float32(size))
    of_v[:] = LEAST
    levels_of_v = np.empty(size, np.float32)
    for i in range(n_ctx):
        values = qkv[i, 2 * n_state + first : 2 * n_state + first + size]
        for j in range(size):
            of_v[j] = fmax(of_v[j], abs(values[j]))
    for j in range(size):
        levels_of_v[j] = BYTE / of_v[j]
        of_v[j] /= BYTE
    for i in range(n_ctx):
        of_q[i] = row_to_levels(qkv[i, first : first + size], BYTE, q[i]) * share
        of_k[i] = row_to_levels(qkv[i, n_state + first : n_state + first + size], BYTE, k[i])
        values, out = qkv[i, 2 * n_state + first : 2 * n_state + first + size], v[i]
        for j in range(size):
            out[j] = np.int32(np.rint(values[j] * levels_of_v[j]))


@jit
def _row_to_weights(scores: Array, of_query: float, of_keys: Array, room: Array, high: Array, low: Array) -> float:
    """Gives the weights' sum."""
    noinline()
    most = LOWEST
    for j in range(len(scores)):
        room[j] = np.float32(scores[j]) * of_keys[j]
        most = fmax(most, room[j])
    share = of_query * LOG2_E
    total = ZERO
    for j in range(len(scores)):
        x = fmax((room[j] - most) * share, LEAST_EXPONENT)
        n = np.rint(x)
        x -= n
        y = (((C4 * x + C3) * x + C2) * x + C1) * x + C0
        level = np.int32(y * power_of_two(n) + HALF)
        total += np.float32(level)
        high[j] = np.int8(level >> SEVEN)
        low[j] = np.int8(level & LOW)
    return total  # type: ignore[no-any-return]


@jit_cached
def to_weights(scores: Array, of_q: Array, of_k: Array, weights: Array, totals: Array) -> None:
    """Softmax of each row of scores, int32, shape (n_rows, n_ctx), scaled by of_q, (n_rows,), and of_k, (n_ctx,):
    into weights, int8, (2 * n_rows, n_ctx), the higher bytes and then the lower, and their totals, (≥ n_rows,)."""
    n_rows, n_ctx = scores.shape
    room = np.empty(n_ctx, np.float32)
    for row in range(n_rows):
        totals[row] = _row_to_weights(scores[row], of_q[row], of_k, room, weights[row], weights[n_rows + row])


@jit_cached
def add_up(sums: Array, of_v: Array, totals: Array, out: Array, head: int) -> None:
    """What the weights' bytes came to, int32, shape (2 * n_rows, n_per_head), to a head's place in out, float32, shape
    (n_rows, n_state). `of_v`: (n_per_head,)."""
    n_rows, size = len(sums) // 2, sums.shape[1]
    first = head * size
    for row in range(n_rows):
        high, low, its = sums[row], sums[n_rows + row], out[row]
        share = ONE / totals[row]
        for j in range(size):
            its[first + j] = np.float32(high[j] * 128 + low[j]) * (of_v[j] * share)
