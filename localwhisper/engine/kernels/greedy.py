"""Greedy choice at temperature 0 in one pass over the logits: the best token and its log-probability."""

import numpy as np

from localwhisper.engine.kernels.intrinsics import LOWEST, ZERO, exp, fmax
from localwhisper.engine.kernels.jit import Array, jit_cached, noinline_wide_vectors


@jit_cached
def greedy_tokens(logits: Array, tokens: Array, logprobs: Array) -> None:
    """Find each row's first highest token, int64, and its log-softmax, float32, both (n_rows,); logits: float32, shape
    (n_rows, n_vocab). Suppressed tokens are at minus infinity."""
    noinline_wide_vectors()
    for row in range(len(logits)):
        values = logits[row]
        highest = LOWEST
        for o in range(len(values)):
            highest = fmax(highest, values[o])
        o = 0
        while o < len(values) - 1 and values[o] < highest:
            o += 1
        total = ZERO
        for i in range(len(values)):
            total += exp(values[i] - highest)
        tokens[row], logprobs[row] = o, -np.log(total)
