"""Which logits can win though they were computed roughly, and those in full: logits.py's compiled loop."""

from typing import Any

import numba
import numpy as np

from localwhisper.engine.kernels import Array
from localwhisper.engine.primitives import LOWEST, ZERO, apart, float32, inlined, kept, pointer


@inlined
def _exactly(x: Array, weight: Array, start: int, end: int, least: Any, length: Any, errors: Array, out: Array) -> None:
    """out[o] = x · weight[o], for those o from start to end where out[o] may be off so far that it reaches `least`."""
    apart()
    for o in range(start, end):
        if out[o] + errors[o] * length >= least:
            w = weight[o]
            a = ZERO
            for i in range(len(x)):
                a += x[i] * float32(w[i])
            out[o] = a


@kept
def screen(
    x: Array, weights: Array, like: Array, errors: Array, most_error: Any, logits: Array, n_special: int, n_best: int,
    part: int, n_parts: int,
) -> None:  # fmt: skip
    """Compute again in full what can be among the n_best of logits, shape (n_rows, n_vocab), and the n_special last.

    `weights`, `like`: see _linear; `errors`: (n_vocab,), how far a logit may be off, of the length of a row of x;
    `most_error`: their highest, float32.
    Blocks of 64 logits whose maxima are the n_best highest hold n_best that are at least the lowest of these maxima,
    less its error: what stays below that for certain keeps its rounded value.
    """
    n_vocab = logits.shape[1]
    weight = numba.carray(pointer(weights[0], like), (n_vocab, x.shape[1]))
    n_blocks = (n_vocab - n_special) // 64
    maxima = np.empty(n_blocks, np.float32)
    for row in range(part, len(x), n_parts):
        found = logits[row]
        length = np.sqrt((x[row] * x[row]).sum())
        for block in range(n_blocks):
            most = found[block * 64]
            for o in range(block * 64 + 1, block * 64 + 64):
                most = max(most, found[o])
            maxima[block] = most
        least = LOWEST
        if n_blocks >= n_best:
            least = np.sort(maxima)[n_blocks - n_best] - most_error * length
        for block in range(n_blocks):
            if maxima[block] + most_error * length >= least:
                _exactly(x[row], weight, block * 64, block * 64 + 64, least, length, errors, found)
        _exactly(x[row], weight, n_blocks * 64, n_vocab, LOWEST, length, errors, found)
