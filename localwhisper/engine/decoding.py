"""whisper's decoding of encoded windows over our decoder, with temperature fallback: a check at every token, and
sampling that can be repeated. window_decoder.py encodes the windows and uses their text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import torch
from torch import Tensor
from whisper.decoding import DecodingOptions, DecodingResult, Inference
from whisper.utils import compression_ratio

from localwhisper.engine.model.cross_kv import CrossKeysValues, cat_cross_kv
from localwhisper.engine.model.decode_state import DecodeState
from localwhisper.engine.model.decoder import Step
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.token_chooser import EarlyEnds, IsGood, TokenChooser
from localwhisper.engine.upstream.whisper_internals import EncodedAudioTask
from localwhisper.options import Options


class DecodeStateInference(Inference):  # type: ignore[misc]  # whisper has no types
    """whisper's interface to a decoder, over its own decode states. Calls `check`, which may raise, at each token."""

    def __init__(
        self,
        model: WhisperModel,
        states: Sequence[DecodeState],
        sot_index: int,
        check: Callable[[], None],
        eot: int | None,
    ) -> None:
        """`states`: of all rows, in their order; `sot_index`: the position of the start-of-transcript token among the
        initial tokens; `eot`: the token after which a row isn't continued, None where it may be."""
        self._model = model
        self._states = states
        self._n_rows = [state.n_audio * state.n_group for state in states]
        self._sot_index = sot_index
        self._check = check
        self._eot = eot
        self._has_joined = False  # the batch in which all threads' decodes take their steps

    def logits(self, tokens: Tensor, audio_features: Tensor) -> Tensor:
        """Logits of the last token; the first time of `sot_index` and the last token, shape (n_rows, 2, n_vocab)."""
        self._check()
        by_state = list(zip(torch.split(tokens, self._n_rows), self._states, strict=True))
        if not self._has_joined:  # the initial tokens are the same in all rows of a window
            steps = [Step(rows[:: state.n_group], state, (self._sot_index, -1)) for rows, state in by_state]
            first = zip(self._model.decoder(steps), self._states, strict=True)
            self._model.batcher.join()
            self._has_joined = True
            return torch.cat([logits.repeat_interleave(state.n_group, dim=0) for logits, state in first])
        steps = [Step(rows[:, -1:], state, is_active=self._active(rows)) for rows, state in by_state]
        computed = iter(self._model.batcher.step([step for step in steps if step.n_active], self._check))
        n_vocab = self._model.dims.n_vocab
        return torch.cat([next(computed) if s.n_active else torch.zeros(len(s.tokens), 1, n_vocab) for s in steps])

    def _active(self, rows: Tensor) -> Tensor | None:
        """Which rows are continued; None where all are."""
        is_active = None if self._eot is None else rows[:, -1] != self._eot
        return None if is_active is None or is_active.all() else is_active

    def cleanup_caching(self) -> None:
        """Called by whisper after the last token, and when something was raised."""
        if self._has_joined:
            self._model.batcher.leave()
            self._has_joined = False

    def rearrange_kv_cache(self, source_indices: list[int]) -> None:
        first = 0
        for n_rows, state in zip(self._n_rows, self._states, strict=True):
            state.reorder([source - first for source in source_indices[first : first + n_rows]])
            first += n_rows


def decoding_task(
    model: WhisperModel,
    cross_kv: Sequence[CrossKeysValues],
    options: DecodingOptions,
    check: Callable[[], None],
    temperatures: Sequence[float] = (),
    is_good: IsGood | None = None,
    ends: EarlyEnds | None = None,
) -> EncodedAudioTask:
    """A task for windows of which `cross_kv` are the keys and values; or, at these temperatures, for attempts at one
    window, side by side, see TokenChooser."""
    task = EncodedAudioTask(model.as_whisper_module(), options)
    if model.device.type != "cpu":  # a GPU computes one state at a time
        equal = groupby(cross_kv, key=lambda window: window[0][0].levels.shape)
        cross_kv = [cat_cross_kv(list(windows)) for _, windows in equal]
    states = [DecodeState(windows, task.n_ctx, task.n_group * max(1, len(temperatures))) for windows in cross_kv]
    eot = task.tokenizer.eot if options.beam_size is None else None
    task.replace_inference(DecodeStateInference(model, states, task.sot_index, check, eot))
    if options.beam_size is None:
        of_each = temperatures or [options.temperature] * sum(state.n_audio for state in states)
        task.decoder = TokenChooser(task, of_each, is_good if task.n_group == 1 else None, ends)
    return task


@dataclass(frozen=True)
class Attempt:
    """A window's text at one temperature."""

    result: DecodingResult
    ended_early: bool  # see EarlyEnds

    def is_good(self, options: Options) -> bool:
        """Whether the text can be used, so that no higher temperature has to be tried."""
        threshold = options.no_speech_threshold
        is_improbable = _is_improbable(self.result.avg_logprob, options)
        if is_improbable and threshold is not None and self.result.no_speech_prob > threshold:
            return True  # silence
        return not is_improbable and not self.is_unusable(options)

    def is_unusable(self, options: Options) -> bool:
        """Whether it is worse than any improbable text."""
        return self.ended_early or _is_repetitive(self.result.compression_ratio, options)


@dataclass(frozen=True)
class FallbackResult:
    """The attempt that counts, and how many more there were."""

    result: DecodingResult
    is_good: bool
    retries: int


def decode_with_fallback(
    model: WhisperModel,
    cross_kv: Sequence[CrossKeysValues],
    *,
    options: Options,
    language: str,
    prompt: Sequence[int],
    temperatures: Sequence[float],
    check: Callable[[], None],
) -> list[FallbackResult]:
    """Decode encoded windows together, at rising temperatures until a window's text is neither too repetitive nor too
    improbable.

    The first attempts at all windows are decoded together, then all others at a window: with a random generator for
    each, they give the same text as one after the other.

    Parameters
    ----------
    cross_kv: of each window
    options: with quality "exact" as whisper.transcribe: each attempt has the prompt, and the last one counts. Otherwise
        a retry has no prompt, since that is what most often keeps a loop going; an attempt ends when it repeats itself,
        and a retry when it has become too improbable; and where no attempt is good the best one counts.
    temperatures: of the attempts, which may be fewer than those of the options
    """
    first, *higher = temperatures
    exact = options.quality == "exact"
    ends = None if exact else EarlyEnds(loops=options.compression_ratio_threshold is not None)
    first_options = decoding_options(options, model, first, language, prompt)
    first_task = decoding_task(model, cross_kv, first_options, check, ends=ends)
    attempts = [[attempt] for attempt in _decode(first_task, len(cross_kv))]
    for window, tried in enumerate(attempts):
        if not higher or tried[0].is_good(options):
            continue
        retry_options = decoding_options(options, model, higher[0], language, prompt if exact else ())

        def is_good(tokens: Sequence[int], avg_logprob: float) -> bool:
            ratio = compression_ratio(first_task.tokenizer.decode(tokens).strip())
            return not _is_improbable(avg_logprob, options) and not _is_repetitive(ratio, options)

        if ends is not None and options.logprob_threshold is not None:
            ends = ends._replace(min_logprob=options.logprob_threshold, n_tokens=len(tried[0].result.tokens))
        ladder = decoding_task(model, [cross_kv[window]], retry_options, check, higher, is_good, ends)
        for retry, temperature in zip(_decode(ladder, len(higher)), higher, strict=True):
            tried.append(replace(retry, result=replace(retry.result, temperature=temperature)))
            if retry.is_good(options):
                break
    counting = [tried[-1] if exact else _best(tried, options) for tried in attempts]
    return [
        FallbackResult(attempt.result, attempt.is_good(options), len(tried) - 1)
        for attempt, tried in zip(counting, attempts, strict=True)
    ]


def _decode(task: EncodedAudioTask, n: int) -> list[Attempt]:
    """`n` attempts. Of several rows of an attempt, whisper chooses one."""
    results = task.run(torch.empty(n, 0))  # only its length counts: the task has the audio
    ended = task.decoder.ended_early if isinstance(task.decoder, TokenChooser) else np.zeros(len(results), np.bool_)
    rows = ended.reshape(len(results), -1)
    return [Attempt(result, bool(rows[i].any())) for i, result in enumerate(results)]


def decoding_options(
    options: Options, model: WhisperModel, temperature: float, language: str, prompt: Sequence[int]
) -> DecodingOptions:
    """whisper's options for one attempt."""
    beam_size = options.beam_size if temperature == 0 else None
    token_ids = [int(text) for text in options.suppress_tokens.split(",") if text]
    return DecodingOptions(
        task=options.task,
        language=language,
        temperature=temperature,
        fp16=False,
        prompt=list(prompt),
        beam_size=beam_size,
        patience=options.patience if beam_size is not None else None,
        best_of=options.best_of if temperature > 0 else None,
        length_penalty=options.length_penalty,
        suppress_tokens=[token_id for token_id in token_ids if token_id < model.dims.n_vocab],
        suppress_blank=options.suppress_blank,
        sample_len=options.max_new_tokens,
    )


def _best(attempts: Sequence[Attempt], options: Options) -> Attempt:
    """The last attempt where it is good. Else the first of those with the highest probability, rounded: logits that
    differ by rounding alone are no reason to prefer a sampled text."""
    if attempts[-1].is_good(options):
        return attempts[-1]
    return max(attempts, key=lambda attempt: (not attempt.is_unusable(options), round(attempt.result.avg_logprob, 2)))


def is_silence(result: DecodingResult, options: Options) -> bool:
    """Whether the window holds no speech, so that its text is dropped."""
    if options.no_speech_threshold is None or not result.no_speech_prob > options.no_speech_threshold:
        return False
    return options.logprob_threshold is None or not result.avg_logprob > options.logprob_threshold


def _is_improbable(avg_logprob: float, options: Options) -> bool:
    return options.logprob_threshold is not None and bool(avg_logprob < options.logprob_threshold)


def _is_repetitive(ratio: float, options: Options) -> bool:
    return options.compression_ratio_threshold is not None and bool(ratio > options.compression_ratio_threshold)
