"""Encoder attention in int8, which takes half the time of float32 where a processor has int8 dot products.

Queries, keys and values are quantized with a scale for each row or column. Softmax weights need more than 8 bits, as
most are tiny beside the largest but count in the sum: they have 14, in two int8 matrices that are multiplied in turn.
"""

import numpy as np

from localwhisper.engine.kernels.intrinsics import HALF, LOG2_E, LOWEST, ONE, ZERO, fmax, power_of_two
from localwhisper.engine.kernels.jit import Array, jit, jit_cached, noinline_wide_vectors
from localwhisper.engine.kernels.quantize import INT8_MAX, MIN_PEAK, quantize_row

LOW_BITS, LOW_MASK = np.int32(7), np.int32(127)
MIN_EXPONENT = np.float32(-30)  # 2 ** -30 is zero in 14 bits
# 2 ** x between -1/2 and 1/2, within 6e-5, times 127 * 128: a weight of 1 is 127 in the high byte, which counts 128
C0, C1, C2, C3, C4 = (np.float32(c * 127 * 128) for c in (1, 0.6931472, 0.240221, 0.055503834, 0.009670763))


@jit_cached
def quantize_qkv(
    qkv: Array, head: int, q: Array, k: Array, v: Array, q_scales: Array, k_scales: Array, v_scales: Array
) -> None:
    """Quantize one head of qkv, float32, shape (n_ctx, 3 * n_state), to q, k and v, int8, each (n_ctx, n_per_head).

    q_scales (which include 1 / sqrt(n_per_head)) and k_scales: (n_ctx,), by row; v_scales: (n_per_head,), by column.
    """
    noinline_wide_vectors()
    n_ctx, size = q.shape
    n_state = qkv.shape[1] // 3
    first = head * size
    attention_scale = ONE / np.sqrt(np.float32(size))
    v_scales[:] = MIN_PEAK
    inverse = np.empty(size, np.float32)
    for i in range(n_ctx):
        values = qkv[i, 2 * n_state + first : 2 * n_state + first + size]
        for j in range(size):
            v_scales[j] = fmax(v_scales[j], abs(values[j]))
    for j in range(size):
        inverse[j] = INT8_MAX / v_scales[j]
        v_scales[j] /= INT8_MAX
    for i in range(n_ctx):
        q_scales[i] = quantize_row(qkv[i, first : first + size], INT8_MAX, q[i]) * attention_scale
        k_scales[i] = quantize_row(qkv[i, n_state + first : n_state + first + size], INT8_MAX, k[i])
        values, out = qkv[i, 2 * n_state + first : 2 * n_state + first + size], v[i]
        for j in range(size):
            out[j] = np.int32(np.rint(values[j] * inverse[j]))


@jit
def _softmax_row(scores: Array, q_scale: float, k_scales: Array, scaled: Array, high: Array, low: Array) -> float:
    """Compute one row of softmax(); `scaled` is scratch. Returns the sum of the weights."""
    noinline_wide_vectors()
    highest = LOWEST
    for j in range(len(scores)):
        scaled[j] = np.float32(scores[j]) * k_scales[j]
        highest = fmax(highest, scaled[j])
    factor = q_scale * LOG2_E
    total = ZERO
    for j in range(len(scores)):
        x = fmax((scaled[j] - highest) * factor, MIN_EXPONENT)
        n = np.rint(x)
        x -= n
        y = (((C4 * x + C3) * x + C2) * x + C1) * x + C0
        weight = np.int32(y * power_of_two(n) + HALF)
        total += np.float32(weight)
        high[j] = np.int8(weight >> LOW_BITS)
        low[j] = np.int8(weight & LOW_MASK)
    return total  # type: ignore[no-any-return]


@jit_cached
def softmax(scores: Array, q_scales: Array, k_scales: Array, weights: Array, totals: Array) -> None:
    """Softmax of each row of scores, int32, shape (n_rows, n_ctx), times q_scales, (n_rows,), and k_scales, (n_ctx,).

    weights: int8, (2 * n_rows, n_ctx), the high bytes and then the low bytes; their sums by row: totals, (≥ n_rows,).
    """
    n_rows, n_ctx = scores.shape
    scaled = np.empty(n_ctx, np.float32)
    for row in range(n_rows):
        totals[row] = _softmax_row(scores[row], q_scales[row], k_scales, scaled, weights[row], weights[n_rows + row])


@jit_cached
def weighted_values(sums: Array, v_scales: Array, totals: Array, out: Array, head: int) -> None:
    """Convert the product of weights and values, int32, shape (2 * n_rows, n_per_head), to one head's columns of out,
    float32, (n_rows, n_state); v_scales: (n_per_head,)."""
    n_rows, size = len(sums) // 2, sums.shape[1]
    first = head * size
    for row in range(n_rows):
        high, low, y = sums[row], sums[n_rows + row], out[row]
        inverse = ONE / totals[row]
        for j in range(size):
            y[first + j] = np.float32(high[j] * 128 + low[j]) * (v_scales[j] * inverse)
