"""The product with the whole vocabulary, which is half of a token's time in small models.

Greedy and beam search only look at the tokens that can win. `ranked` finds those in 8 bits, which reads a
quarter of the memory, and computes them alone in full.
"""

from collections.abc import Callable, Mapping
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from localwhisper.engine import linears
from localwhisper.engine.layers import Weights
from localwhisper.engine.linears import Format

Logits = Callable[[Tensor, bool], Tensor]  # (n_rows, n_state) → float32 (n_rows, n_vocab); True: the best will do

N_RANKED = 256  # more than whisper's filters ever suppress, so that the best that are left are among them
N_SPECIAL = 1609  # whisper's special tokens and timestamps, at the vocabulary's end: their sum counts, so all are exact


def _ranked(weights: Weights) -> Logits:
    stored = weights.stored("token_embedding.weight")
    whole = weights.linear(linears.FORMATS["float16-packed"], "token_embedding")
    rough = weights.linear(linears.FORMATS["int8"], "token_embedding")
    special = linears.FORMATS["float16-packed"](stored[-N_SPECIAL:], None)

    def logits(x: Tensor, only_best: bool) -> Tensor:
        if not only_best:
            return whole(x)
        found = rough(x)
        best = found.topk(min(N_RANKED, found.shape[1]), sorted=False).indices
        exact = torch.bmm(F.embedding(best, stored).float(), x[:, :, None])[:, :, 0]
        found.scatter_(1, best, exact)
        found[:, -N_SPECIAL:] = special(x)
        return found

    return logits


def _all_alike(linear: Format, weights: Weights) -> Logits:
    project = weights.linear(linear, "token_embedding")
    return lambda x, only_best: project(x)


# each builds from the decoder's weights
FORMATS: Mapping[str, Callable[[Weights], Logits]] = {
    **{name: partial(_all_alike, linear) for name, linear in linears.FORMATS.items()},
    "ranked": _ranked,
}
