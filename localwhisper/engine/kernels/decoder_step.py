"""A decoder's step for a few rows as one compiled function. What torch spends between its operations, and in
widening its weights, is most of a token's time in small models.

Weights are read as they are kept (int8, half or single precision), once for four rows; the arithmetic is in single
precision. Compiled by numba, which openai-whisper brings along, and kept in its cache (see compiling.py).

A call computes one part of the step, or all of it: of each product some outputs, and of attention the heads that these
are. Parts that run at once meet six times a layer, where each needs what all have computed. What comes out doesn't
depend on how many there are.
"""

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from localwhisper.engine.kernels.intrinsics import (
    AHEAD_BYTES,
    EPSILON,
    HALF,
    LOWEST,
    ONE,
    ZERO,
    apart,
    ask_for,
    exp,
    float32,
    inlined,
    kept,
    larger,
    meet,
    pointer,
)

Array = NDArray[Any]
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
    arrivals: Array  # int64, (1,): see meet()


@inlined
def _normalise(x: Array, norm: Array, out: Array) -> None:
    """Layer norm of each row; `norm`: int64, shape (2,), where weight and bias lie."""
    apart()
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


@inlined
def _products(x: Array, weight: Array, out: Array, first: int, end: int) -> None:
    """out[row, o] = x[row] · weight[o] for two or more o; x has one row or two, or a multiple of four.

    A row of weights at a time, as memory is quickest from end to end; for several rows of x two, as those take longer
    to compute: where one row is left, the one before is computed again.
    """
    apart()
    n_rows, n = x.shape
    if n_rows == 1:
        y, found = x[0], out[0]
        for o in range(first, end):
            ask_for(weight, o, 1, AHEAD_BYTES)
            w0 = weight[o]
            a = ZERO
            for i in range(n):
                a += y[i] * float32(w0[i])
            found[o] = a
    elif n_rows == 2:
        y, z, found, others = x[0], x[1], out[0], out[1]
        for start in range(first, end, 2):
            o = min(start, end - 2)
            ask_for(weight, o, 2, AHEAD_BYTES)
            w0, w1 = weight[o], weight[o + 1]
            a = b = c = d = ZERO
            for i in range(n):
                v0, v1 = float32(w0[i]), float32(w1[i])
                a += y[i] * v0
                b += y[i] * v1
                c += z[i] * v0
                d += z[i] * v1
            found[o], found[o + 1], others[o], others[o + 1] = a, b, c, d
    else:
        for start in range(first, end, 2):
            o = min(start, end - 2)
            ask_for(weight, o, 2, AHEAD_BYTES)
            w0, w1 = weight[o], weight[o + 1]
            for row in range(0, n_rows - 3, 4):
                y0, y1, y2, y3 = x[row], x[row + 1], x[row + 2], x[row + 3]
                a = b = c = d = e = f = g = h = ZERO
                for i in range(n):
                    v0, v1 = float32(w0[i]), float32(w1[i])
                    a += y0[i] * v0
                    b += y1[i] * v0
                    c += y2[i] * v0
                    d += y3[i] * v0
                    e += y0[i] * v1
                    f += y1[i] * v1
                    g += y2[i] * v1
                    h += y3[i] * v1
                out[row, o], out[row + 1, o], out[row + 2, o], out[row + 3, o] = a, b, c, d
                out[row, o + 1], out[row + 1, o + 1], out[row + 2, o + 1], out[row + 3, o + 1] = e, f, g, h


@inlined
def _linear(x: Array, weights: Array, like: Array, out: Array, first: int, end: int) -> None:
    """out = x W + b, from the column `first` to `end`.

    `weights`: int64, shape (3,), where a matrix (n_out, n_in), the scales of its rows and its bias (n_out,) lie.
    """
    apart()
    n_out = out.shape[1]
    weight = numba.carray(pointer(weights[0], like), (n_out, x.shape[1]))
    scale = numba.carray(pointer(weights[1], x), (n_out,))
    bias = numba.carray(pointer(weights[2], x), (n_out,))
    _products(x, weight, out, first, end)
    for row in range(x.shape[0]):
        for o in range(first, end):
            out[row, o] = out[row, o] * scale[o] + bias[o]


@inlined
def _add_linear(
    given: Array,
    weights: Array,
    like: Array,
    products: Array,
    x: Array,
    first: int,
    end: int,
    arrivals: Array,
    n_parts: int,
) -> None:
    """x += given W + b, all of it: each part computes its columns of the products, and adds those of all parts."""
    apart()
    _linear(given, weights, like, products, first, end)
    meet(arrivals, n_parts)
    for row in range(x.shape[0]):
        for i in range(x.shape[1]):
            x[row, i] += products[row, i]


@inlined
def _attend(
    q: Array, keys: Array, of_keys: Array, values: Array, of_values: Array, n: int, scores: Array, out: Array
) -> None:
    """One head's attention for one row: q and out, shape (n_per_head,), over n keys and values, (≥ n, n_per_head),
    that are scaled by `of_keys` and `of_values`, (≥ n,)."""
    apart()
    size = q.shape[0]
    scale = ONE / np.sqrt(np.float32(size))
    for j in range(n):
        ask_for(keys, j, 1, AHEAD_BYTES)
        key = keys[j]
        a = ZERO
        for i in range(size):
            a += q[i] * float32(key[i])
        scores[j] = a
    most = LOWEST
    for j in range(n):
        scores[j] *= of_keys[j] * scale
        most = larger(most, scores[j])
    total = ZERO
    for j in range(n):
        scores[j] = exp(scores[j] - most)
        total += scores[j]
    for j in range(n):
        scores[j] *= of_values[j]
    for i in range(size):
        out[i] = ZERO
    for j in range(0, n - 3, 4):
        ask_for(values, j, 4, AHEAD_BYTES)
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


@inlined
def _gelu(x: Array, first: int, end: int) -> None:
    """In place, from the column `first` to `end`; with the error function, as whisper's (Numerical Recipes' erfc, to
    5e-7)."""
    apart()
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


@kept
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

    int64, addresses: `matrices` (n_layer, 6, 3), see _linear; `norms` (n_layer, 3, 2) and `last_norm` (2,), of weight
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
            _linear(normed, matrix[QKV], like, qkv, offset + first, offset + end)
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
        meet(arrivals, n_parts)
        _add_linear(attended, matrix[OUT], like, products, x, first, end, arrivals, n_parts)
        _normalise(x, norm[CROSS_LN], normed)
        _linear(normed, matrix[CROSS_QUERY], like, cross_query, first, end)
        for row in range(n_rows):
            for head in range(first_head, end_head):
                at, n_audio = head * size, audio_lengths[row]
                sounds = numba.carray(pointer(audio[row, layer, 0], audio_like), (n_head, n_audio, size))[head]
                of_sounds = numba.carray(pointer(audio[row, layer, 1], x), (n_head, n_audio))[head]
                meanings = numba.carray(pointer(audio[row, layer, 2], audio_like), (n_head, n_audio, size))[head]
                of_meanings = numba.carray(pointer(audio[row, layer, 3], x), (n_head, n_audio))[head]
                out, query = attended[row, at : at + size], cross_query[row, at : at + size]
                _attend(query, sounds, of_sounds, meanings, of_meanings, n_audio, scores, out)
        meet(arrivals, n_parts)
        _add_linear(attended, matrix[CROSS_OUT], like, products, x, first, end, arrivals, n_parts)
        _normalise(x, norm[MLP_LN], normed)
        _linear(normed, matrix[UP], like, hidden, 4 * first, 4 * end)
        _gelu(hidden, 4 * first, 4 * end)
        meet(arrivals, n_parts)
        _add_linear(hidden, matrix[DOWN], like, products, x, first, end, arrivals, n_parts)
    if part == 0:
        _normalise(x, last_norm, attended)


@kept
def product(x: Array, weights: Array, like: Array, out: Array, first: int, end: int) -> None:
    """out, shape (n_rows, n_out) = x W + b, from the column `first` to `end`; see _linear, and for rows _products."""
    _linear(x, weights, like, out, first, end)
