"""The small parts that encoder and decoder share: weights by name, layer norms, heads."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from localwhisper.engine.linears import Format, Linear


class Weights:
    """The tensors under one prefix of a checkpoint, each read from the file when it is asked for."""

    def __init__(self, tensors: Mapping[str, Tensor], prefix: str, device: torch.device) -> None:
        self._tensors = tensors
        self._prefix = prefix
        self._device = device

    def part(self, name: str) -> "Weights":
        return Weights(self._tensors, f"{self._prefix}.{name}", self._device)

    def __getitem__(self, name: str) -> Tensor:
        """In single precision, a copy in memory."""
        return self.stored(name).to(self._device, torch.float32, copy=True)

    def stored(self, name: str) -> Tensor:
        """As the file has it, still mapped from there."""
        return self._tensors[f"{self._prefix}.{name}"]

    def linear(self, linear: Format, *names: str) -> Linear:
        """One layer that computes several which read the same input: their outputs one behind the other."""
        weight = torch.cat([self.stored(f"{name}.weight") for name in names]).to(self._device)
        biases = [self._tensors.get(f"{self._prefix}.{name}.bias") for name in names]
        if all(bias is None for bias in biases):
            return linear(weight, None)
        n_outs = [len(self.stored(f"{name}.weight")) for name in names]
        filled = [
            torch.zeros(n, dtype=weight.dtype) if bias is None else bias for n, bias in zip(n_outs, biases, strict=True)
        ]  # whisper's keys have no bias
        return linear(weight, torch.cat(filled).to(self._device))


class Norm:
    """Layer norm, always in single precision, as whisper has it."""

    def __init__(self, weights: Weights) -> None:
        self.weight, self.bias = weights["weight"], weights["bias"]

    def __call__(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias)


def heads(x: Tensor, n_head: int) -> Tensor:
    """(n, n_ctx, n_state) → (n, n_head, n_ctx, n_state / n_head), a view."""
    return x.view(*x.shape[:2], n_head, -1).transpose(1, 2)


def joined_heads(x: Tensor) -> Tensor:
    """(n, n_head, n_ctx, n_per_head) → (n, n_ctx, n_state)."""
    return x.transpose(1, 2).flatten(start_dim=2)
