"""What the decoder remembers of a window's audio: keys and values for each layer, computed once.

Each token reads all of them, which in small models takes as long as reading the weights; so they are kept in 16 or 8
bits with a scale for each head and place. In 16 bits that deviates less than sums in single precision do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from localwhisper.engine.kernels import precompile
from localwhisper.engine.kernels.quantize import heads_to_levels


@dataclass(frozen=True)
class QuantizedTensor:
    """Numbers as levels times a scale for each row of them."""

    levels: Tensor  # int16 or int8, shape (…, n); or float32, with scales of one
    scale: Tensor  # float32, shape (…,)

    def wide(self) -> Tensor:
        """As they were, about: float32, shape (…, n)."""
        return self.levels if self.levels.is_floating_point() else self.levels * self.scale[..., None]


# by layer: keys and values, each (n_audio, n_head, n_audio_ctx, n_per_head)
CrossKeysValues = Sequence[tuple[QuantizedTensor, QuantizedTensor]]


def rounded(x: Tensor, kind: torch.dtype) -> QuantizedTensor:
    """float32, shape (…, n), in any order in memory."""
    if kind.is_floating_point:
        return QuantizedTensor(x.to(kind).contiguous(), x.new_ones(x.shape[:-1]))
    x = x.contiguous()
    scale = (x.abs().amax(dim=-1) / torch.iinfo(kind).max).clamp(min=1e-12)
    return QuantizedTensor((x / scale[..., None]).round_().to(kind), scale)


def keys_values(both: Tensor, n_head: int, kind: torch.dtype) -> tuple[QuantizedTensor, QuantizedTensor]:
    """Keys and values one behind the other, float32, shape (n_audio, n_ctx, 2 * n_state), to be kept so."""
    if kind.is_floating_point or not precompile.is_ready():
        keys, values = both.view(*both.shape[:2], 2, n_head, -1).permute(2, 0, 3, 1, 4)
        return rounded(keys, kind), rounded(values, kind)
    n_audio, n_ctx, width = both.shape
    levels = torch.empty(2, n_audio, n_head, n_ctx, width // 2 // n_head, dtype=kind)
    scale = both.new_empty(levels.shape[:-1])
    highest = np.float32(torch.iinfo(kind).max)
    for part in range(2):
        for x, its, of_its in zip(both.contiguous(), levels[part], scale[part], strict=True):
            heads_to_levels(x.numpy(), part * width // 2, highest, its.numpy(), of_its.numpy())
    return QuantizedTensor(levels[0], scale[0]), QuantizedTensor(levels[1], scale[1])


def cat_cross_kv(parts: Sequence[CrossKeysValues]) -> CrossKeysValues:
    """Of several windows: one behind the other."""

    def joined(found: Sequence[QuantizedTensor]) -> QuantizedTensor:
        return QuantizedTensor(torch.cat([one.levels for one in found]), torch.cat([one.scale for one in found]))

    layers = zip(*parts, strict=True)
    return [(joined([keys for keys, _ in layer]), joined([values for _, values in layer])) for layer in layers]


def select_windows(cross: CrossKeysValues, windows: Sequence[int]) -> CrossKeysValues:
    """Of some of the windows."""
    index = list(windows)
    return [
        (
            QuantizedTensor(keys.levels[index], keys.scale[index]),
            QuantizedTensor(values.levels[index], values.scale[index]),
        )
        for keys, values in cross
    ]
