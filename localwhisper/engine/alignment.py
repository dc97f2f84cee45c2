"""When each word was said, as `whisper.timing` finds it: along the cross-attention of the alignment heads.

whisper's own find_alignment hangs hooks on the modules and switches a class for every thread; this one reads
the scores from a state of its own. All else is whisper's.
"""

from collections.abc import Callable, Sequence
from functools import partial
from types import FunctionType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from whisper import timing
from whisper.audio import TOKENS_PER_SECOND
from whisper.timing import WordTiming
from whisper.tokenizer import Tokenizer

from localwhisper.engine.kernels.intrinsics import compiled
from localwhisper.engine.model.cross_kv import CrossKeysValues
from localwhisper.engine.model.decode_state import DecodeState
from localwhisper.engine.model.decoder import Step
from localwhisper.engine.model.whisper_model import WhisperModel

MEDIAN_FILTER_WIDTH = 7  # whisper's default
# whisper's own, compiled without `parallel`: one of numba's thread pools aborts the process when two threads enter it
_dtw = compiled(timing.dtw_cpu.py_func, nogil=True)


def add_word_times(
    drafts: Sequence[dict[str, Any]],
    network: WhisperModel,
    cross: CrossKeysValues,
    tokenizer: Tokenizer,
    *,
    n_frames: int,
    last_speech_s: float,
) -> None:
    """Give each draft of a window its `words`; its start and end follow them.

    `cross`: of the window alone; `n_frames`: its frames without padding; `last_speech_s`: end of the word before.
    """
    find = partial(_find_alignment, network, cross)
    _with_alignment(find)(
        segments=drafts,
        model=None,
        tokenizer=tokenizer,
        mel=None,
        num_frames=n_frames,
        last_speech_timestamp=last_speech_s,
    )


def _with_alignment(find: Callable[..., list[WordTiming]]) -> Callable[..., None]:
    """whisper's add_word_timestamps with another find_alignment, as a function of its own: whisper's stays as it is."""
    whole = timing.add_word_timestamps
    names = {**vars(timing), "find_alignment": lambda _model, *args, **_: find(*args)}
    made = FunctionType(whole.__code__, names)
    made.__kwdefaults__ = whole.__kwdefaults__
    return made


def _find_alignment(
    network: WhisperModel,
    cross: CrossKeysValues,
    tokenizer: Tokenizer,
    text_tokens: list[int],
    _mel: None,
    n_frames: int,
) -> list[WordTiming]:
    words, word_tokens = tokenizer.split_to_word_tokens([*text_tokens, tokenizer.eot])
    if len(word_tokens) <= 1:
        return []
    scores, probabilities = _forced(network, cross, tokenizer, text_tokens)
    weights = scores[:, :, : n_frames // 2].softmax(dim=-1)
    std, mean = torch.std_mean(weights, dim=-2, keepdim=True, unbiased=False)
    weights = timing.median_filter((weights - mean) / std, MEDIAN_FILTER_WIDTH)
    matrix = weights.mean(dim=0)[len(tokenizer.sot_sequence) : -1]
    text_indices, time_indices = _dtw(-matrix.double().numpy())
    jumps = np.pad(np.diff(text_indices), (1, 0), constant_values=1).astype(bool)
    jump_times_s = time_indices[jumps] / TOKENS_PER_SECOND
    edges = np.pad(np.cumsum([len(tokens) for tokens in word_tokens[:-1]]), (1, 0))
    return [
        WordTiming(word, tokens, jump_times_s[first], jump_times_s[last], np.mean(probabilities[first:last]))
        for word, tokens, first, last in zip(words, word_tokens, edges, edges[1:], strict=False)
    ]


def _forced(
    network: WhisperModel, cross: CrossKeysValues, tokenizer: Tokenizer, text_tokens: list[int]
) -> tuple[Tensor, list[float]]:
    """The alignment heads' scores, shape (n_heads, n_tokens, n_audio_ctx), and each text token's probability."""
    before = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
    tokens = torch.tensor([[*before, *text_tokens, tokenizer.eot]])
    state = DecodeState(cross, network.dims.n_text_ctx)
    state.cross_scores = []
    wanted = range(len(before) - 1, len(before) - 1 + len(text_tokens))
    logits = network.decoder([Step(tokens, state, wanted)])[0][0]
    probabilities = logits[:, : tokenizer.eot].softmax(dim=-1)
    said = probabilities[torch.arange(len(text_tokens)), text_tokens].tolist()
    by_layer = state.cross_scores
    return torch.stack([by_layer[layer][0, head] for layer, head in network.alignment_heads]).float().cpu(), said
