"""The product with the whole vocabulary, which is half of a token's time in small models.

Greedy and beam search only look at the tokens that can win. `screened` finds those in 8 bits, which reads half of
the memory, and computes them in full: what it leaves rounded is certain to lose.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from localwhisper.engine.kernels.exact_rescoring import screen
from localwhisper.engine.kernels.intrinsics import Array
from localwhisper.engine.kernels.quantize import errors_of_levels
from localwhisper.engine.model import linear_formats
from localwhisper.engine.model.layers import Weights
from localwhisper.engine.model.linear_formats import Format, Linear, Streamed
from localwhisper.engine.model.weight_only_linear import WeightOnlyLinear, bits, int8_rows
from localwhisper.engine.threads import divided

Logits = Callable[[Tensor, bool], Tensor]  # (n_rows, n_state) → float32 (n_rows, n_vocab); True: the best will do

N_BEST = 256  # at least, are computed in full: more than whisper's filters ever suppress
N_SPECIAL = 1609  # whisper's special tokens and timestamps, at the vocabulary's end: their sum counts, so all are exact
SINGLE_ERROR = 1e-5  # relative: of sums in single precision


def _screened(weights: Weights, *, rounds_input: bool) -> Logits:
    """`rounds_input`: the rounded product is torch's, of x as two bytes."""
    stored = weights.stored("token_embedding.weight")
    exact = WeightOnlyLinear(stored, torch.ones(len(stored)), None)  # where the file is mapped
    levels = int8_rows(stored, None)
    weights.check()
    errors, lengths = _errors(stored, levels)
    weights.forget(stored)  # few of its rows are read again
    most = errors.max(), lengths.max()
    rough: Linear = levels
    if rounds_input:
        if linear_formats.saturates():
            raise RuntimeError("8-bit products overflow on this processor")
        rough = linear_formats.int8_of_two_bytes(levels)

    def logits(x: Tensor, only_best: bool) -> Tensor:
        if not only_best:
            return exact(x)
        x = x.contiguous()
        found = rough(x)
        input_errors = linear_formats.error_of_two_bytes(x) if rounds_input else torch.zeros(len(x))
        given = x.numpy(), exact.addresses, exact.like, errors, lengths, *most, input_errors.numpy(), found.numpy()

        divided(len(x), lambda first, end: screen(*given, N_SPECIAL, N_BEST, first, end))
        return found

    return logits


def _errors(weight: Tensor, rough: WeightOnlyLinear) -> tuple[Array, Array]:
    """By row, how far off a product is at most, of the length of what is multiplied; and the rounded row's length."""
    given = bits(weight)
    if given is None:
        raise RuntimeError("what screens isn't compiled")
    errors, lengths = np.empty(len(weight), np.float32), np.empty(len(weight), np.float32)
    of_levels = rough.weight.numpy(), rough.scale.numpy(), np.float32(SINGLE_ERROR), errors, lengths
    divided(len(weight), lambda first, end: errors_of_levels(given, *of_levels, first, end))
    return errors, lengths


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
    if isinstance(rows, WeightOnlyLinear) and rows.weight.dtype == torch.int8:
        return rows.looked_up
    stored = weights.stored("token_embedding.weight").to(weights.device)
    return lambda tokens: F.embedding(tokens, stored).to(weights.numbers)


# each builds from the decoder's weights
FORMATS: Mapping[str, Callable[[Weights], Logits]] = {
    **{name: partial(_all_alike, linear) for name, linear in linear_formats.FORMATS.items()},
    "screened": partial(_screened, rounds_input=False),
    "screened-int8": partial(_screened, rounds_input=True),
}
