"""The decoder's cross-attention keys and values: computed once for each window of audio, read at every token.

In small models that takes as long as reading the weights, so they are stored in 16 or 8 bits with a scale for each
head and position. 16 bits deviate less than the rounding of float32 sums.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from localwhisper.engine.kernels.quantize import quantize_heads
from localwhisper.engine.model.linear_formats import BLOCK_ROWS, Linear, by_blocks
from localwhisper.engine.threads import ThreadTeam


@dataclass(frozen=True)
class QuantizedTensor:
    levels: Tensor  # int16 or int8, shape (…, n); or a float type, with scales of 1
    scales: Tensor  # float32, shape (…,)

    def dequantize(self) -> Tensor:
        """Shape (…, n), float32 for integer levels."""
        return self.levels if self.levels.is_floating_point() else self.levels * self.scales[..., None]


# for each layer keys and values, both (n_audio, n_head, n_audio_ctx, n_per_head)
CrossKeysValues = Sequence[tuple[QuantizedTensor, QuantizedTensor]]


def project_keys_values(
    project: Linear, features: Tensor, n_head: int, dtype: torch.dtype, team: ThreadTeam
) -> tuple[QuantizedTensor, QuantizedTensor]:
    """Compute one layer's keys and values of features, shape (n_audio, n_ctx, n_state).

    `project`: to both, concatenated; `dtype`: in which they are kept: int16, int8, or a float.
    """
    n_audio, n_ctx, n_state = features.shape
    if dtype.is_floating_point:
        kv = by_blocks(project, 2 * n_state, team, features)
        keys, values = kv.to(dtype).view(n_audio, n_ctx, 2, n_head, -1).permute(2, 0, 3, 1, 4).contiguous()
        ones = kv.new_ones(keys.shape[:-1])
        return QuantizedTensor(keys, ones), QuantizedTensor(values, ones)
    levels = torch.empty(2, n_audio, n_head, n_ctx, n_state // n_head, dtype=dtype)
    scales = features.new_empty(levels.shape[:-1])
    max_level = np.float32(torch.iinfo(dtype).max)
    for i in range(n_audio):
        out = [(part * n_state, max_level, levels[part, i].numpy(), scales[part, i].numpy()) for part in range(2)]

        def compute(first: int, end: int, i: int = i, out: Sequence[Any] = out) -> None:
            rows = project(features[i, first:end]).numpy()
            for arguments in out:
                quantize_heads(rows, *arguments, first)

        team.for_spans(n_ctx, BLOCK_ROWS, compute)
    return QuantizedTensor(levels[0], scales[0]), QuantizedTensor(levels[1], scales[1])


def cat_cross_kv(windows: Sequence[CrossKeysValues]) -> CrossKeysValues:
    """Concatenate windows of equal length."""
    if len(windows) == 1:
        return windows[0]

    def cat(tensors: Sequence[QuantizedTensor]) -> QuantizedTensor:
        return QuantizedTensor(torch.cat([x.levels for x in tensors]), torch.cat([x.scales for x in tensors]))

    layers = zip(*windows, strict=True)
    return [(cat([keys for keys, _ in layer]), cat([values for _, values in layer])) for layer in layers]
