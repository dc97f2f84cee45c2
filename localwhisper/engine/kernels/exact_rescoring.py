"""Find the logits that can win although they were computed from int8 weights, and compute those again in full."""

import numba
import numpy as np

from localwhisper.engine.kernels.intrinsics import (
    LOWEST,
    ZERO,
    Array,
    fmax,
    jit,
    jit_cached,
    noinline,
    pointer,
    prefetch,
    to_float32,
)

BLOCK = 64  # logits of which the highest stands for all


@jit
def _compute_exactly(x: Array, weight: Array, tokens: Array, out: Array) -> None:
    """out[o] = x · weight[o] for each of the tokens; four at a time, to overlap the memory's latency."""
    noinline()
    last = len(tokens) - 1
    for i in range(0, len(tokens), 4):
        for further in range(i + 8, i + 12):
            prefetch(weight, tokens[min(further, last)], 1, 0)
        o0, o1, o2, o3 = tokens[i], tokens[min(i + 1, last)], tokens[min(i + 2, last)], tokens[min(i + 3, last)]
        w0, w1, w2, w3 = weight[o0], weight[o1], weight[o2], weight[o3]
        a = b = c = d = ZERO
        for j in range(len(x)):
            a += x[j] * to_float32(w0[j])
            b += x[j] * to_float32(w1[j])
            c += x[j] * to_float32(w2[j])
            d += x[j] * to_float32(w3[j])
        out[o0], out[o1], out[o2], out[o3] = a, b, c, d


@jit_cached
def rescore(
    x: Array, weights: Array, like: Array, errors: Array, logits: Array, counts: tuple[int, int], first: int, end: int
) -> None:
    """Compute again in full the logits that can be among the n_best, and the last n_special: the two `counts`.

    For the rows from `first` to `end` of x, shape (n_rows, n_state), and logits, (n_rows, n_vocab). `weights`, `like`:
    see linear_weight_only.linear; `errors`, (n_vocab,): see quantize.quantization_errors.
    Each block has a logit that is certain to reach some value. The n_best-th highest of these values is reached by
    n_best tokens at least; a logit that is certain to stay below it keeps its rounded value.
    """
    n_vocab, (n_best, n_special) = logits.shape[1], counts
    weight = numba.carray(pointer(weights[0], like), (n_vocab, x.shape[1]))
    first_special = n_vocab - n_special
    n_blocks = first_special // BLOCK
    floors = np.empty(n_blocks, np.float32)
    tokens = np.empty(n_vocab, np.int32)
    for row in range(first, end):
        values = logits[row]
        norm = np.sqrt((x[row] * x[row]).sum())
        for block in range(n_blocks):
            floor = LOWEST
            for o in range(block * BLOCK, block * BLOCK + BLOCK):
                floor = fmax(floor, values[o] - errors[o] * norm)
            floors[block] = floor
        threshold = np.sort(floors)[n_blocks - n_best] if n_blocks >= n_best else LOWEST
        n = 0
        for o in range(n_vocab):
            if o >= first_special or values[o] + errors[o] * norm >= threshold:
                tokens[n] = o
                n += 1
        _compute_exactly(x[row], weight, tokens[:n], values)
