"""whisper's decoding of encoded windows over our decoder, with temperature fallback: a check at every token, and
sampling that can be repeated. window_decoder.py encodes the windows and uses their text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor
from whisper.decoding import DecodingOptions, DecodingResult, Inference
from whisper.utils import compression_ratio

from localwhisper.engine.model.cross_kv import CrossKeysValues, select_windows
from localwhisper.engine.model.decode_state import DecodeState
from localwhisper.engine.model.decoder import Step
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.token_chooser import EarlyEnds, IsGood, TokenChooser
from localwhisper.engine.upstream.whisper_internals import EncodedAudioTask
from localwhisper.options import Options


class DecodeStateInference(Inference):  # type: ignore[misc]  # whisper has no types
    """whisper's interface to a decoder, over its own decode state. Calls `check`, which may raise, at each token."""

    def __init__(
        self, model: WhisperModel, state: DecodeState, sot_index: int, check: Callable[[], None], eot: int | None
    ) -> None:
        """`sot_index`: the position of the start-of-transcript token among the initial tokens; `eot`: the token after
        which a row isn't continued, None where it may be."""
        self._model = model
        self._state = state
        self._sot_index = sot_index
        self._check = check
        self._eot = eot
        self._has_joined = False  # the batch in which all threads' decodes take their steps

    def logits(self, tokens: Tensor, audio_features: Tensor) -> Tensor:
        """Logits of the last token; the first time of `sot_index` and the last token, shape (n_rows, 2, n_vocab)."""
        self._check()
        state = self._state
        if state.length > 0:
            is_active = None if self._eot is None else tokens[:, -1] != self._eot
            if is_active is not None and is_active.all():
                is_active = None
            return self._model.batcher.step(Step(tokens[:, -1:], state, is_active=is_active), self._check)
        # the initial tokens are the same in all rows of a window
        step = Step(tokens[:: state.n_group], state, (self._sot_index, -1))
        logits = self._model.decoder([step])[0].repeat_interleave(state.n_group, dim=0)
        self._model.batcher.join()
        self._has_joined = True
        return logits

    def cleanup_caching(self) -> None:
        """Called by whisper after the last token, and when something was raised."""
        if self._has_joined:
            self._model.batcher.leave()
            self._has_joined = False

    def rearrange_kv_cache(self, source_indices: list[int]) -> None:
        self._state.reorder(source_indices)


def decoding_task(
    model: WhisperModel,
    cross_kv: CrossKeysValues,
    options: DecodingOptions,
    check: Callable[[], None],
    temperatures: Sequence[float] = (),
    is_good: IsGood | None = None,
    ends: EarlyEnds | None = None,
) -> EncodedAudioTask:
    """A task for the windows of `cross_kv`; or, at these temperatures, for attempts at one window, side by side, see
    TokenChooser."""
    task = EncodedAudioTask(model.as_whisper_module(), options)
    state = DecodeState(cross_kv, task.n_ctx, task.n_group * max(1, len(temperatures)))
    eot = task.tokenizer.eot if options.beam_size is None else None
    task.replace_inference(DecodeStateInference(model, state, task.sot_index, check, eot))
    if options.beam_size is None:
        of_each = temperatures or [options.temperature] * state.n_audio
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
    features: Tensor,
    cross_kv: CrossKeysValues,
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
    features: shape (n_windows, n_audio_ctx, n_audio_state)
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
    attempts = [[attempt] for attempt in _decode(first_task, features)]
    for window, tried in enumerate(attempts):
        if not higher or tried[0].is_good(options):
            continue
        retry_options = decoding_options(options, model, higher[0], language, prompt if exact else ())
        window_kv = cross_kv if len(features) == 1 else select_windows(cross_kv, [window])

        def is_good(tokens: Sequence[int], avg_logprob: float) -> bool:
            ratio = compression_ratio(first_task.tokenizer.decode(tokens).strip())
            return not _is_improbable(avg_logprob, options) and not _is_repetitive(ratio, options)

        if ends is not None and options.logprob_threshold is not None:
            ends = ends._replace(min_logprob=options.logprob_threshold, n_tokens=len(tried[0].result.tokens))
        ladder = decoding_task(model, window_kv, retry_options, check, higher, is_good, ends)
        for retry, temperature in zip(
            _decode(ladder, features[[window]].expand(len(higher), -1, -1)), higher, strict=True
        ):
            tried.append(replace(retry, result=replace(retry.result, temperature=temperature)))
            if retry.is_good(options):
                break
    counting = [tried[-1] if exact else _best(tried, options) for tried in attempts]
    return [
        FallbackResult(attempt.result, attempt.is_good(options), len(tried) - 1)
        for attempt, tried in zip(counting, attempts, strict=True)
    ]


def _decode(task: EncodedAudioTask, features: Tensor) -> list[Attempt]:
    """One attempt for each of the features. Of several rows of an attempt, whisper chooses one."""
    results = task.run(features)
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
