"""The decoder's layers as one compiled step for a few rows; see kernels/decoder_step.py."""

import threading
import time
from collections.abc import Sequence
from itertools import count

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from localwhisper.engine.kernels.decoder_step import LayerTables, Rows, Scratch, step
from localwhisper.engine.kernels.intrinsics import NAP_S
from localwhisper.engine.model.decode_state import DecodeState
from localwhisper.engine.model.weight_only_linear import WeightOnlyLinear, empty_like
from localwhisper.engine.model.weights import Norm
from localwhisper.engine.threads import ThreadTeam

MAX_THREADS = 4  # more would wait for each other longer than they save


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

    def __call__(
        self, x: Tensor, states: Sequence[DecodeState], n_new: Sequence[int], is_active: Sequence[Tensor | None]
    ) -> Tensor:
        """Compute the vocabulary's input from embedded new tokens, both of shape (n, n_state).

        `x` has the tokens of every active row of all states, `n_new` for each row of a state; `is_active`: see Step.
        The states get the tokens' keys and values, but don't advance.
        """
        per_state = [_rows(*arguments) for arguments in zip(states, n_new, is_active, strict=True)]
        arrays = per_state[0] if len(per_state) == 1 else [np.concatenate(x) for x in zip(*per_state, strict=True)]
        text, audio, text_lengths, audio_lengths = arrays
        rows = Rows(text, audio, empty_like(states[0].cross_dtype), text_lengths, audio_lengths)
        n_ctx, n_threads = states[0].n_text_ctx, min(self._team.n_helpers + 1, self._n_head, MAX_THREADS)
        scratch = self._scratch(x, max(n_ctx, int(audio_lengths.max())), n_threads)
        helpers, caller = count(1), threading.get_ident()

        def work() -> float:
            thread, begun_s = 0 if threading.get_ident() == caller else next(helpers), time.thread_time()
            step(self._tables, rows, scratch, n_ctx, thread)
            if thread > 0:
                self._team.add_help(time.thread_time() - begun_s, "step")
            return float(scratch.naps[thread] * NAP_S)

        self._team.run(work, n_threads, "step")
        return torch.from_numpy(scratch.attended)

    def _scratch(self, x: Tensor, longest: int, n_threads: int) -> Scratch:
        n_rows, n_state = x.shape

        def empty(*shape: int) -> NDArray[np.float32]:
            return np.empty(shape, np.float32)

        n_phases = self._tables.matrices.shape[0] * self._tables.matrices.shape[1]
        return Scratch(
            n_head=self._n_head,
            x=x.numpy().copy(),
            normed=empty(n_threads, n_rows, n_state),
            scores=empty(n_threads, longest),
            qkv=empty(n_rows, 3 * n_state),
            attended=empty(n_rows, n_state),
            hidden=empty(n_rows, 4 * n_state),
            products=empty(n_rows, n_state),
            ones=np.ones(longest, np.float32),
            claimed=np.zeros(n_phases, np.int64),
            finished=np.zeros(n_phases, np.int64),
            naps=np.zeros(n_threads, np.int64),
        )


def _rows(state: DecodeState, n_new: int, is_active: Tensor | None) -> list[NDArray[np.int64]]:
    """The arrays of decoder_step.Rows, one row per token.

    Several new tokens of one text are rows in order: in every layer each finds the keys and values of those before.
    """
    text, audio = state.text_addresses(), state.audio_addresses()
    if is_active is not None:
        text, audio = text[is_active.numpy()], audio[is_active.numpy()]
    text_lengths = np.tile(np.arange(state.length, state.length + n_new), len(text))
    audio_lengths = np.full(len(text_lengths), state.n_audio_ctx)
    if n_new > 1:
        text, audio = text.repeat(n_new, axis=0), audio.repeat(n_new, axis=0)
    return [text, audio, text_lengths, audio_lengths]


def _norm_addresses(norm: Norm) -> NDArray[np.int64]:
    return np.array([norm.weight.data_ptr(), norm.bias.data_ptr()], np.int64)
