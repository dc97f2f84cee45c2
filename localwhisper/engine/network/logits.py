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

from localwhisper.engine.kernels.screening import screen
from localwhisper.engine.network import linears
from localwhisper.engine.network.layers import Weights
from localwhisper.engine.network.linears import Format, Linear, Streamed
from localwhisper.engine.network.parts import MOST_PARTS, helpers, span
from localwhisper.engine.network.rows import ROUND_ROWS, Rows, int8_rows

Logits = Callable[[Tensor, bool], Tensor]  # (n_rows, n_state) → float32 (n_rows, n_vocab); True: the best will do

N_BEST = 256  # at least, are computed in full: more than whisper's filters ever suppress
N_SPECIAL = 1609  # whisper's special tokens and timestamps, at the vocabulary's end: their sum counts, so all are exact
SINGLE_ERROR = 1e-5  # relative: of sums in single precision


def _screened(weights: Weights, *, rounds_input: bool) -> Logits:
    """`rounds_input`: the rounded product is torch's, of x as two bytes."""
    stored = weights.stored("token_embedding.weight")
    exact = Rows(stored, torch.ones(len(stored)), None)  # where the file is mapped
    levels = int8_rows(stored, None)
    found: list[tuple[Tensor, Tensor]] = []
    for first in range(0, len(stored), ROUND_ROWS):
        weights.check()
        found.append(_errors(stored, levels, first))
    errors, lengths = (torch.cat(part).numpy() for part in zip(*found, strict=True))
    weights.forget(stored)  # few of its rows are read again
    most = errors.max(), lengths.max()
    rough: Linear = levels
    if rounds_input:
        if linears.saturates():
            raise RuntimeError("8-bit products overflow on this processor")
        rough = linears.int8_of_two_bytes(stored)

    def logits(x: Tensor, only_best: bool) -> Tensor:
        if not only_best:
            return exact(x)
        x = x.contiguous()
        found = rough(x)
        input_errors = linears.error_of_two_bytes(x) if rounds_input else torch.zeros(len(x))
        given = x.numpy(), exact.addresses, exact.like, errors, lengths, *most, input_errors.numpy(), found.numpy()

        def work(part: int, n_parts: int) -> None:
            screen(*given, N_SPECIAL, N_BEST, *span(len(x), part, n_parts))

        helpers.compute(work, min(MOST_PARTS, torch.get_num_threads(), len(x)))
        return found

    return logits


def _errors(stored: Tensor, rough: Rows, first: int) -> tuple[Tensor, Tensor]:
    """By row, how far off a product is at most, of the length of what is multiplied; and the rounded row's length."""
    part = slice(first, first + ROUND_ROWS)
    weight = stored[part].float()
    rounded = rough.weight[part].float() * rough.scale[part, None]
    return (weight - rounded).norm(dim=1) + SINGLE_ERROR * weight.norm(dim=1), rounded.norm(dim=1)


@dataclass(frozen=True)
class _AllAlike:
    product: Linear

    def __call__(self, x: Tensor, only_best: bool) -> Tensor:
        return self.product(x).float()


def _all_alike(linear: Format | Streamed, weights: Weights) -> Logits:
    return _AllAlike(weights.linear(linear, "token_embedding"))


def embedding(project: Logits, weights: Weights) -> Callable[[Tensor], Tensor]:
    """Tokens, int64, any shape → their rows of the vocabulary, of the layers' type: of those in memory where they lie
    there in 8 bits, else from the file."""
    rows = getattr(project, "product", None)
    if isinstance(rows, Rows) and rows.weight.dtype == torch.int8:
        return rows.looked_up
    stored = weights.stored("token_embedding.weight").to(weights.device)
    return lambda tokens: F.embedding(tokens, stored).to(weights.numbers)


# each builds from the decoder's weights
FORMATS: Mapping[str, Callable[[Weights], Logits]] = {
    **{name: partial(_all_alike, linear) for name, linear in linears.FORMATS.items()},
    "screened": partial(_screened, rounds_input=False),
    "screened-int8": partial(_screened, rounds_input=True),
}
