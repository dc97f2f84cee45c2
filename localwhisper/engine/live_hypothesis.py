"""A hypothesis: the words of an utterance so far, decoded once, at temperature 0."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from whisper.audio import HOP_LENGTH, N_FRAMES, SAMPLE_RATE, log_mel_spectrogram
from whisper.tokenizer import Tokenizer, get_tokenizer

from localwhisper.engine.alignment import add_word_times
from localwhisper.engine.audio_window import n_frames_to_encode
from localwhisper.engine.decoding import Attempt, decoding_options, decoding_task, is_silence
from localwhisper.engine.model.cross_kv import CrossKeysValues
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.prompts import last, prompt_tokens, window_prefix
from localwhisper.engine.token_chooser import EarlyEnds
from localwhisper.jobs.transcript import Word
from localwhisper.options import Options

MAX_PROMPT_TOKENS = 100
MAX_NEW_TOKENS = 200  # 30 s of quick speech have about 150
STEP_FRAMES = 50  # between the lengths that are encoded


@dataclass(frozen=True)
class Hypothesis:
    language: str
    words: tuple[Word, ...]
    is_good: bool  # neither repetitive nor improbable
    is_silence: bool


class HypothesisDecoder:
    """Threading: one thread at a time."""

    def __init__(self, model: WhisperModel, options: Options, check: Callable[[], None]) -> None:
        self._model = model
        self._options = options
        self._check = check

    def decode(
        self,
        samples: NDArray[np.float32],
        start_s: float,
        prompt: str,
        language: str | None,
    ) -> Hypothesis:
        """Decode an utterance, at temperature 0.

        Parameters
        ----------
        samples: float32, shape (n,), 16 kHz, in [-1, 1], of at most 30 s
        start_s: where they begin in the recording
        prompt: the text before the utterance
        language: None: it is detected
        """
        model = self._model
        mel = log_mel_spectrogram(torch.from_numpy(samples), model.dims.n_mels)[:, :N_FRAMES]
        n_frames = mel.shape[1]
        mel = F.pad(mel, (0, _n_frames_to_encode(n_frames) - n_frames))
        features = model.encode_audio(mel[None], self._check)
        cross_kv = model.cross_kv(features, self._check)
        if not model.is_multilingual:
            language = "en"
        if language is None:
            language = model.detect_language(features).language
        tokenizer = get_tokenizer(
            model.is_multilingual, num_languages=model.num_languages, language=language, task=self._options.task
        )
        attempt = self._attempt(features, cross_kv, tokenizer, self._prompt_tokens(tokenizer, prompt))
        tokens = [] if attempt.ended_early else [token for token in attempt.result.tokens if token < tokenizer.eot]
        words = self._words(tokens, n_frames, cross_kv, tokenizer)
        return Hypothesis(
            language=language,
            words=tuple(_moved(word, start_s) for word in words),
            is_good=attempt.is_good(self._options),
            is_silence=is_silence(attempt.result, self._options),
        )

    def _prompt_tokens(self, tokenizer: Tokenizer, prompt: str) -> list[int]:
        before = window_prefix(tokenizer, self._options, MAX_PROMPT_TOKENS)
        return [*before, *last(prompt_tokens(tokenizer, prompt.strip()), MAX_PROMPT_TOKENS - len(before))]

    def _attempt(
        self,
        features: torch.Tensor,
        cross_kv: CrossKeysValues,
        tokenizer: Tokenizer,
        prompt: Sequence[int],
    ) -> Attempt:
        options = replace(
            decoding_options(self._options, self._model, 0.0, tokenizer.language, prompt),
            without_timestamps=True,
            beam_size=None,
            patience=None,
            sample_len=None,
        )
        task = decoding_task(self._model, [cross_kv], options, self._check, ends=EarlyEnds())
        task.sample_len = MAX_NEW_TOKENS
        (result,) = task.run(features)
        return Attempt(result, bool(task.decoder.ended_early[0]))

    def _words(self, tokens: list[int], n_frames: int, cross_kv: CrossKeysValues, tokenizer: Tokenizer) -> list[Word]:
        """The words with their times in the samples."""
        if not tokens:
            return []
        end_s = n_frames * HOP_LENGTH / SAMPLE_RATE
        segment = {"seek": 0, "start": 0.0, "end": end_s, "tokens": tokens, "text": tokenizer.decode(tokens)}
        add_word_times(
            [segment],
            self._model,
            cross_kv,
            tokenizer,
            n_frames=n_frames,
            last_speech_s=0.0,
            prepend_punctuations=self._options.prepend_punctuations,
            append_punctuations=self._options.append_punctuations,
        )
        return [
            Word(word=w["word"], start=float(w["start"]), end=float(w["end"]), probability=float(w["probability"]))
            for w in segment["words"]
        ]


def _n_frames_to_encode(n_frames: int) -> int:
    """An utterance has a new length each time it is decoded. Few are used, since oneDNN compiles kernels for each, of
    which it keeps a thousand, in some 200 MiB."""
    return min(int(N_FRAMES), STEP_FRAMES * math.ceil(n_frames_to_encode(n_frames, "fast") / STEP_FRAMES))


def _moved(word: Word, seconds: float) -> Word:
    return replace(word, start=round(word.start + seconds, 2), end=round(word.end + seconds, 2))
