"""whisper's decoding of encoded windows over our decoder, with temperature fallback: a check at every token, and
sampling that can be repeated. window_decoder.py encodes the windows and uses their text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Categorical
from whisper.decoding import DecodingOptions, DecodingResult, GreedyDecoder, Inference

from localwhisper.engine.kernels.greedy import greedy_tokens
from localwhisper.engine.kernels.precompile import kernel_cache
from localwhisper.engine.model.cross_kv import CrossKeysValues, select_windows
from localwhisper.engine.model.decode_state import DecodeState
from localwhisper.engine.model.decoder import Step
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.upstream.whisper_internals import EncodedAudioTask
from localwhisper.options import Options

SEED = 0  # of each window's sampling: a window's text doesn't depend on what is decoded before or beside it


class DecodeStateInference(Inference):  # type: ignore[misc]  # whisper has no types
    """whisper's interface to a decoder, over its own decode state. Calls `check`, which may raise, at each token."""

    def __init__(self, model: WhisperModel, state: DecodeState, sot_index: int, check: Callable[[], None]) -> None:
        """`sot_index`: the position of the start-of-transcript token among the initial tokens."""
        self._model = model
        self._state = state
        self._sot_index = sot_index
        self._check = check
        self._has_joined = False  # the batch in which all threads' decodes take their steps

    def logits(self, tokens: Tensor, audio_features: Tensor) -> Tensor:
        """Logits of the last token; the first time of `sot_index` and the last token, shape (n_rows, 2, n_vocab)."""
        self._check()
        state = self._state
        if state.length > 0:
            return self._model.batcher.step(Step(tokens[:, -1:], state), self._check)
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


class CompiledGreedyDecoder(GreedyDecoder):  # type: ignore[misc]
    """whisper's choice at temperature 0, compiled, without a log-softmax over the whole vocabulary in memory."""

    def update(self, tokens: Tensor, logits: Tensor, sum_logprobs: Tensor) -> tuple[Tensor, bool]:
        next_tokens, logprobs = np.empty(len(logits), np.int64), np.empty(len(logits), np.float32)
        greedy_tokens(logits.numpy(), next_tokens, logprobs)
        has_ended = tokens[:, -1].numpy() == self.eot
        sum_logprobs += torch.from_numpy(logprobs * ~has_ended)
        next_tokens[has_ended] = self.eot
        tokens = torch.cat([tokens, torch.from_numpy(next_tokens)[:, None]], dim=-1)
        return tokens, bool((next_tokens == self.eot).all())


class SeededSamplingDecoder(GreedyDecoder):  # type: ignore[misc]
    """Samples as whisper's GreedyDecoder does above temperature 0, from a random generator of its own."""

    def __init__(self, temperature: float, eot: int) -> None:
        super().__init__(temperature, eot)
        self._generator = torch.Generator().manual_seed(SEED)

    def update(self, tokens: Tensor, logits: Tensor, sum_logprobs: Tensor) -> tuple[Tensor, bool]:
        probabilities = Categorical(logits=logits / self.temperature).probs
        next_tokens = torch.multinomial(probabilities, 1, True, generator=self._generator)[:, 0]
        logprobs = torch.log_softmax(logits.float(), dim=-1)
        has_ended = tokens[:, -1] == self.eot
        sum_logprobs += logprobs[torch.arange(len(next_tokens)), next_tokens] * ~has_ended
        next_tokens[has_ended] = self.eot
        tokens = torch.cat([tokens, next_tokens[:, None]], dim=-1)
        return tokens, bool((tokens[:, -1] == self.eot).all())


def decoding_task(
    model: WhisperModel, cross_kv: CrossKeysValues, options: DecodingOptions, check: Callable[[], None]
) -> EncodedAudioTask:
    task = EncodedAudioTask(model.as_whisper_module(), options)
    state = DecodeState(cross_kv, task.n_ctx, task.n_group)
    task.replace_inference(DecodeStateInference(model, state, task.sot_index, check))
    if options.beam_size is None:
        if options.temperature > 0:
            task.decoder = SeededSamplingDecoder(options.temperature, task.tokenizer.eot)
        elif kernel_cache().is_ready():
            task.decoder = CompiledGreedyDecoder(options.temperature, task.tokenizer.eot)
    return task


@dataclass(frozen=True)
class FallbackResult:
    """The attempt that counts, and how many more there were."""

    result: DecodingResult
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

    Parameters
    ----------
    features: shape (n_windows, n_audio_ctx, n_audio_state)
    options: with quality "exact" as whisper.transcribe: each attempt has the prompt, and the last one counts. Otherwise
        a retry has no prompt, since that is what most often keeps a loop going, and where no attempt is good the best
        one counts.
    temperatures: of the attempts, which may be fewer than those of the options
    """
    exact = options.quality == "exact"
    attempts: list[list[DecodingResult]] = [[] for _ in features]
    remaining = list(range(len(features)))
    for number, temperature in enumerate(temperatures):
        attempt = decoding_options(options, model, temperature, language, prompt if exact or number == 0 else ())
        # samples are drawn one window at a time, so that they don't depend on the other windows
        for windows in [remaining] if temperature == 0 else [[window] for window in remaining]:
            windows_kv = cross_kv if len(windows) == len(features) else select_windows(cross_kv, windows)
            results = decoding_task(model, windows_kv, attempt, check).run(features[windows])
            for window, result in zip(windows, results, strict=True):
                attempts[window].append(result)
        remaining = [window for window in remaining if not is_good(attempts[window][-1], options)]
        if not remaining:
            break
    return [FallbackResult(results[-1] if exact else _best(results, options), len(results) - 1) for results in attempts]


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


def _best(attempts: Sequence[DecodingResult], options: Options) -> DecodingResult:
    """The last attempt where it is good. Else the first of those with the highest probability, rounded: logits that
    differ by rounding alone are no reason to prefer a sampled text."""
    if is_good(attempts[-1], options):
        return attempts[-1]
    return max(attempts, key=lambda result: (not _is_repetitive(result, options), round(result.avg_logprob, 2)))


def is_good(result: DecodingResult, options: Options) -> bool:
    """Whether the result can be used, so that no higher temperature has to be tried."""
    threshold = options.no_speech_threshold
    is_improbable = _is_improbable(result, options)
    if is_improbable and threshold is not None and result.no_speech_prob > threshold:
        return True  # silence
    return not is_improbable and not _is_repetitive(result, options)


def is_silence(result: DecodingResult, options: Options) -> bool:
    """Whether the window holds no speech, so that its text is dropped."""
    if options.no_speech_threshold is None or not result.no_speech_prob > options.no_speech_threshold:
        return False
    return options.logprob_threshold is None or not result.avg_logprob > options.logprob_threshold


def _is_improbable(result: DecodingResult, options: Options) -> bool:
    return options.logprob_threshold is not None and bool(result.avg_logprob < options.logprob_threshold)


def _is_repetitive(result: DecodingResult, options: Options) -> bool:
    threshold = options.compression_ratio_threshold
    return threshold is not None and bool(result.compression_ratio > threshold)
