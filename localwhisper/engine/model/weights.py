"""Loads a checkpoint's weights into the layers of encoder and decoder: linear layers in any format, and layer norm."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from localwhisper.engine.checkpoints.checkpoint import Checkpoint
from localwhisper.engine.model.linear_formats import Linear, LinearFormat
from localwhisper.engine.system_resources import trim_heap
from localwhisper.engine.threads import ThreadTeam

MIN_TRIM_BYTES = 1 << 22  # of a weight; trimming after smaller ones would take a tenth of a small model's loading
VOCABULARY = "token_embedding"  # of the decoder; also the matrix that gives the logits


class Weights:
    """The tensors under one prefix of a checkpoint, each read from the file when it is used."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: torch.device,
        team: ThreadTeam,
        check: Callable[[], None] = lambda: None,
        prefix: str = "",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """`check` may raise; it is called before each linear layer is built. `dtype`: what the layers compute with.
        `team`: for layers that divide their work themselves."""
        self._checkpoint = checkpoint
        self.device = device
        self.team = team
        self.check = check
        self._prefix = prefix
        self.dtype = dtype

    def part(self, name: str, dtype: torch.dtype | None = None) -> "Weights":
        prefix = f"{self._prefix}{name}."
        return Weights(self._checkpoint, self.device, self.team, self.check, prefix, dtype or self.dtype)

    def load(self, name: str) -> Tensor:
        """Read a tensor to the device, in the layers' type."""
        return self.stored(name).to(self.device, self.dtype)

    def stored(self, name: str) -> Tensor:
        """Read a tensor as it is in the file."""
        return self._checkpoint.tensors[self._prefix + name]

    def linear(self, format: LinearFormat, *names: str) -> Linear:
        """Build a linear layer. Several layers with the same input become one, with their outputs concatenated."""
        self.check()
        return self._build(format, names)

    def linear_source(self, format: LinearFormat, *names: str) -> Callable[[], Linear]:
        """As linear(), but returns a function that returns the layer. One that is streamed is built at each call."""
        if format.is_streamed:
            return partial(self._build, format, names)
        linear = self.linear(format, *names)
        return lambda: linear

    def _build(self, format: LinearFormat, names: Sequence[str]) -> Linear:
        stored = [self.stored(f"{name}.weight") for name in names]
        if stored[0].dim() == 3:  # a convolution's
            stored = [weight.flatten(1).float() for weight in stored]
        biases = [self._checkpoint.tensors.get(f"{self._prefix}{name}.bias") for name in names]
        bias = None
        if any(x is not None for x in biases):  # whisper's keys have none
            filled = [torch.zeros(len(w)) if b is None else b.float() for w, b in zip(stored, biases, strict=True)]
            bias = torch.cat(filled).to(self.device)
        weight = torch.cat(stored) if len(stored) > 1 else stored[0]
        linear = format.build(weight.to(self.device), bias, self.team)
        if weight.nbytes > MIN_TRIM_BYTES:
            trim_heap()  # else the memory that building each took would add up
        return linear


class Norm:
    """Layer norm. torch sums in float32 whatever the type, as in whisper."""

    def __init__(self, weights: Weights) -> None:
        self.weight, self.bias = weights.load("weight"), weights.load("bias")

    def __call__(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias)
