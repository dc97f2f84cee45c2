"""One decoder step (all layers, one token per row) as a single compiled function.

In small models most of a token's time goes to the gaps between torch's operations and to converting weights. The
weights are read as they are stored, with float32 arithmetic.

Several threads may compute a step together. A layer has six phases, each divided into as many items as the attention
has heads: some output columns of a product, and the heads they belong to. Each thread takes the next item of a phase
until none is left, and waits for those that others have taken. A thread may join or stay away at any time, and the
result doesn't depend on how many there are.
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
    claim,
    exp,
    finish,
    fmax,
    pointer,
    prefetch,
    to_float32,
    wait_for,
)
from localwhisper.engine.kernels.jit import Array, jit, jit_cached, noinline_wide_vectors
from localwhisper.engine.kernels.linear_weight_only import linear

QKV, OUT, CROSS_QUERY, CROSS_OUT, UP, DOWN = range(6)  # a layer's matrices in LayerTables, in the order of the phases


class LayerTables(NamedTuple):
    """The decoder's weights, as int64 addresses."""

    matrices: Array  # (n_layer, 6, 3): see linear_weight_only.linear
    norms: Array  # (n_layer, 3, 2): weight and bias, before the matrices 0, 2 and 4
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
    """A step's working memory, float32 where nothing else is said."""

    n_head: int
    x: Array  # (n_rows, n_state): the embedded tokens
    normed: Array  # (n_threads, n_rows, n_state)
    scores: Array  # (n_threads, the longest of text and audio)
    qkv: Array  # (n_rows, 3 * n_state)
    attended: Array  # (n_rows, n_state); at the end, the step's result
    hidden: Array  # (n_rows, 4 * n_state)
    products: Array  # (n_rows, n_state)
    ones: Array  # (the longest of text and audio,)
    claimed: Array  # int64, (6 * n_layer,): items of each phase that threads have taken, zeros at first
    finished: Array  # the same: those that are done
    naps: Array  # int64, (n_threads,): see wait_for()


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


@jit
def _self_attention(
    tables: LayerTables, rows: Rows, scratch: Scratch, n_ctx: int, thread: int, layer: int, head: int
) -> None:
    """One head's queries, keys and values, and its attention."""
    noinline_wide_vectors()
    x, qkv, normed = scratch.x, scratch.qkv, scratch.normed[thread]
    n_state = x.shape[1]
    n_head, size = scratch.n_head, n_state // scratch.n_head
    first = head * size
    for offset in range(first, 3 * n_state, n_state):
        linear(normed, tables.matrices[layer, QKV], tables.like, qkv, offset, offset + size)
    for row in range(len(rows.text_lengths)):
        length = rows.text_lengths[row]
        keys = numba.carray(pointer(rows.text[row, layer, 0], x), (n_head, n_ctx, size))[head]
        values = numba.carray(pointer(rows.text[row, layer, 1], x), (n_head, n_ctx, size))[head]
        for i in range(size):
            keys[length, i] = qkv[row, n_state + first + i]
            values[length, i] = qkv[row, 2 * n_state + first + i]
        out, query = scratch.attended[row, first : first + size], qkv[row, first : first + size]
        _attend(query, keys, scratch.ones, values, scratch.ones, length + 1, scratch.scores[thread], out)


@jit
def _cross_attention(tables: LayerTables, rows: Rows, scratch: Scratch, thread: int, layer: int, head: int) -> None:
    """One head's query and attention to the audio."""
    noinline_wide_vectors()
    x, cross_query, normed = scratch.x, scratch.qkv, scratch.normed[thread]  # of qkv only the queries' columns
    n_head, size = scratch.n_head, x.shape[1] // scratch.n_head
    first = head * size
    linear(normed, tables.matrices[layer, CROSS_QUERY], tables.like, cross_query, first, first + size)
    for row in range(len(rows.text_lengths)):
        audio, n_ctx = rows.audio[row, layer], rows.audio_lengths[row]
        keys = numba.carray(pointer(audio[0], rows.audio_like), (n_head, n_ctx, size))[head]
        key_scales = numba.carray(pointer(audio[1], x), (n_head, n_ctx))[head]
        values = numba.carray(pointer(audio[2], rows.audio_like), (n_head, n_ctx, size))[head]
        value_scales = numba.carray(pointer(audio[3], x), (n_head, n_ctx))[head]
        out, query = scratch.attended[row, first : first + size], cross_query[row, first : first + size]
        _attend(query, keys, key_scales, values, value_scales, n_ctx, scratch.scores[thread], out)


@jit
def _add_linear(x: Array, weights: Array, like: Array, products: Array, out: Array, first: int, end: int) -> None:
    """out += x W + b in the columns from `first` to `end`."""
    noinline_wide_vectors()
    linear(x, weights, like, products, first, end)
    for row in range(out.shape[0]):
        for i in range(first, end):
            out[row, i] += products[row, i]


@jit_cached
def step(tables: LayerTables, rows: Rows, scratch: Scratch, n_ctx: int, thread: int) -> None:
    """Compute a step, together with the threads that call this for the same step while it runs.

    `n_ctx`: the tokens that a row's text keys and values have room for; `thread`: a number from 0 for each thread. The
    result is in scratch.attended once thread 0 has returned; the others then do nothing any more.
    """
    x, attended, hidden = scratch.x, scratch.attended, scratch.hidden
    n_head, size = scratch.n_head, x.shape[1] // scratch.n_head
    like, phase = tables.like, 0
    for layer in range(len(tables.matrices)):
        for matrix in range(6):
            matrices, is_normed = tables.matrices[layer], False
            head = claim(scratch.claimed, phase)
            while head < n_head:
                first, end = head * size, (head + 1) * size
                if not is_normed and matrix % 2 == 0:
                    _layer_norm(x, tables.norms[layer, matrix // 2], scratch.normed[thread])
                    is_normed = True
                if matrix == QKV:
                    _self_attention(tables, rows, scratch, n_ctx, thread, layer, head)
                elif matrix == CROSS_QUERY:
                    _cross_attention(tables, rows, scratch, thread, layer, head)
                elif matrix == UP:
                    linear(scratch.normed[thread], matrices[UP], like, hidden, 4 * first, 4 * end)
                    _gelu(hidden, 4 * first, 4 * end)
                else:
                    _add_linear(
                        hidden if matrix == DOWN else attended, matrices[matrix], like, scratch.products, x, first, end
                    )
                finish(scratch.finished, phase)
                head = claim(scratch.claimed, phase)
            wait_for(scratch.finished, phase, n_head, scratch.naps, thread)
            phase += 1
    if thread == 0:
        _layer_norm(x, tables.last_norm, attended)
