"""openai-whisper's internals: the alignment heads' table, its word timing over our decoder, its decoding task.

What is used here was written for openai-whisper 20250625. Imports torch; whisper_tables doesn't.
"""

from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import torch
import whisper
from torch import Tensor
from whisper import timing
from whisper.decoding import (
    BeamSearchDecoder,
    DecodingOptions,
    DecodingTask,
    Inference,
    SuppressTokens,
)
from whisper.model import ModelDimensions, Whisper
from whisper.timing import WordTiming


def published_alignment_heads(name: str, dims: ModelDimensions) -> list[tuple[int, int]] | None:
    """(layer, head) of the cross-attention heads that follow the audio; None for a model that whisper doesn't publish.

    Uses: `whisper._ALIGNMENT_HEADS`, and a `Whisper` without `__init__` for `set_alignment_heads`.
    Why: whisper applies the table only in `load_model`, which keeps two copies of the weights in memory.
    If it goes: copy the table's entries here, as (layer, head) pairs.
    """
    dump = whisper._ALIGNMENT_HEADS.get(name)
    if dump is None:
        return None
    with torch.device("meta"):
        model = Whisper.__new__(Whisper)
    torch.nn.Module.__init__(model)
    model.dims = dims
    try:
        model.set_alignment_heads(dump)
    except RuntimeError:  # another model's dimensions: an import under a published name
        return None
    return [(int(layer), int(head)) for layer, head in model.alignment_heads.indices().T]


FindAlignment = Callable[[Any, list[int], int], list[WordTiming]]  # tokenizer, text tokens, frames of audio


def add_word_timestamps(
    segments: Sequence[dict[str, Any]],
    find_alignment: FindAlignment,
    tokenizer: Any,
    **arguments: Any,
) -> None:
    """whisper.timing.add_word_timestamps with another `find_alignment`: gives each segment its `words`.

    Uses: the code object of `add_word_timestamps`, run with globals in which `find_alignment` is ours.
    Why: whisper's own find_alignment hangs hooks on modules and switches a class attribute for every thread.
    If it goes: where find_alignment became a parameter, pass it; else copy the function here.
    """
    names = {**vars(timing), "find_alignment": lambda _model, tok, tokens, _mel, n, **_: find_alignment(tok, tokens, n)}
    clone = FunctionType(timing.add_word_timestamps.__code__, names)
    clone.__kwdefaults__ = timing.add_word_timestamps.__kwdefaults__
    clone(
        segments=segments,
        model=None,
        tokenizer=tokenizer,
        mel=None,
        **arguments,
    )


def dtw_source() -> Callable[..., Any]:
    """whisper's dynamic time warping as plain Python, to be compiled with other flags.

    Uses: `py_func` of the jitted `whisper.timing.dtw_cpu`.
    Why: whisper compiles it with `parallel=True`, and numba's workqueue threads abort the process when two enter it.
    If it goes: copy the function here.
    """
    source: Callable[..., Any] = timing.dtw_cpu.py_func
    return source


class EncodedAudioTask(DecodingTask):  # type: ignore[misc]  # whisper has no types
    """whisper's decoding of windows that are already encoded: its initial tokens, filters, search and figures.

    Uses: `DecodingTask._get_audio_features` and `._detect_language`, overridden; the attributes `inference`, `decoder`,
    `logit_filters`, `sot_index`, `sample_begin`, `n_ctx`, `n_group`, and `SuppressTokens.suppress_tokens`.
    Why: whisper's `decode` hooks a key/value cache into the modules, which allows one decode at a time.
    If it goes: adapt the overrides; tests/engine/test_equivalence.py compares with `whisper.transcribe`.
    """

    decoder: Any
    sot_index: int

    def __init__(self, model: Any, options: DecodingOptions) -> None:
        """`model`: an object with what whisper reads of one, see WhisperModel.as_whisper_module."""
        super().__init__(model, options)
        for logit_filter in self.logit_filters:
            if isinstance(logit_filter, SuppressTokens):  # whisper converts a list at every token
                logit_filter.suppress_tokens = torch.tensor(logit_filter.suppress_tokens)

    def replace_inference(self, inference: Inference) -> None:
        """`inference` gives at first the logits of two positions: of the start of the transcript, and of the end."""
        self.inference = inference
        self.sot_index = 0
        if isinstance(self.decoder, BeamSearchDecoder):
            self.decoder.inference = inference

    def _get_audio_features(self, mel: Tensor) -> Tensor:
        """A placeholder for each row, on the CPU, where the logits are: `inference` has the audio."""
        return torch.empty(len(mel) * self.n_group, 0)

    def _detect_language(self, audio_features: Tensor, tokens: Tensor) -> tuple[list[str], None]:
        """The language given in the options, by window."""
        return [str(self.options.language)] * len(tokens), None
