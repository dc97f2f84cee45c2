"""The decoder's cross-attention keys and values: computed once for each window of audio, read at every token.

In small models that takes as long as reading the weights, so they are stored in 16 or 8 bits with a scale for each
head and position. 16 bits deviate less than the rounding of float32 sums.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from localwhisper.engine.kernels.quantize import quantize_heads


@dataclass(frozen=True)
class QuantizedTensor:
    levels: Tensor  # int16 or int8, shape (…, n); or a float type, with scales of 1
    scales: Tensor  # float32, shape (…,)

    def dequantize(self) -> Tensor:
        """Shape (…, n), float32 for integer levels."""
        return self.levels if self.levels.is_floating_point() else self.levels * self.scales[..., None]


# for each layer keys and values, both (n_audio, n_head, n_audio_ctx, n_per_head)
CrossKeysValues = Sequence[tuple[QuantizedTensor, QuantizedTensor]]


def quantize_keys_values(kv: Tensor, n_head: int, dtype: torch.dtype) -> tuple[QuantizedTensor, QuantizedTensor]:
    """`kv`: keys and values concatenated, shape (n_audio, n_ctx, 2 * n_state); `dtype`: int16, int8, or a float."""
    if dtype.is_floating_point:
        keys, values = kv.to(dtype).view(*kv.shape[:2], 2, n_head, -1).permute(2, 0, 3, 1, 4).contiguous()
        ones = kv.new_ones(keys.shape[:-1])
        return QuantizedTensor(keys, ones), QuantizedTensor(values, ones)
    kv = kv.contiguous()
    n_audio, n_ctx, width = kv.shape
    levels = torch.empty(2, n_audio, n_head, n_ctx, width // 2 // n_head, dtype=dtype)
    scales = kv.new_empty(levels.shape[:-1])
    max_level = np.float32(torch.iinfo(dtype).max)
    for part in range(2):
        for i in range(n_audio):
            first = part * width // 2
            quantize_heads(kv[i].numpy(), first, max_level, levels[part, i].numpy(), scales[part, i].numpy())
    return QuantizedTensor(levels[0], scales[0]), QuantizedTensor(levels[1], scales[1])


def cat_cross_kv(windows: Sequence[CrossKeysValues]) -> CrossKeysValues:
    """Concatenate windows."""

    def cat(tensors: Sequence[QuantizedTensor]) -> QuantizedTensor:
        return QuantizedTensor(torch.cat([x.levels for x in tensors]), torch.cat([x.scales for x in tensors]))

    layers = zip(*windows, strict=True)
    return [(cat([keys for keys, _ in layer]), cat([values for _, values in layer])) for layer in layers]


def select_windows(cross: CrossKeysValues, windows: Sequence[int]) -> CrossKeysValues:
    """Select windows by their index."""
    index = list(windows)

    def select(x: QuantizedTensor) -> QuantizedTensor:
        return QuantizedTensor(x.levels[index], x.scales[index])

    return [(select(keys), select(values)) for keys, values in cross]
