"""One decoder step (all layers, one token per row) as a single compiled function.

In small models most of a token's time goes to the gaps between torch's operations and to converting weights. The
weights are read as they are stored, with float32 arithmetic.

Several threads may compute a step together: each takes some output columns of every product, and the attention heads
that those belong to. They meet at a barrier six times a layer. The result doesn't depend on how many threads there are.
"""

from typing import NamedTuple

import numba
import numpy as np

from localwhisper.engine.kernels.intrinsics import (
    EPSILON,
    HALF,
    LOWEST,
    ONE,
    PREFETCH_BYTES,
    ZERO,
    barrier,
    exp,
    fmax,
    pointer,
    prefetch,
    to_float32,
)
from localwhisper.engine.kernels.jit import Array, jit, jit_cached, noinline_wide_vectors
from localwhisper.engine.kernels.linear_weight_only import add_linear, linear

QKV, OUT, CROSS_QUERY, CROSS_OUT, UP, DOWN = range(6)  # a layer's matrices in LayerTables
ATTN_LN, CROSS_LN, MLP_LN = range(3)  # and its norms


class LayerTables(NamedTuple):
    """The decoder's weights, as int64 addresses."""

    matrices: Array  # (n_layer, 6, 3): see linear_weight_only.linear
    norms: Array  # (n_layer, 3, 2): weight and bias
    last_norm: Array  # (2,)
    like: Array  # empty, of the matrices' type


class Rows(NamedTuple):
    """The rows of a step, one new token each: where their keys and values are, as int64 addresses."""

    text: Array  # (n_rows, n_layer, 2): keys and values, (n_head, n_text_ctx, n_per_head)
    audio: Array  # (n_rows, n_layer, 4): keys, (n_head, n_audio_ctx, n_per_head), their scales, values, their scales
    audio_like: Array  # empty, of the type of the audio's keys and values
    text_lengths: Array  # int64, (n_rows,): tokens before the new one
    audio_lengths: Array  # int64, (n_rows,): n_audio_ctx


class Scratch(NamedTuple):
    """A step's working memory, float32. It may have more rows than Rows, see linear_weight_only._dot_products."""

    x: Array  # (n_threads, n_rows, n_state): the embedded tokens, one copy per thread
    normed: Array  # the same
    scores: Array  # (n_threads, the longest of text and audio)
    qkv: Array  # (n_rows, 3 * n_state)
    attended: Array  # (n_rows, n_state); at the end, the step's result
    cross_query: Array
    hidden: Array  # (n_rows, 4 * n_state)
    products: Array  # (n_rows, n_state)
    ones: Array  # (the longest of text and audio,)
    arrivals: Array  # int64, (1,): see barrier()


@jit
def _layer_norm(x: Array, norm: Array, out: Array) -> None:
    """Layer norm of each row; `norm`: int64, shape (2,), the addresses of weight and bias."""
    noinline_wide_vectors()
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
    q: Array, keys: Array, key_scales: Array, values: Array, value_scales: Array, n: int, scores: Array, out: Array
) -> None:
    """Attend with one head of one row. q, out: (n_per_head,); keys, values: (≥ n, n_per_head); scales: (≥ n,)."""
    noinline_wide_vectors()
    size = q.shape[0]
    scale = ONE / np.sqrt(np.float32(size))
    for j in range(n):
        prefetch(keys, j, 1, PREFETCH_BYTES)
        key = keys[j]
        a = ZERO
        for i in range(size):
            a += q[i] * to_float32(key[i])
        scores[j] = a
    highest = LOWEST
    for j in range(n):
        scores[j] *= key_scales[j] * scale
        highest = fmax(highest, scores[j])
    total = ZERO
    for j in range(n):
        scores[j] = exp(scores[j] - highest)
        total += scores[j]
    for j in range(n):
        scores[j] *= value_scales[j]
    for i in range(size):
        out[i] = ZERO
    for j in range(0, n - 3, 4):
        prefetch(values, j, 4, PREFETCH_BYTES)
        v0, v1, v2, v3 = values[j], values[j + 1], values[j + 2], values[j + 3]
        s0, s1, s2, s3 = scores[j], scores[j + 1], scores[j + 2], scores[j + 3]
        for i in range(size):
            out[i] += s0 * to_float32(v0[i]) + s1 * to_float32(v1[i]) + s2 * to_float32(v2[i]) + s3 * to_float32(v3[i])
    for j in range(n // 4 * 4, n):
        v0 = values[j]
        for i in range(size):
            out[i] += scores[j] * to_float32(v0[i])
    for i in range(size):
        out[i] /= total


@jit
def _gelu(x: Array, first: int, end: int) -> None:
    """Apply GELU in place to the columns from `first` to `end`, by the error function as in whisper (Numerical Recipes'
    erfc, relative error 5e-7)."""
    noinline_wide_vectors()
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
            tail = HALF * erfc  # of the normal distribution beyond |x|
            x[row, i] *= ONE - tail if x[row, i] >= ZERO else tail


@jit_cached
def step(tables: LayerTables, rows: Rows, scratch: Scratch, n_ctx: int, n_head: int, part: int, n_parts: int) -> None:
    """Compute one thread's part of a step; all `n_parts`, at most n_head, have to run at the same time.

    `n_ctx`: the tokens that a row's text keys and values have room for. The result is in scratch.attended.
    """
    x, normed, scores = scratch.x[part], scratch.normed[part], scratch.scores[part]
    qkv, attended, hidden = scratch.qkv, scratch.attended, scratch.hidden
    cross_query, products = scratch.cross_query, scratch.products
    sync = scratch.arrivals, n_parts
    like, n_rows, n_state = tables.like, len(rows.text_lengths), x.shape[1]
    size = n_state // n_head
    heads = n_head * part // n_parts, n_head * (part + 1) // n_parts
    span = heads[0] * size, heads[1] * size  # of n_state columns
    for layer in range(len(tables.matrices)):
        matrices, norms = tables.matrices[layer], tables.norms[layer]
        _layer_norm(x, norms[ATTN_LN], normed)
        for offset in range(0, 3 * n_state, n_state):
            linear(normed, matrices[QKV], like, qkv, offset + span[0], offset + span[1])
        for row in range(n_rows):
            length = rows.text_lengths[row]
            for head in range(heads[0], heads[1]):
                at = head * size
                keys = numba.carray(pointer(rows.text[row, layer, 0], x), (n_head, n_ctx, size))[head]
                values = numba.carray(pointer(rows.text[row, layer, 1], x), (n_head, n_ctx, size))[head]
                for i in range(size):
                    keys[length, i] = qkv[row, n_state + at + i]
                    values[length, i] = qkv[row, 2 * n_state + at + i]
                out, query = attended[row, at : at + size], qkv[row, at : at + size]
                _attend(query, keys, scratch.ones, values, scratch.ones, length + 1, scores, out)
        barrier(sync[0], sync[1])
        add_linear(attended, matrices[OUT], like, products, x, span, sync)
        _layer_norm(x, norms[CROSS_LN], normed)
        linear(normed, matrices[CROSS_QUERY], like, cross_query, span[0], span[1])
        for row in range(n_rows):
            audio, n_audio_ctx = rows.audio[row, layer], rows.audio_lengths[row]
            for head in range(heads[0], heads[1]):
                at = head * size
                cross_keys = numba.carray(pointer(audio[0], rows.audio_like), (n_head, n_audio_ctx, size))[head]
                key_scales = numba.carray(pointer(audio[1], x), (n_head, n_audio_ctx))[head]
                cross_values = numba.carray(pointer(audio[2], rows.audio_like), (n_head, n_audio_ctx, size))[head]
                value_scales = numba.carray(pointer(audio[3], x), (n_head, n_audio_ctx))[head]
                out, query = attended[row, at : at + size], cross_query[row, at : at + size]
                _attend(query, cross_keys, key_scales, cross_values, value_scales, n_audio_ctx, scores, out)
        barrier(sync[0], sync[1])
        add_linear(attended, matrices[CROSS_OUT], like, products, x, span, sync)
        _layer_norm(x, norms[MLP_LN], normed)
        linear(normed, matrices[UP], like, hidden, 4 * span[0], 4 * span[1])
        _gelu(hidden, 4 * span[0], 4 * span[1])
        barrier(sync[0], sync[1])
        add_linear(hidden, matrices[DOWN], like, products, x, span, sync)
    if part == 0:
        _layer_norm(x, tables.last_norm, attended)
