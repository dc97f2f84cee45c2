"""Which logits can win though they were computed roughly, and those in full: logits.py's compiled loop."""

from typing import Any

import numba
import numpy as np

from localwhisper.engine.kernels import Array
from localwhisper.engine.primitives import LOWEST, ZERO, apart, float32, inlined, kept, pointer


@inlined
def _exactly(
    x: Array, weight: Array, start: int, end: int, least: Any, length: Any, input_error: Any, errors: Array,
    lengths: Array, out: Array,
) -> None:  # fmt: skip
    """out[o] = x · weight[o], for those o from start to end where out[o] may be off so far that it reaches `least`."""
    apart()
    for o in range(start, end):
        if out[o] + errors[o] * length + lengths[o] * input_error >= least:
            w = weight[o]
            a = ZERO
            for i in range(len(x)):
                a += x[i] * float32(w[i])
            out[o] = a


@kept
def screen(
    x: Array, weights: Array, like: Array, errors: Array, lengths: Array, input_errors: Array, logits: Array,
    n_special: int, n_best: int,
) -> None:  # fmt: skip
    """Compute again in full what can be among the n_best of logits, shape (n_rows, n_vocab), and the n_special last.

    `weights`, `like`: see _linear. By token, float32, shape (n_vocab,): `errors`, how far its rounded weights lie
    from the right ones, and `lengths`, of the rounded ones; by row: `input_errors`, how far x was rounded.
    Blocks of 64 logits whose maxima are the n_best highest hold n_best that are at least the lowest of these maxima,
    less its error: what stays below that for certain keeps its rounded value.
    """
    n_vocab = logits.shape[1]
    weight = numba.carray(pointer(weights[0], like), (n_vocab, x.shape[1]))
    most_error, most_length = errors.max(), lengths.max()
    n_blocks = (n_vocab - n_special) // 64
    maxima = np.empty(n_blocks, np.float32)
    for row in range(len(x)):
        found, input_error = logits[row], input_errors[row]
        length = np.sqrt((x[row] * x[row]).sum())
        most = most_error * length + most_length * input_error
        for block in range(n_blocks):
            highest = found[block * 64]
            for o in range(block * 64 + 1, block * 64 + 64):
                highest = max(highest, found[o])
            maxima[block] = highest
        least = LOWEST
        if n_blocks >= n_best:
            least = np.sort(maxima)[n_blocks - n_best] - most
        for block in range(n_blocks):
            if maxima[block] + most >= least:
                start = block * 64
                _exactly(x[row], weight, start, start + 64, least, length, input_error, errors, lengths, found)
        _exactly(x[row], weight, n_blocks * 64, n_vocab, LOWEST, length, input_error, errors, lengths, found)
