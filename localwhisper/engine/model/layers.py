"""The small parts that encoder and decoder share: weights by name, layer norms, heads."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from localwhisper.engine.checkpoints.checkpoint import Checkpoint
from localwhisper.engine.model.linear_formats import Format, Linear, Streamed
from localwhisper.engine.system_memory import drop_mapped_pages, trim_heap


class Weights:
    """The tensors under one prefix of a checkpoint, each read from the mapped file when it is asked for."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: torch.device,
        check: Callable[[], None] = lambda: None,
        prefix: str = "",
        numbers: torch.dtype = torch.float32,
    ) -> None:
        """`check` may raise; it is called before each linear layer is built, and within what takes longer.
        `numbers`: of what the layers pass on to each other."""
        self.device = device
        self._checkpoint = checkpoint
        self.check = check
        self._prefix = prefix
        self.numbers = numbers

    def part(self, name: str, numbers: torch.dtype | None = None) -> "Weights":
        return Weights(self._checkpoint, self.device, self.check, f"{self._prefix}{name}.", numbers or self.numbers)

    def __getitem__(self, name: str) -> Tensor:
        """As the layers' numbers are, a copy in memory."""
        stored = self.stored(name)
        made = stored.to(self.device, self.numbers, copy=True)
        self.forget(stored)
        return made

    def stored(self, name: str) -> Tensor:
        """As the file has it, still mapped from there."""
        return self._checkpoint.tensors[self._prefix + name]

    def linear(self, linear: Format | Streamed, *names: str) -> Linear:
        """One layer that computes several which read the same input: their outputs one behind the other."""
        self.check()
        if isinstance(linear, Streamed):
            return partial(self._streamed, linear.format, names)
        made = self._built(linear, names)
        trim_heap()  # or what each took to build would add up
        return made

    def _streamed(self, linear: Format, names: Sequence[str], x: Tensor) -> Tensor:
        out = self._built(linear, names)(x)
        trim_heap()
        return out

    def _built(self, linear: Format, names: Sequence[str]) -> Linear:
        stored = [self.stored(f"{name}.weight") for name in names]
        biases = [self._checkpoint.tensors.get(f"{self._prefix}{name}.bias") for name in names]
        bias = None
        if any(one is not None for one in biases):  # whisper's keys have none
            filled = [torch.zeros(len(w)) if b is None else b.float() for w, b in zip(stored, biases, strict=True)]
            bias = torch.cat(filled).to(self.device)
        made = linear((torch.cat(stored) if len(stored) > 1 else stored[0]).to(self.device), bias)
        self.forget(*stored)
        return made

    def forget(self, *stored: Tensor) -> None:
        """Give back the memory of what was read of these; what is read again comes from the file."""
        if self._checkpoint.is_mapped:
            for tensor in stored:
                drop_mapped_pages(tensor)


class Norm:
    """Layer norm; its sums are in single precision whatever the numbers are, as whisper has it."""

    def __init__(self, weights: Weights) -> None:
        self.weight, self.bias = weights["weight"], weights["bias"]

    def __call__(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias)


def gelu_(x: Tensor) -> Tensor:
    """F.gelu, in place."""
    made: Tensor = torch.ops.aten.gelu_(x)
    return made
