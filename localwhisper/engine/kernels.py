"""A decoder's step for a few rows as one compiled function. What torch spends between its operations, and in
widening its weights, is most of a token's time in small models.

Weights are read as they are kept (int8, half or single precision), once for four rows; the arithmetic is in single
precision. Compiled by numba, which openai-whisper brings along, when first used; kept in its cache. Several
threads may share a call: each takes the `part`-th of `n_parts` shares of every layer, and waits for the others.
"""

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

Array = NDArray[Any]
QKV, OUT, CROSS_QUERY, CROSS_OUT, UP, DOWN = range(6)  # the matrices of a layer in their table
ATTN_LN, CROSS_LN, MLP_LN = range(3)  # and its norms
SPINS = 2000  # rounds that a thread waits for another before it lets the system run somebody else
VECTOR_BITS = 512  # where the processor has them; LLVM prefers half of that, which costs a third of the speed here
_EPSILON, _HALF, _ONE, _ZERO = np.float32(1e-5), np.float32(0.5), np.float32(1), np.float32(0)
_FIRST, _LOWEST, _LOG2_E = np.float32(-np.inf), np.float32(-87.0), np.float32(1.44269504)
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_OPTIONS: Any = {"nogil": True, "fastmath": {"reassoc", "contract", "nsz", "arcp", "nnan"}, "error_model": "numpy"}
_inlined: Callable[[Any], Any] = numba.njit(**_OPTIONS)
_intrinsic: Callable[[Any], Any] = intrinsic


def compiled(function: Any, **options: Any) -> Any:
    """By numba; kept for the next process where there is a place to keep it."""
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # nothing is writable
        return numba.njit(**options)(function)


def _compiled(function: Any) -> Any:
    return compiled(function, **_OPTIONS)


class Scratch(NamedTuple):
    """What the threads of a step share. float32 but for the counter."""

    x: Array  # (n_rows, n_state), the embedded tokens
    qkv: Array  # (n_rows, 3 * n_state)
    attended: Array  # (n_rows, n_state); in the end what the vocabulary is to be multiplied by
    cross_query: Array
    hidden: Array  # (n_rows, 4 * n_state)
    products: Array  # (n_rows, n_state)
    normed: Array  # (n_parts, n_rows, n_state)
    scores: Array  # (n_parts, the longest of text and audio)
    counter: Array  # (1,), int64: how often a thread came to a barrier


@_intrinsic
def _apart(_context: Any) -> Any:
    """The function that calls this is compiled once, not in each place it is used in, and with wide vectors."""

    def generate(context: Any, builder: Any, _: Any, __: Any) -> Any:
        set.add(builder.function.attributes, "noinline")
        set.add(builder.function.attributes, f'"prefer-vector-width"="{VECTOR_BITS}"')
        return context.get_dummy_value()

    return types.void(), generate


@_intrinsic
def _float32(_context: Any, value: Any) -> Any:
    """A stored weight's value: of int8, of half precision's bits, of float32."""

    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        if isinstance(value, types.Float):
            return values[0]
        if value.bitwidth == 16:
            return builder.fpext(builder.bitcast(values[0], ir.HalfType()), ir.FloatType())
        return builder.sitofp(values[0], ir.FloatType())

    return types.float32(value), generate


@_intrinsic
def _float_of_bits(_context: Any, bits: Any) -> Any:
    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        return builder.bitcast(values[0], ir.FloatType())

    return types.float32(types.int32), generate


@_intrinsic
def _pointer(_context: Any, address: Any, like: Any) -> Any:
    """An address as a pointer to what `like` holds."""

    kind = types.CPointer(like.dtype)

    def generate(context: Any, builder: Any, _: Any, values: Any) -> Any:
        return builder.inttoptr(values[0], context.get_value_type(kind))

    return kind(types.int64, like), generate


@_intrinsic
def _arrive(_context: Any, counter: Any) -> Any:
    """Add one to a counter of several threads; gives what it was."""

    def generate(context: Any, builder: Any, _: Any, values: Any) -> Any:
        array = context.make_array(counter)(context, builder, values[0])
        return builder.atomic_rmw("add", array.data, ir.Constant(ir.IntType(64), 1), "seq_cst")

    return types.int64(counter), generate


@_intrinsic
def _seen(_context: Any, counter: Any) -> Any:
    def generate(context: Any, builder: Any, _: Any, values: Any) -> Any:
        array = context.make_array(counter)(context, builder, values[0])
        return builder.load_atomic(array.data, "seq_cst", 8)

    return types.int64(counter), generate


@_intrinsic
def _let_others_run(_context: Any) -> Any:
    def generate(context: Any, builder: Any, _: Any, __: Any) -> Any:
        if sys.platform != "win32":
            signature = ir.FunctionType(ir.IntType(32), [])
            builder.call(cgutils.get_or_insert_function(builder.module, signature, "sched_yield"), [])
        return context.get_dummy_value()

    return types.void(), generate


@_inlined
def _wait_for_all(counter: Array, n_parts: int) -> None:
    """All threads of a step have come here."""
    if n_parts == 1:
        return
    target = (_arrive(counter) // n_parts + 1) * n_parts
    spins = 0
    while _seen(counter) < target:
        spins += 1
        if spins > SPINS:
            _let_others_run()


@_inlined
def _exp(x: Any) -> Any:
    """e ** x for x ≤ 0 within 2e-7, in a form that compilers turn into vectors (Cephes' expf)."""
    x = max(x, _LOWEST)
    n = np.floor(x * _LOG2_E + _HALF)
    x = x - n * _LN2_HIGH - n * _LN2_LOW
    y = np.float32(1.9875691500e-4)
    y = y * x + np.float32(1.3981999507e-3)
    y = y * x + np.float32(8.3334519073e-3)
    y = y * x + np.float32(4.1665795894e-2)
    y = y * x + np.float32(1.6666665459e-1)
    y = y * x + np.float32(5.0000001201e-1)
    y = y * x * x + x + _ONE
    return y * _float_of_bits((np.int32(n) + np.int32(127)) << np.int32(23))


@_inlined
def _softmax(scores: Array, n: int) -> None:
    most = scores[0]
    for i in range(1, n):
        most = max(most, scores[i])
    total = _ZERO
    for i in range(n):
        scores[i] = _exp(scores[i] - most)
        total += scores[i]
    for i in range(n):
        scores[i] /= total


@_inlined
def _normalise(x: Array, norm: Array, out: Array) -> None:
    """Layer norm of each row; `norm`: int64, shape (2,), where weight and bias lie."""
    _apart()
    weight = numba.carray(_pointer(norm[0], x), (x.shape[1],))
    bias = numba.carray(_pointer(norm[1], x), (x.shape[1],))
    n = np.float32(x.shape[1])
    for row in range(x.shape[0]):
        total = _ZERO
        for i in range(x.shape[1]):
            total += x[row, i]
        mean = total / n
        squares = _ZERO
        for i in range(x.shape[1]):
            squares += (x[row, i] - mean) * (x[row, i] - mean)
        scale = _ONE / np.sqrt(squares / n + _EPSILON)
        for i in range(x.shape[1]):
            out[row, i] = (x[row, i] - mean) * scale * weight[i] + bias[i]


@_inlined
def _products(x: Array, weight: Array, out: Array, start: int, end: int) -> None:
    """out[row, o] = x[row] · weight[o] for start ≤ o < end; x has one row or two, or a multiple of four.

    Four sums at a time: of four weights' rows for each of few rows of x, or of four rows of x for each weights' row.
    """
    _apart()
    n_rows, n = x.shape
    if n_rows < 4:
        for o in range(start, end - 3, 4):
            w0, w1, w2, w3 = weight[o], weight[o + 1], weight[o + 2], weight[o + 3]
            for row in range(n_rows):
                y = x[row]
                a = b = c = d = _ZERO
                for i in range(n):
                    a += y[i] * _float32(w0[i])
                    b += y[i] * _float32(w1[i])
                    c += y[i] * _float32(w2[i])
                    d += y[i] * _float32(w3[i])
                out[row, o], out[row, o + 1], out[row, o + 2], out[row, o + 3] = a, b, c, d
        for o in range(start + (end - start) // 4 * 4, end):
            w0 = weight[o]
            for row in range(n_rows):
                a = _ZERO
                for i in range(n):
                    a += x[row, i] * _float32(w0[i])
                out[row, o] = a
        return
    for o in range(start, end):
        w0 = weight[o]
        for row in range(0, n_rows - 3, 4):
            y0, y1, y2, y3 = x[row], x[row + 1], x[row + 2], x[row + 3]
            a = b = c = d = _ZERO
            for i in range(n):
                value = _float32(w0[i])
                a += y0[i] * value
                b += y1[i] * value
                c += y2[i] * value
                d += y3[i] * value
            out[row, o], out[row + 1, o], out[row + 2, o], out[row + 3, o] = a, b, c, d


@_inlined
def _share(n: int, part: int, n_parts: int) -> tuple[int, int]:
    """Of n things, in whole fours but for the last."""
    fours = n // 4
    end = n if part == n_parts - 1 else fours * (part + 1) // n_parts * 4
    return fours * part // n_parts * 4, end


@_inlined
def _linear(
    x: Array, weights: Array, like: Array, out: Array, adds_to: Array, adds: bool, part: int, n_parts: int
) -> None:
    """This part of out = x W + b; `adds`: of adds_to += x W + b, with out for the products alone.

    `weights`: int64, shape (3,), where a matrix (n_out, n_in), the scales of its rows and its bias (n_out,) lie.
    """
    _apart()
    n_out = out.shape[1]
    weight = numba.carray(_pointer(weights[0], like), (n_out, x.shape[1]))
    scale = numba.carray(_pointer(weights[1], x), (n_out,))
    bias = numba.carray(_pointer(weights[2], x), (n_out,))
    start, end = _share(n_out, part, n_parts)
    _products(x, weight, out, start, end)
    for row in range(x.shape[0]):
        if adds:
            for o in range(start, end):
                adds_to[row, o] += out[row, o] * scale[o] + bias[o]
        else:
            for o in range(start, end):
                out[row, o] = out[row, o] * scale[o] + bias[o]


@_inlined
def _attend(q: Array, keys: Array, values: Array, n: int, scores: Array, out: Array) -> None:
    """One head's attention for one row: q and out, shape (n_per_head,), over n keys and values, (≥ n, n_per_head)."""
    _apart()
    size = q.shape[0]
    scale = _ONE / np.sqrt(np.float32(size))
    most = _FIRST
    for j in range(n):
        key = keys[j]
        a = _ZERO
        for i in range(size):
            a += q[i] * _float32(key[i])
        scores[j] = a * scale
        most = max(most, scores[j])
    total = _ZERO
    for j in range(n):
        scores[j] = _exp(scores[j] - most)
        total += scores[j]
    for i in range(size):
        out[i] = _ZERO
    for j in range(0, n - 3, 4):
        v0, v1, v2, v3 = values[j], values[j + 1], values[j + 2], values[j + 3]
        s0, s1, s2, s3 = scores[j], scores[j + 1], scores[j + 2], scores[j + 3]
        for i in range(size):
            out[i] += s0 * _float32(v0[i]) + s1 * _float32(v1[i]) + s2 * _float32(v2[i]) + s3 * _float32(v3[i])
    for j in range(n // 4 * 4, n):
        v0 = values[j]
        for i in range(size):
            out[i] += scores[j] * _float32(v0[i])
    for i in range(size):
        out[i] /= total


@_inlined
def _gelu(x: Array, part: int, n_parts: int) -> None:
    """In place, of this part's columns; with the error function, as whisper's (Numerical Recipes' erfc, to 5e-7)."""
    _apart()
    start, end = _share(x.shape[1], part, n_parts)
    for row in range(x.shape[0]):
        for i in range(start, end):
            z = abs(x[row, i]) * np.float32(0.70710678)
            t = _ONE / (_ONE + _HALF * z)
            y = np.float32(0.17087277)
            y = y * t + np.float32(-0.82215223)
            y = y * t + np.float32(1.48851587)
            y = y * t + np.float32(-1.13520398)
            y = y * t + np.float32(0.27886807)
            y = y * t + np.float32(-0.18628806)
            y = y * t + np.float32(0.09678418)
            y = y * t + np.float32(0.37409196)
            y = y * t + np.float32(1.00002368)
            erfc = t * _exp(y * t - np.float32(1.26551223) - z * z)
            half = _HALF * erfc  # of the normal distribution, beyond |x|
            x[row, i] *= _ONE - half if x[row, i] >= _ZERO else half


@_compiled
def step(
    matrices: Array, norms: Array, last_norm: Array, like: Array, scratch: Scratch, text: Array, audio: Array,
    audio_like: Array, lengths: Array, audio_lengths: Array, n_ctx: int, n_head: int, part: int, n_parts: int,
) -> None:  # fmt: skip
    """One token for each row. Arrays that are named `like` are empty: they say what lies at an address.

    int64, addresses: `matrices` (n_layer, 6, 3), see _linear; `norms` (n_layer, 3, 2) and `last_norm` (2,), of weight
    and bias; `text`, `audio` (n_rows, n_layer, 2), of a row's keys and values, (n_head, n_ctx, n_per_head) and
    (n_head, audio_length, n_per_head). `lengths`: (n_rows,), how many tokens there are before this one. The scratch
    may have more rows, for nothing but _products.
    """
    x, normed, scores = scratch.x, scratch.normed[part], scratch.scores[part]
    qkv, attended, hidden, counter = scratch.qkv, scratch.attended, scratch.hidden, scratch.counter
    cross_query, products = scratch.cross_query, scratch.products
    n_rows, n_state = len(lengths), x.shape[1]
    size = n_state // n_head
    for layer in range(len(matrices)):
        matrix, norm = matrices[layer], norms[layer]
        _normalise(x, norm[ATTN_LN], normed)
        _linear(normed, matrix[QKV], like, qkv, x, False, part, n_parts)
        _wait_for_all(counter, n_parts)
        for work in range(part, n_rows * n_head, n_parts):
            row, head = work // n_head, work % n_head
            first = head * size
            keys = numba.carray(_pointer(text[row, layer, 0], x), (n_head, n_ctx, size))[head]
            values = numba.carray(_pointer(text[row, layer, 1], x), (n_head, n_ctx, size))[head]
            for i in range(size):
                keys[lengths[row], i] = qkv[row, n_state + first + i]
                values[lengths[row], i] = qkv[row, 2 * n_state + first + i]
            out = attended[row, first : first + size]
            _attend(qkv[row, first : first + size], keys, values, lengths[row] + 1, scores, out)
        _wait_for_all(counter, n_parts)
        _linear(attended, matrix[OUT], like, products, x, True, part, n_parts)
        _wait_for_all(counter, n_parts)
        _normalise(x, norm[CROSS_LN], normed)
        _linear(normed, matrix[CROSS_QUERY], like, cross_query, x, False, part, n_parts)
        _wait_for_all(counter, n_parts)
        for work in range(part, n_rows * n_head, n_parts):
            row, head = work // n_head, work % n_head
            first, n_audio = head * size, audio_lengths[row]
            sounds = numba.carray(_pointer(audio[row, layer, 0], audio_like), (n_head, n_audio, size))[head]
            meanings = numba.carray(_pointer(audio[row, layer, 1], audio_like), (n_head, n_audio, size))[head]
            out = attended[row, first : first + size]
            _attend(cross_query[row, first : first + size], sounds, meanings, n_audio, scores, out)
        _wait_for_all(counter, n_parts)
        _linear(attended, matrix[CROSS_OUT], like, products, x, True, part, n_parts)
        _wait_for_all(counter, n_parts)
        _normalise(x, norm[MLP_LN], normed)
        _linear(normed, matrix[UP], like, hidden, x, False, part, n_parts)
        _gelu(hidden, part, n_parts)
        _wait_for_all(counter, n_parts)
        _linear(hidden, matrix[DOWN], like, products, x, True, part, n_parts)
        _wait_for_all(counter, n_parts)
    if part == 0:
        _normalise(x, last_norm, attended)


@_compiled
def product(x: Array, weights: Array, like: Array, out: Array, part: int, n_parts: int) -> None:
    """out, shape (n_rows, n_out) = x W + b; `weights`, `like`: see _linear; rows: see _products."""
    _linear(x, weights, like, out, x, False, part, n_parts)


@_inlined
def _exactly(x: Array, weight: Array, start: int, end: int, least: Any, length: Any, errors: Array, out: Array) -> None:
    """out[o] = x · weight[o], for those o from start to end where out[o] may be off so far that it reaches `least`."""
    _apart()
    for o in range(start, end):
        if out[o] + errors[o] * length >= least:
            w = weight[o]
            a = _ZERO
            for i in range(len(x)):
                a += x[i] * _float32(w[i])
            out[o] = a


@_compiled
def screen(
    x: Array, weights: Array, like: Array, errors: Array, logits: Array, n_special: int, n_best: int, part: int,
    n_parts: int,
) -> None:  # fmt: skip
    """Compute again in full what can be among the n_best of logits, shape (n_rows, n_vocab), and the n_special last.

    `weights`, `like`: see _linear; `errors`: (n_vocab,), how far a logit may be off, of the length of a row of x.
    Blocks of 64 logits whose maxima are the n_best highest hold n_best that are at least the lowest of these maxima,
    less its error: what stays below that for certain keeps its rounded value.
    """
    n_vocab = logits.shape[1]
    weight = numba.carray(_pointer(weights[0], like), (n_vocab, x.shape[1]))
    n_blocks = (n_vocab - n_special) // 64
    maxima = np.empty(n_blocks, np.float32)
    most_error = errors.max()
    for row in range(part, len(x), n_parts):
        found = logits[row]
        length = np.sqrt((x[row] * x[row]).sum())
        for block in range(n_blocks):
            most = found[block * 64]
            for o in range(block * 64 + 1, block * 64 + 64):
                most = max(most, found[o])
            maxima[block] = most
        least = _FIRST
        if n_blocks >= n_best:
            least = np.sort(maxima)[n_blocks - n_best] - most_error * length
        for block in range(n_blocks):
            if maxima[block] + most_error * length >= least:
                _exactly(x[row], weight, block * 64, block * 64 + 64, least, length, errors, found)
        _exactly(x[row], weight, n_blocks * 64, n_vocab, _FIRST, length, errors, found)
