"""The product with the whole vocabulary, which is half of a token's time in small models."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from localwhisper.engine.kernels.exact_rescoring import rescore
from localwhisper.engine.kernels.quantize import quantization_errors
from localwhisper.engine.model.layers import Weights
from localwhisper.engine.model.linear_formats import FORMATS, Linear, LinearFormat
from localwhisper.engine.model.weight_only_linear import WeightOnlyLinear, as_kernel_input, int8_weight_only

# (n_rows, n_state) → float32 (n_rows, n_vocab); True: only the logits that can win have to be exact
Logits = Callable[[Tensor, bool], Tensor]

N_BEST = 256  # that are computed in full, at least: more than whisper's filters ever suppress
N_SPECIAL = 1609  # whisper's special tokens and timestamps, at the vocabulary's end: their sum counts, so all are exact
FLOAT32_ERROR = np.float32(1e-5)  # relative error of sums


class _LinearLogits:
    """The vocabulary as a linear layer like any other."""

    def __init__(self, format: LinearFormat, weights: Weights) -> None:
        self.linear: Linear = weights.linear(format, "token_embedding")

    def __call__(self, x: Tensor, only_best: bool) -> Tensor:
        return self.linear(x).float()


def _int8_rescored(weights: Weights) -> Logits:
    """Find the tokens that can win in int8, which reads half the memory, and compute those in full from the checkpoint.

    Greedy and beam search look at no others; what keeps its rounded value is certain to lose.
    """
    stored, team = weights.stored("token_embedding.weight"), weights.team
    exact = WeightOnlyLinear(stored, torch.ones(len(stored)), None, team)  # in the mapped file
    quantized = int8_weight_only(stored, None, team)
    weights.check()
    array = as_kernel_input(stored)
    if array is None:
        raise RuntimeError("the kernels aren't compiled")
    errors = np.empty(len(stored), np.float32)
    bounded = array, quantized.weight.numpy(), quantized.scales.numpy(), FLOAT32_ERROR, errors
    team.parallel_for(len(stored), lambda first, end: quantization_errors(*bounded, first, end))
    weights.forget(stored)  # few of its rows will be read again

    def logits(x: Tensor, only_best: bool) -> Tensor:
        if not only_best:
            return exact(x)
        x = x.contiguous()
        out = quantized(x)
        arguments = x.numpy(), exact.addresses, exact.like, errors, out.numpy(), (N_BEST, N_SPECIAL)
        team.parallel_for(len(x), lambda first, end: rescore(*arguments, first, end))
        return out

    return logits


def embedding(project: Logits, weights: Weights) -> Callable[[Tensor], Tensor]:
    """Tokens, int64, shape (…) → their embeddings, shape (…, n_state), of the layers' type.

    From the vocabulary's int8 weights where it has such, as no others are in memory; else from the mapped file.
    """
    linear = getattr(project, "linear", None)
    if isinstance(linear, WeightOnlyLinear) and linear.weight.dtype == torch.int8:
        return linear.lookup
    stored = weights.stored("token_embedding.weight").to(weights.device)
    return lambda tokens: F.embedding(tokens, stored).to(weights.dtype)


RESCORED = "int8-rescored"
# each builds from the decoder's weights
LOGITS: Mapping[str, Callable[[Weights], Logits]] = {
    **{name: partial(_LinearLogits, format) for name, format in FORMATS.items()},
    RESCORED: _int8_rescored,
}
