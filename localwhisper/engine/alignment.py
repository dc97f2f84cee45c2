"""Word times, as `whisper.timing` finds them: by dynamic time warping along the alignment heads' cross-attention.

Differs from whisper's find_alignment in where the attention scores come from: a separate decode state, where whisper
hooks itself into the modules.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from whisper.audio import TOKENS_PER_SECOND
from whisper.timing import WordTiming, median_filter
from whisper.tokenizer import Tokenizer

from localwhisper.engine.kernels.jit import njit_cached
from localwhisper.engine.model.cross_kv import CrossKeysValues
from localwhisper.engine.model.decode_state import DecodeState
from localwhisper.engine.model.decoder import Step
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.upstream.whisper_internals import add_word_timestamps, dtw_source

MEDIAN_FILTER_WIDTH = 7  # whisper's default
_dtw = njit_cached(dtw_source(), nogil=True)


def add_word_times(
    segments: Sequence[dict[str, Any]],
    model: WhisperModel,
    cross_kv: CrossKeysValues,
    tokenizer: Tokenizer,
    *,
    n_frames: int,
    last_speech_s: float,
    prepend_punctuations: str,
    append_punctuations: str,
) -> None:
    """Add `words` to each segment of one window, and move its start and end to theirs.

    `cross_kv`: of this window alone; `n_frames`: its frames without padding; `last_speech_s`: end of the previous word.
    """
    find = partial(_find_alignment, model, cross_kv)
    add_word_timestamps(
        segments,
        find,
        tokenizer,
        num_frames=n_frames,
        last_speech_timestamp=last_speech_s,
        prepend_punctuations=prepend_punctuations,
        append_punctuations=append_punctuations,
    )


def _find_alignment(
    model: WhisperModel, cross_kv: CrossKeysValues, tokenizer: Tokenizer, text_tokens: list[int], n_frames: int
) -> list[WordTiming]:
    words, word_tokens = tokenizer.split_to_word_tokens([*text_tokens, tokenizer.eot])
    if len(word_tokens) <= 1:
        return []
    scores, probabilities = _teacher_forced(model, cross_kv, tokenizer, text_tokens)
    weights = scores[:, :, : n_frames // 2].softmax(dim=-1)
    std, mean = torch.std_mean(weights, dim=-2, keepdim=True, unbiased=False)
    weights = median_filter((weights - mean) / std, MEDIAN_FILTER_WIDTH)
    matrix = weights.mean(dim=0)[len(tokenizer.sot_sequence) : -1]
    text_indices, time_indices = _dtw(-matrix.double().numpy())
    jumps = np.pad(np.diff(text_indices), (1, 0), constant_values=1).astype(bool)
    jump_times_s = time_indices[jumps] / TOKENS_PER_SECOND
    boundaries = np.pad(np.cumsum([len(tokens) for tokens in word_tokens[:-1]]), (1, 0))
    return [
        WordTiming(word, tokens, jump_times_s[first], jump_times_s[last], np.mean(probabilities[first:last]))
        for word, tokens, first, last in zip(words, word_tokens, boundaries, boundaries[1:], strict=False)
    ]


def _teacher_forced(
    model: WhisperModel, cross_kv: CrossKeysValues, tokenizer: Tokenizer, text_tokens: list[int]
) -> tuple[Tensor, list[float]]:
    """Decode the known text in one pass. Returns the alignment heads' scores, shape (n_heads, n_tokens, n_audio_ctx),
    and each text token's probability."""
    prefix = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
    tokens = torch.tensor([[*prefix, *text_tokens, tokenizer.eot]])
    state = DecodeState(cross_kv, model.dims.n_text_ctx)
    state.cross_scores = []
    positions = range(len(prefix) - 1, len(prefix) - 1 + len(text_tokens))
    logits = model.decoder([Step(tokens, state, positions)])[0][0]
    probabilities = logits[:, : tokenizer.eot].softmax(dim=-1)
    token_probabilities = probabilities[torch.arange(len(text_tokens)), text_tokens].tolist()
    by_layer = state.cross_scores
    scores = torch.stack([by_layer[layer][0, head] for layer, head in model.alignment_heads])
    return scores.float().cpu(), token_probabilities
