"""What a decode remembers between tokens: the keys and values of its text and of its audio.

Owned by whoever decodes, never by the weights: any number of decodes share one set of weights.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from localwhisper.engine.model.cross_kv import CrossKeysValues
from localwhisper.engine.model.cuda_graph import CapturedStep


class DecodeState:
    """Of `n_audio` windows decoded side by side, `n_group` rows (beams or samples) each.

    A row's text keys and values have their place from the start: a token adds to them without moving any.
    The audio's are there once a window, however many rows read them. Threading: one thread at a time.
    """

    def __init__(self, cross: CrossKeysValues, n_text_ctx: int, n_group: int = 1) -> None:
        keys = cross[0][0].levels
        self.n_audio, self.n_head, self.n_audio_ctx, n_per_head = keys.shape
        self.n_text_ctx = n_text_ctx
        self.audio_type = keys.dtype
        self.n_group = n_group
        self.length = 0  # tokens so far, the same in every row
        self._scale = n_per_head**-0.5
        self._cross = cross
        self._cache = keys.new_empty(
            (len(cross), 2, self.n_audio, n_group, self.n_head, n_text_ctx, n_per_head),
            dtype=keys.dtype if keys.is_floating_point() else torch.float32,
        )
        self._text_addresses: NDArray[np.int64] | None = None
        self._audio_addresses: NDArray[np.int64] | None = None
        self._shared = 0  # leading tokens that all rows of a window have in common
        self.cross_scores: list[Tensor] | None = None  # filled by layer where a list is put here
        self.recorded: CapturedStep | None = None  # the step, once it is taken on a device

    def attend_text(self, layer: int, q: Tensor, k: Tensor, v: Tensor, n_new: int) -> Tensor:
        """Self-attention of `n_new` tokens a row, behind those before.

        q, k, v: shape (n_rows * n_new, n_state), where n_rows is n_audio * n_group, or n_audio as long as the
        rows of a window are the same. Returns the attended values in q's shape.
        """
        n_same = self.n_audio * n_new
        n_group = len(q) // n_same
        q, k, v = (x.view(self.n_audio, n_group, n_new, self.n_head, -1).transpose(2, 3) for x in (q, k, v))
        end = self.length + n_new
        cache = self._cache[layer]
        cache[0, :, :, :, self.length : end] = k
        cache[1, :, :, :, self.length : end] = v
        keys, values = cache[:, :, :n_group, :, :end]
        scores = (q * self._scale) @ keys.transpose(-1, -2)
        if n_new > 1:
            hidden = torch.ones(n_new, end, dtype=torch.bool, device=q.device).triu_(self.length + 1)
            scores.masked_fill_(hidden, -torch.inf)
        out: Tensor = torch.softmax(scores, dim=-1) @ values
        return out.transpose(2, 3).flatten(0, 2).flatten(1)

    def attend_text_at(self, layer: int, q: Tensor, k: Tensor, v: Tensor, place: Tensor, hidden: Tensor) -> Tensor:
        """attend_text of one new token a row, of all rows, in operations that are the same for every token.

        `place`: int64, shape (1,), how many tokens are before it; `hidden`: shape (1, 1, n_text_ctx), what to add to
        the scores of each place.
        """
        rows = self._cache[layer].flatten(1, 2)
        keys, values = rows
        q, k, v = (x.reshape(len(x), self.n_head, 1, -1) for x in (q, k, v))
        keys.index_copy_(2, place, k)
        values.index_copy_(2, place, v)
        scores = torch.baddbmm(hidden, q.flatten(0, 1), keys.flatten(0, 1).transpose(-1, -2), alpha=self._scale)
        attended: Tensor = torch.softmax(scores, dim=-1) @ values.flatten(0, 1)
        return attended.view(len(q), -1)

    def clear_behind(self) -> None:
        """Before attend_text_at, which multiplies what nobody has written yet by nothing."""
        self._cache[..., self.length :, :] = 0

    def hidden_behind(self, place: Tensor) -> Tensor:
        """For attend_text_at: nothing up to this place, -inf behind it."""
        is_behind = torch.arange(self.n_text_ctx, device=place.device) > place
        return torch.zeros_like(is_behind, dtype=self._cache.dtype).masked_fill_(is_behind, -torch.inf)[None, None]

    def attend_audio(self, layer: int, q: Tensor, n_new: int) -> Tensor:
        """Cross-attention; shapes as attend_text's."""
        keys, values = (one.wide() for one in self._cross[layer])
        q = q.view(self.n_audio, -1, self.n_head, keys.shape[-1]).transpose(1, 2)
        scores = (q * self._scale) @ keys.transpose(-1, -2)
        if self.cross_scores is not None:
            self.cross_scores.append(scores)
        return (torch.softmax(scores, dim=-1) @ values).transpose(1, 2).flatten(0, 1).flatten(1)

    def text_addresses(self) -> NDArray[np.int64]:
        """Where the keys and values of each row and layer lie: shape (n_audio * n_group, n_layer, 2)."""
        if self._text_addresses is None:
            rows = self._cache.permute(2, 3, 0, 1, 4, 5, 6).flatten(0, 1)
            strides = np.array(rows.stride()[:3], np.int64) * rows.element_size()
            offsets: NDArray[np.int64] = np.indices(rows.shape[:3]).transpose(1, 2, 3, 0) @ strides
            self._text_addresses = offsets + rows.data_ptr()
        return self._text_addresses

    def audio_addresses(self) -> NDArray[np.int64]:
        """Where the keys, their scales, the values and theirs lie: shape (n_audio * n_group, n_layer, 4)."""
        if self._audio_addresses is None:
            layers = [(keys.levels, keys.scale, values.levels, values.scale) for keys, values in self._cross]
            found = [[[one[i].data_ptr() for one in layer] for layer in layers] for i in range(self.n_audio)]
            self._audio_addresses = np.repeat(np.array(found, np.int64), self.n_group, axis=0)
        return self._audio_addresses

    def advance(self, n_new: int, *, shared: bool) -> None:
        """The tokens just attended to are part of the text; `shared`: each is the same in all rows of its window."""
        self.length += n_new
        if shared:
            self._shared = self.length

    def reorder(self, sources: Sequence[int]) -> None:
        """Row i goes on from what row sources[i] was; both belong to the same window."""
        if list(sources) == list(range(len(sources))):
            return
        index = torch.tensor(sources, device=self._cache.device)
        own = self._cache.flatten(2, 3)[..., self._shared : self.length, :]  # what is shared stays where it is
        own.copy_(own[:, :, index])
