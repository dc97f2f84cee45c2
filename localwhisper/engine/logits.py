"""The product with the whole vocabulary, which is half of a token's time in small models.

Greedy and beam search only look at the tokens that can win. `screened` finds those in 8 bits, which reads half of
the memory, and computes them in full: what it leaves rounded is certain to lose.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from localwhisper.engine import linears
from localwhisper.engine.layers import Weights
from localwhisper.engine.linears import Format, Linear, Streamed
from localwhisper.engine.rows import WIDEN_ROWS, Rows, in_parts, int8_rows
from localwhisper.engine.screening import screen

Logits = Callable[[Tensor, bool], Tensor]  # (n_rows, n_state) → float32 (n_rows, n_vocab); True: the best will do

N_BEST = 256  # at least, are computed in full: more than whisper's filters ever suppress
N_SPECIAL = 1609  # whisper's special tokens and timestamps, at the vocabulary's end: their sum counts, so all are exact
SINGLE_ERROR = 1e-5  # relative: of sums in single precision


def _screened(weights: Weights) -> Logits:
    stored = weights.stored("token_embedding.weight")
    exact = Rows(stored, torch.ones(len(stored)), None)  # where the file is mapped
    rough = int8_rows(stored, None)
    errors = torch.cat([_errors(stored, rough, i) for i in range(0, len(stored), WIDEN_ROWS)]).numpy()
    most_error = errors.max()

    def logits(x: Tensor, only_best: bool) -> Tensor:
        if not only_best:
            return exact(x)
        found = rough(x)
        in_parts(screen, x.contiguous().numpy(), exact.addresses, exact.like, errors, most_error, found.numpy(),
                 N_SPECIAL, N_BEST, n_parts=1)  # fmt: skip
        return found

    return logits


def _errors(stored: Tensor, rough: Rows, first: int) -> Tensor:
    """By row, how far a product may be off at most, of the length of what is multiplied."""
    part = slice(first, first + WIDEN_ROWS)
    weight = stored[part].float()
    rounding = weight - rough.weight[part].float() * rough.scale[part, None]
    lengths: Tensor = rounding.norm(dim=1) + SINGLE_ERROR * weight.norm(dim=1)
    return lengths


@dataclass(frozen=True)
class _AllAlike:
    product: Linear

    def __call__(self, x: Tensor, only_best: bool) -> Tensor:
        return self.product(x)


def _all_alike(linear: Format | Streamed, weights: Weights) -> Logits:
    return _AllAlike(weights.linear(linear, "token_embedding"))


def embedding(project: Logits, weights: Weights) -> Callable[[Tensor], Tensor]:
    """Tokens, int64, any shape → their rows of the vocabulary, float32: of those in memory where they lie there in
    8 bits, else from the file."""
    if (
        isinstance(project, _AllAlike)
        and isinstance(project.product, Rows)
        and project.product.weight.dtype == torch.int8
    ):
        return project.product.looked_up
    stored = weights.stored("token_embedding.weight").to(weights.device)
    return lambda tokens: F.embedding(tokens, stored).float()


# each builds from the decoder's weights
FORMATS: Mapping[str, Callable[[Weights], Logits]] = {
    **{name: partial(_all_alike, linear) for name, linear in linears.FORMATS.items()},
    "screened": _screened,
}
