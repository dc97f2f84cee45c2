"""The decoder's layers as one compiled step for a few rows; see kernels/decoder_step.py."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from localwhisper.engine.kernels.decoder_step import LayerTables, Rows, Scratch, step
from localwhisper.engine.model.decode_state import DecodeState
from localwhisper.engine.model.weight_only_linear import WeightOnlyLinear, empty_like, pad_rows
from localwhisper.engine.model.weights import Norm
from localwhisper.engine.threads import ThreadTeam, max_parts


class JitDecoderLayers:
    """All layers between embedding and vocabulary. Threading: SAFE, as long as one thread at a time uses each state."""

    def __init__(
        self,
        layers: Sequence[tuple[Sequence[WeightOnlyLinear], Sequence[Norm]]],
        ln: Norm,
        n_head: int,
        team: ThreadTeam,
    ) -> None:
        """`layers`: matrices and norms in decoder_step's order."""
        self._weights = layers, ln  # keeps the tensors whose addresses are in the tables
        self._n_head = n_head
        self._team = team
        self._tables = LayerTables(
            matrices=np.array([[linear.addresses for linear in matrices] for matrices, _ in layers]),
            norms=np.array([[_norm_addresses(norm) for norm in norms] for _, norms in layers]),
            last_norm=_norm_addresses(ln),
            like=layers[0][0][0].like,
        )

    def __call__(self, x: Tensor, states: Sequence[DecodeState], n_new: Sequence[int]) -> Tensor:
        """Compute the vocabulary's input from embedded new tokens, both of shape (n, n_state).

        `x` has the tokens of every row of all states, `n_new` for each row of a state. The states get the tokens' keys
        and values, but don't advance.
        """
        per_state = [_rows(state, n) for state, n in zip(states, n_new, strict=True)]
        arrays = per_state[0] if len(per_state) == 1 else [np.concatenate(x) for x in zip(*per_state, strict=True)]
        text, audio, text_lengths, audio_lengths = arrays
        rows = Rows(text, audio, empty_like(states[0].cross_dtype), text_lengths, audio_lengths)
        n_ctx, n_threads = states[0].n_text_ctx, min(max_parts(), self._n_head)
        scratch = _scratch(pad_rows(x), max(n_ctx, int(audio_lengths.max())), n_threads)

        def work(part: int, n_parts: int) -> None:
            step(self._tables, rows, scratch, n_ctx, self._n_head, part, n_parts)

        self._team.run(work, n_threads)
        return torch.from_numpy(scratch.attended[: len(x)])


def _rows(state: DecodeState, n_new: int) -> list[NDArray[np.int64]]:
    """The arrays of decoder_step.Rows, one row per token.

    Several new tokens of one text are rows in order: in every layer each finds the keys and values of those before.
    """
    text, audio = state.text_addresses(), state.audio_addresses()
    text_lengths = np.tile(np.arange(state.length, state.length + n_new), len(text))
    audio_lengths = np.full(len(text_lengths), state.n_audio_ctx)
    if n_new > 1:
        text, audio = text.repeat(n_new, axis=0), audio.repeat(n_new, axis=0)
    return [text, audio, text_lengths, audio_lengths]


def _scratch(x: Tensor, longest: int, n_threads: int) -> Scratch:
    n_rows, n_state = x.shape

    def zeros(*shape: int) -> NDArray[np.float32]:
        return np.zeros(shape, np.float32)  # padding rows are computed too, so they need numbers

    return Scratch(
        x=np.repeat(x.numpy()[None], n_threads, axis=0),
        normed=zeros(n_threads, n_rows, n_state),
        scores=zeros(n_threads, longest),
        qkv=zeros(n_rows, 3 * n_state),
        attended=zeros(n_rows, n_state),
        cross_query=zeros(n_rows, n_state),
        hidden=zeros(n_rows, 4 * n_state),
        products=zeros(n_rows, n_state),
        ones=np.ones(longest, np.float32),
        arrivals=np.zeros(1, np.int64),
    )


def _norm_addresses(norm: Norm) -> NDArray[np.int64]:
    return np.array([norm.weight.data_ptr(), norm.bias.data_ptr()], np.int64)
