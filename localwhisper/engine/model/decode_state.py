"""The state that a decode keeps between tokens: the keys and values of its text and of its audio.

It belongs to the decode, not to the model: any number of decodes share one set of weights.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from localwhisper.engine.model.cross_kv import CrossKeysValues
from localwhisper.engine.model.cuda_graph import CapturedStep


class DecodeState:
    """The state of `n_audio` windows decoded together, with `n_group` rows (beams or samples) each.

    A row's text keys and values stay at the same addresses when tokens are added. The audio's are stored once for each
    window, however many rows read them. Threading: one thread at a time.
    """

    def __init__(self, cross: CrossKeysValues, n_text_ctx: int, n_group: int = 1) -> None:
        keys = cross[0][0].levels
        self.n_audio, self.n_head, self.n_audio_ctx, n_per_head = keys.shape
        self.n_text_ctx = n_text_ctx
        self.cross_dtype = keys.dtype
        self.n_group = n_group
        self.length = 0  # tokens so far, the same in every row
        self._scale = n_per_head**-0.5
        self._cross = cross
        self._text = keys.new_empty(
            (len(cross), 2, self.n_audio, n_group, self.n_head, n_text_ctx, n_per_head),
            dtype=keys.dtype if keys.is_floating_point() else torch.float32,
        )
        self._text_addresses: NDArray[np.int64] | None = None
        self._audio_addresses: NDArray[np.int64] | None = None
        self._n_shared = 0  # leading tokens that all rows of a window have in common
        self.cross_scores: list[Tensor] | None = None  # set a list to have every layer append its scores
        self.captured: CapturedStep | None = None  # on CUDA, after the first step

    def attend_text(self, layer: int, q: Tensor, k: Tensor, v: Tensor, positions: Tensor, mask: Tensor) -> Tensor:
        """Causal self-attention of n_new tokens a row.

        q, k, v: shape (n_rows * n_new, n_state); n_rows is n_audio * n_group, or n_audio while all rows of a window
        are the same. `positions`: the new tokens' in the text; `mask`: see mask(). Returns q's shape.
        """
        n_group = len(q) // (self.n_audio * len(positions))
        q, k, v = (x.view(self.n_audio, n_group, len(positions), self.n_head, -1).transpose(2, 3) for x in (q, k, v))
        for stored, new in zip(self._text[layer], (k, v), strict=True):
            stored.index_copy_(3, positions, new.expand(-1, self.n_group, -1, -1, -1))
        keys, values = self._text[layer, :, :, :n_group, :, : mask.shape[-1]]
        out: Tensor = torch.softmax((q * self._scale) @ keys.transpose(-1, -2) + mask, dim=-1) @ values
        return out.transpose(2, 3).flatten(0, 2).flatten(1)

    def mask(self, positions: Tensor, end: int) -> Tensor:
        """What each new token attends to of the text before `end`: zeros up to its position, -inf after it.

        `positions`: int64, shape (n_new,). Returns shape (n_new, end).
        """
        is_after = torch.arange(end, device=positions.device) > positions[:, None]
        return torch.zeros_like(is_after, dtype=self._text.dtype).masked_fill_(is_after, -torch.inf)

    def clear_after(self) -> None:
        """Zero the memory of later tokens. Whoever reads it, with a weight of zero, needs finite numbers there."""
        self._text[..., self.length :, :] = 0

    def attend_audio(self, layer: int, q: Tensor, n_new: int) -> Tensor:
        """Cross-attention of `n_new` tokens a row; shapes as in attend_text."""
        keys, values = (x.dequantize() for x in self._cross[layer])
        q = q.view(self.n_audio, -1, self.n_head, keys.shape[-1]).transpose(1, 2)
        scores = (q * self._scale) @ keys.transpose(-1, -2)
        if self.cross_scores is not None:
            self.cross_scores.append(scores)
        return (torch.softmax(scores, dim=-1) @ values).transpose(1, 2).flatten(0, 1).flatten(1)

    def text_addresses(self) -> NDArray[np.int64]:
        """Addresses of each row's and layer's keys and values: shape (n_audio * n_group, n_layer, 2)."""
        if self._text_addresses is None:
            rows = self._text.permute(2, 3, 0, 1, 4, 5, 6).flatten(0, 1)
            strides = np.array(rows.stride()[:3], np.int64) * rows.element_size()
            offsets: NDArray[np.int64] = np.indices(rows.shape[:3]).transpose(1, 2, 3, 0) @ strides
            self._text_addresses = offsets + rows.data_ptr()
        return self._text_addresses

    def audio_addresses(self) -> NDArray[np.int64]:
        """Addresses of the keys, their scales, the values and their scales: shape (n_audio * n_group, n_layer, 4)."""
        if self._audio_addresses is None:
            layers = [(keys.levels, keys.scales, values.levels, values.scales) for keys, values in self._cross]
            windows = [[[x[i].data_ptr() for x in layer] for layer in layers] for i in range(self.n_audio)]
            self._audio_addresses = np.repeat(np.array(windows, np.int64), self.n_group, axis=0)
        return self._audio_addresses

    def advance(self, n_new: int, *, shared: bool) -> None:
        """Count the tokens just attended to; `shared`: they are the same in all rows of a window."""
        self.length += n_new
        if shared:
            self._n_shared = self.length

    def reorder(self, sources: Sequence[int]) -> None:
        """Continue row i from row sources[i], of the same window, as beam search chose."""
        if list(sources) == list(range(len(sources))):
            return
        index = torch.tensor(sources, device=self._text.device)
        rows = self._text.flatten(2, 3)[..., self._n_shared : self.length, :]  # the shared tokens needn't move
        rows.copy_(rows[:, :, index])
