"""whisper's choice at temperature 0 from one pass over the logits: the best token and its log-probability."""

import numpy as np

from localwhisper.engine.kernels.intrinsics import LOWEST, ZERO, Array, exp, fmax, jit_cached, noinline


@jit_cached
def best(logits: Array, chosen: Array, logprobs: Array) -> None:
    """float32, shape (n_rows, n_vocab) → of each row the first of the highest, int64, and the logarithm of its share
    in the softmax, float32, both (n_rows,). What is suppressed is at minus infinity."""
    noinline()
    for row in range(len(logits)):
        found = logits[row]
        most = LOWEST
        for o in range(len(found)):
            most = fmax(most, found[o])
        o = 0
        while o < len(found) - 1 and found[o] < most:
            o += 1
        total = ZERO
        for i in range(len(found)):
            total += exp(found[i] - most)
        chosen[row], logprobs[row] = o, -np.log(total)
