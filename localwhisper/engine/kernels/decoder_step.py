"""A decoder's step for a few rows as one compiled function. What torch spends between its operations, and in
widening its weights, is most of a token's time in small models.

Weights are read as they are kept (int8, half or single precision), once for four rows; the arithmetic is in single
precision. Compiled by numba, which openai-whisper brings along, and kept in its cache (see compiling.py).

A call computes one part of the step, or all of it: of each product some outputs, and of attention the heads that these
are. Parts that run at once meet six times a layer, where each needs what all have computed. What comes out doesn't
depend on how many there are.
"""

from typing import NamedTuple

import numba
import numpy as np

from localwhisper.engine.kernels.intrinsics import (
    AHEAD_BYTES,
    EPSILON,
    HALF,
    LOWEST,
    ONE,
    ZERO,
    Array,
    barrier,
    exp,
    float32,
    fmax,
    jit,
    jit_cached,
    noinline,
    pointer,
    prefetch,
)
from localwhisper.engine.kernels.linear_weight_only import add_linear, linear

QKV, OUT, CROSS_QUERY, CROSS_OUT, UP, DOWN = range(6)  # the matrices of a layer in their table
ATTN_LN, CROSS_LN, MLP_LN = range(3)  # and its norms


class Scratch(NamedTuple):
    """What a step works in. float32."""

    x: Array  # (n_parts, n_rows, n_state), the embedded tokens, for each part
    normed: Array  # the same
    scores: Array  # (n_parts, the longest of text and audio)
    qkv: Array  # (n_rows, 3 * n_state)
    attended: Array  # (n_rows, n_state); in the end what the vocabulary is to be multiplied by
    cross_query: Array
    hidden: Array  # (n_rows, 4 * n_state)
    products: Array  # (n_rows, n_state)
    ones: Array  # (the longest of text and audio,)
    arrivals: Array  # int64, (1,): see barrier()


@jit
def _normalise(x: Array, norm: Array, out: Array) -> None:
    """Layer norm of each row; `norm`: int64, shape (2,), where weight and bias lie."""
    noinline()
    weight = numba.carray(pointer(norm[0], x), (x.shape[1],))
    bias = numba.carray(pointer(norm[1], x), (x.shape[1],))
    n = np.float32(x.shape[1])
    for row in range(x.shape[0]):
        total = ZERO
        for i in range(x.shape[1]):
            total += x[row, i]
        mean = total / n
        squares = ZERO
        for i in range(x.shape[1]):
            squares += (x[row, i] - mean) * (x[row, i] - mean)
        scale = ONE / np.sqrt(squares / n + EPSILON)
        for i in range(x.shape[1]):
            out[row, i] = (x[row, i] - mean) * scale * weight[i] + bias[i]


@jit
def _attend(
    q: Array, keys: Array, of_keys: Array, values: Array, of_values: Array, n: int, scores: Array, out: Array
) -> None:
    """One head's attention for one row: q and out, shape (n_per_head,), over n keys and values, (≥ n, n_per_head),
    that are scaled by `of_keys` and `of_values`, (≥ n,)."""
    noinline()
    size = q.shape[0]
    scale = ONE / np.sqrt(np.float32(size))
    for j in range(n):
        prefetch(keys, j, 1, AHEAD_BYTES)
        key = keys[j]
        a = ZERO
        for i in range(size):
            a += q[i] * float32(key[i])
        scores[j] = a
    most = LOWEST
    for j in range(n):
        scores[j] *= of_keys[j] * scale
        most = fmax(most, scores[j])
    total = ZERO
    for j in range(n):
        scores[j] = exp(scores[j] - most)
        total += scores[j]
    for j in range(n):
        scores[j] *= of_values[j]
    for i in range(size):
        out[i] = ZERO
    for j in range(0, n - 3, 4):
        prefetch(values, j, 4, AHEAD_BYTES)
        v0, v1, v2, v3 = values[j], values[j + 1], values[j + 2], values[j + 3]
        s0, s1, s2, s3 = scores[j], scores[j + 1], scores[j + 2], scores[j + 3]
        for i in range(size):
            out[i] += s0 * float32(v0[i]) + s1 * float32(v1[i]) + s2 * float32(v2[i]) + s3 * float32(v3[i])
    for j in range(n // 4 * 4, n):
        v0 = values[j]
        for i in range(size):
            out[i] += scores[j] * float32(v0[i])
    for i in range(size):
        out[i] /= total


@jit
def _gelu(x: Array, first: int, end: int) -> None:
    """In place, from the column `first` to `end`; with the error function, as whisper's (Numerical Recipes' erfc, to
    5e-7)."""
    noinline()
    for row in range(x.shape[0]):
        for i in range(first, end):
            z = abs(x[row, i]) * np.float32(0.70710678)
            t = ONE / (ONE + HALF * z)
            y = np.float32(0.17087277)
            y = y * t + np.float32(-0.82215223)
            y = y * t + np.float32(1.48851587)
            y = y * t + np.float32(-1.13520398)
            y = y * t + np.float32(0.27886807)
            y = y * t + np.float32(-0.18628806)
            y = y * t + np.float32(0.09678418)
            y = y * t + np.float32(0.37409196)
            y = y * t + np.float32(1.00002368)
            erfc = t * exp(y * t - np.float32(1.26551223) - z * z)
            half = HALF * erfc  # of the normal distribution, beyond |x|
            x[row, i] *= ONE - half if x[row, i] >= ZERO else half


@jit_cached
def step(
    matrices: Array,
    norms: Array,
    last_norm: Array,
    like: Array,
    scratch: Scratch,
    text: Array,
    audio: Array,
    audio_like: Array,
    lengths: Array,
    audio_lengths: Array,
    n_ctx: int,
    n_head: int,
    part: int,
    n_parts: int,
) -> None:
    """One token for each row. Arrays that are named `like` are empty: they say what lies at an address.

    int64, addresses: `matrices` (n_layer, 6, 3), see linear; `norms` (n_layer, 3, 2) and `last_norm` (2,), of weight
    and bias; `text` (n_rows, n_layer, 2), of a row's keys and values, (n_head, n_ctx, n_per_head); `audio` (n_rows,
    n_layer, 4), of its keys, (n_head, audio_length, n_per_head), their scales, its values and theirs. `lengths`:
    (n_rows,), how many tokens there are before this one. The scratch may have more rows, for nothing but _products.
    All `n_parts`, no more than heads, have to run at once. The first gives the result.
    """
    x, normed, scores = scratch.x[part], scratch.normed[part], scratch.scores[part]
    qkv, attended, hidden = scratch.qkv, scratch.attended, scratch.hidden
    cross_query, products, arrivals = scratch.cross_query, scratch.products, scratch.arrivals
    n_rows, n_state = len(lengths), x.shape[1]
    size = n_state // n_head
    first_head, end_head = n_head * part // n_parts, n_head * (part + 1) // n_parts
    first, end = first_head * size, end_head * size  # of what is as wide as the state
    for layer in range(len(matrices)):
        matrix, norm = matrices[layer], norms[layer]
        _normalise(x, norm[ATTN_LN], normed)
        for offset in range(0, 3 * n_state, n_state):
            linear(normed, matrix[QKV], like, qkv, offset + first, offset + end)
        for row in range(n_rows):
            for head in range(first_head, end_head):
                at = head * size
                keys = numba.carray(pointer(text[row, layer, 0], x), (n_head, n_ctx, size))[head]
                values = numba.carray(pointer(text[row, layer, 1], x), (n_head, n_ctx, size))[head]
                for i in range(size):
                    keys[lengths[row], i] = qkv[row, n_state + at + i]
                    values[lengths[row], i] = qkv[row, 2 * n_state + at + i]
                out, query = attended[row, at : at + size], qkv[row, at : at + size]
                _attend(query, keys, scratch.ones, values, scratch.ones, lengths[row] + 1, scores, out)
        barrier(arrivals, n_parts)
        add_linear(attended, matrix[OUT], like, products, x, first, end, arrivals, n_parts)
        _normalise(x, norm[CROSS_LN], normed)
        linear(normed, matrix[CROSS_QUERY], like, cross_query, first, end)
        for row in range(n_rows):
            for head in range(first_head, end_head):
                at, n_audio = head * size, audio_lengths[row]
                cross_keys = numba.carray(pointer(audio[row, layer, 0], audio_like), (n_head, n_audio, size))[head]
                cross_key_scales = numba.carray(pointer(audio[row, layer, 1], x), (n_head, n_audio))[head]
                cross_values = numba.carray(pointer(audio[row, layer, 2], audio_like), (n_head, n_audio, size))[head]
                cross_value_scales = numba.carray(pointer(audio[row, layer, 3], x), (n_head, n_audio))[head]
                out, query = attended[row, at : at + size], cross_query[row, at : at + size]
                _attend(query, cross_keys, cross_key_scales, cross_values, cross_value_scales, n_audio, scores, out)
        barrier(arrivals, n_parts)
        add_linear(attended, matrix[CROSS_OUT], like, products, x, first, end, arrivals, n_parts)
        _normalise(x, norm[MLP_LN], normed)
        linear(normed, matrix[UP], like, hidden, 4 * first, 4 * end)
        _gelu(hidden, 4 * first, 4 * end)
        barrier(arrivals, n_parts)
        add_linear(hidden, matrix[DOWN], like, products, x, first, end, arrivals, n_parts)
    if part == 0:
        _normalise(x, last_norm, attended)
