"""Which logits can win though they were computed roughly, and those in full: logits.py's compiled loop."""

from typing import Any

import numba
import numpy as np

from localwhisper.engine.kernels.intrinsics import (
    LOWEST,
    ZERO,
    Array,
    float32,
    fmax,
    jit,
    jit_cached,
    noinline,
    pointer,
    prefetch,
)


@jit
def _chosen(
    found: Array,
    start: int,
    end: int,
    least: Any,
    length: Any,
    input_error: Any,
    errors: Array,
    lengths: Array,
    chosen: Array,
    n: int,
) -> int:
    """Append those from start to end that may be off so far that they reach `least`."""
    for o in range(start, end):
        if found[o] + errors[o] * length + lengths[o] * input_error >= least:
            chosen[n] = o
            n += 1
    return n


@jit
def _exactly(x: Array, weight: Array, chosen: Array, out: Array) -> None:
    """out[o] = x · weight[o] for each o chosen; four at a time, as memory takes its time for each."""
    noinline()
    last = len(chosen) - 1
    for i in range(0, len(chosen), 4):
        for further in range(i + 8, i + 12):
            prefetch(weight, chosen[min(further, last)], 1, 0)
        o0, o1, o2, o3 = chosen[i], chosen[min(i + 1, last)], chosen[min(i + 2, last)], chosen[min(i + 3, last)]
        w0, w1, w2, w3 = weight[o0], weight[o1], weight[o2], weight[o3]
        a = b = c = d = ZERO
        for j in range(len(x)):
            a += x[j] * float32(w0[j])
            b += x[j] * float32(w1[j])
            c += x[j] * float32(w2[j])
            d += x[j] * float32(w3[j])
        out[o0], out[o1], out[o2], out[o3] = a, b, c, d


@jit_cached
def screen(
    x: Array,
    weights: Array,
    like: Array,
    errors: Array,
    lengths: Array,
    most_error: Any,
    most_length: Any,
    input_errors: Array,
    logits: Array,
    n_special: int,
    n_best: int,
    first: int,
    end: int,
) -> None:
    """Compute again in full what can be among the n_best of logits, shape (n_rows, n_vocab), and the n_special last,
    of the rows from `first` to `end`.

    `weights`, `like`: see linear. By token, float32, shape (n_vocab,): `errors`, how far its rounded weights lie
    from the right ones, and `lengths`, of the rounded ones; and the highest of both. By row: `input_errors`, how far
    x was rounded.
    Blocks of 64 logits whose maxima are the n_best highest hold n_best that are at least the lowest of these maxima,
    less its error: what stays below that for certain keeps its rounded value.
    """
    n_vocab = logits.shape[1]
    weight = numba.carray(pointer(weights[0], like), (n_vocab, x.shape[1]))
    n_blocks = (n_vocab - n_special) // 64
    maxima = np.empty(n_blocks, np.float32)
    chosen = np.empty(n_vocab, np.int32)
    for row in range(first, end):
        found, input_error = logits[row], input_errors[row]
        length = np.sqrt((x[row] * x[row]).sum())
        most = most_error * length + most_length * input_error
        for block in range(n_blocks):
            highest = found[block * 64]
            for o in range(block * 64 + 1, block * 64 + 64):
                highest = fmax(highest, found[o])
            maxima[block] = highest
        least = LOWEST
        if n_blocks >= n_best:
            least = np.sort(maxima)[n_blocks - n_best] - most
        n_chosen = 0
        for block in range(n_blocks):
            if maxima[block] + most >= least:
                start = block * 64
                n_chosen = _chosen(
                    found, start, start + 64, least, length, input_error, errors, lengths, chosen, n_chosen
                )
        for o in range(n_blocks * 64, n_vocab):
            chosen[n_chosen] = o
            n_chosen += 1
        _exactly(x[row], weight, chosen[:n_chosen], found)
