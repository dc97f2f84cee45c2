"""The decoder's layers as one compiled step for a few rows (see decoder_step.py)."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from localwhisper.engine.kernels import decoder_step
from localwhisper.engine.model.decode_state import DecodeState
from localwhisper.engine.model.layers import Norm
from localwhisper.engine.model.weight_only_linear import WeightOnlyLinear, like, padded
from localwhisper.engine.threads import MAX_PARTS, helpers


class JitDecoderLayers:
    """All of a decoder between embedding and vocabulary. Threading: SAFE, for states of one's own."""

    def __init__(
        self, layers: Sequence[tuple[Sequence[WeightOnlyLinear], Sequence[Norm]]], ln: Norm, n_head: int
    ) -> None:
        """By layer, matrices and norms in the order of decoder_step.py."""
        self._kept = layers, ln  # the addresses are of their tensors
        self._like = layers[0][0][0].like
        self._n_head = n_head
        self._matrices = np.array([[rows.addresses for rows in matrices] for matrices, _ in layers])
        self._norms = np.array([[_norm_addresses(norm) for norm in norms] for _, norms in layers])
        self._last_norm = _norm_addresses(ln)

    def __call__(self, x: Tensor, states: Sequence[DecodeState], n_new: Sequence[int]) -> Tensor:
        """The embedded next tokens of each row of all states, `n_new` of each state, one behind the other, shape
        (n, n_state) → what the vocabulary is to be multiplied by, of the same shape. The states have the tokens' keys
        and values, and their length from before.
        """
        n_rows = len(x)
        text, audio, lengths, audio_lengths = _gathered(states, n_new)
        most_parts = min(MAX_PARTS, torch.get_num_threads(), self._n_head)
        scratch = _scratch(padded(x), max(states[0].n_text_ctx, int(audio_lengths.max())), most_parts)
        audio_like = like(states[0].audio_type)

        def work(part: int, n_parts: int) -> None:
            decoder_step.step(
                self._matrices,
                self._norms,
                self._last_norm,
                self._like,
                scratch,
                text,
                audio,
                audio_like,
                lengths,
                audio_lengths,
                states[0].n_text_ctx,
                self._n_head,
                part,
                n_parts,
            )

        helpers.compute(work, most_parts)
        return torch.from_numpy(scratch.attended[:n_rows])


def _gathered(states: Sequence[DecodeState], n_new: Sequence[int]) -> tuple[NDArray[np.int64], ...]:
    """By token: addresses of the text's and of the audio's keys and values, tokens before it, length of the audio.

    Of a row's tokens each finds those before it: they come in their order in every layer.
    """
    parts = [_places(state, n) for state, n in zip(states, n_new, strict=True)]
    return parts[0] if len(parts) == 1 else tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def _places(state: DecodeState, n_new: int) -> tuple[NDArray[np.int64], ...]:
    text, audio = state.text_addresses(), state.audio_addresses()
    lengths = np.tile(np.arange(state.length, state.length + n_new), len(text))
    audio_lengths = np.full(len(lengths), state.n_audio_ctx)
    if n_new > 1:
        text, audio = text.repeat(n_new, axis=0), audio.repeat(n_new, axis=0)
    return text, audio, lengths, audio_lengths


def _scratch(x: Tensor, longest: int, n_parts: int) -> decoder_step.Scratch:
    n_rows, n_state = x.shape

    def space(*shape: int) -> NDArray[np.float32]:
        return np.zeros(shape, np.float32)  # rows that only fill up are computed too: with numbers

    return decoder_step.Scratch(
        x=np.repeat(x.numpy()[None], n_parts, axis=0),
        normed=space(n_parts, n_rows, n_state),
        scores=space(n_parts, longest),
        qkv=space(n_rows, 3 * n_state),
        attended=space(n_rows, n_state),
        cross_query=space(n_rows, n_state),
        hidden=space(n_rows, 4 * n_state),
        products=space(n_rows, n_state),
        ones=np.ones(longest, np.float32),
        arrivals=np.zeros(1, np.int64),
    )


def _norm_addresses(norm: Norm) -> NDArray[np.int64]:
    return np.array([norm.weight.data_ptr(), norm.bias.data_ptr()], np.int64)
