"""whisper's decoding of one window over our own decoder, with a check at every token and repeatable sampling."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Categorical
from whisper.decoding import (
    BeamSearchDecoder,
    DecodingOptions,
    DecodingResult,
    DecodingTask,
    GreedyDecoder,
    Inference,
    SuppressTokens,
)

from localwhisper.engine.kernels import precompile
from localwhisper.engine.kernels.greedy import best
from localwhisper.engine.model.cross_kv import CrossKeysValues, select_windows
from localwhisper.engine.model.decode_state import DecodeState
from localwhisper.engine.model.decoder import Step
from localwhisper.engine.model.whisper_model import WhisperModel

TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # whisper.transcribe's ladder, and its thresholds:
COMPRESSION_RATIO_THRESHOLD = 2.4
LOGPROB_THRESHOLD = -1.0
NO_SPEECH_THRESHOLD = 0.6
SEED = 0  # of every window's sampling: nothing a window gives depends on what ran before or beside it


class StatefulInference(Inference):  # type: ignore[misc]  # whisper has no types
    """whisper's seam to a decoder, over a state of one's own. Calls `check`, which may raise, before each token."""

    def __init__(
        self, network: WhisperModel, state: DecodeState, first_wanted: int, only_best: bool, check: Callable[[], None]
    ) -> None:
        """`first_wanted`: where the start of the transcript is among the initial tokens; `only_best`: see Step."""
        self._network = network
        self._state = state
        self._first_wanted = first_wanted
        self._only_best = only_best
        self._check = check
        self._is_member = False  # of the batch in which all decodes take their steps

    def logits(self, tokens: Tensor, audio_features: Tensor) -> Tensor:
        """The first time at `first_wanted` and at the end, shape (n_rows, 2, n_vocab); later at the end."""
        self._check()
        state = self._state
        if state.length > 0:
            return self._network.batch.step(Step(tokens[:, -1:], state, only_best=self._only_best), self._check)
        # the initial tokens are the same in all rows of a window
        step = Step(tokens[:: state.n_group], state, (self._first_wanted, -1))
        logits = self._network.decoder([step])[0].repeat_interleave(state.n_group, dim=0)
        self._network.batch.join()
        self._is_member = True
        return logits

    def cleanup_caching(self) -> None:
        """whisper calls this once the last token is there, or something was raised."""
        if self._is_member:
            self._network.batch.leave()
            self._is_member = False

    def rearrange_kv_cache(self, source_indices: list[int]) -> None:
        self._state.reorder(source_indices)


class QuickGreedyDecoder(GreedyDecoder):  # type: ignore[misc]
    """whisper's choice at temperature 0, compiled: without a log-softmax of every token."""

    def update(self, tokens: Tensor, logits: Tensor, sum_logprobs: Tensor) -> tuple[Tensor, bool]:
        chosen, logprobs = np.empty(len(logits), np.int64), np.empty(len(logits), np.float32)
        best(logits.numpy(), chosen, logprobs)
        is_over = tokens[:, -1].numpy() == self.eot
        sum_logprobs += torch.from_numpy(logprobs * ~is_over)
        chosen[is_over] = self.eot
        tokens = torch.cat([tokens, torch.from_numpy(chosen)[:, None]], dim=-1)
        return tokens, bool((chosen == self.eot).all())


class SeededDecoder(GreedyDecoder):  # type: ignore[misc]
    """Samples as whisper's GreedyDecoder does, from a generator of its own."""

    def __init__(self, temperature: float, eot: int) -> None:
        super().__init__(temperature, eot)
        self._generator = torch.Generator().manual_seed(SEED)

    def update(self, tokens: Tensor, logits: Tensor, sum_logprobs: Tensor) -> tuple[Tensor, bool]:
        probabilities = Categorical(logits=logits / self.temperature).probs
        chosen = torch.multinomial(probabilities, 1, True, generator=self._generator)[:, 0]
        logprobs = torch.log_softmax(logits.float(), dim=-1)
        is_over = tokens[:, -1] == self.eot
        sum_logprobs += logprobs[torch.arange(len(chosen)), chosen] * ~is_over
        chosen[is_over] = self.eot
        tokens = torch.cat([tokens, chosen[:, None]], dim=-1)
        return tokens, bool((tokens[:, -1] == self.eot).all())


class WindowTask(DecodingTask):  # type: ignore[misc]
    """whisper's decoding of encoded windows: its tokens, filters, search and figures."""

    decoder: Any
    sot_index: int

    def __init__(
        self, network: WhisperModel, cross: CrossKeysValues, options: DecodingOptions, check: Callable[[], None]
    ) -> None:
        super().__init__(network.as_whisper_module(), options)
        state = DecodeState(cross, self.n_ctx, self.n_group)
        self.inference = StatefulInference(network, state, self.sot_index, options.temperature == 0, check)
        self.sot_index = 0  # among the logits that the first step gives
        for one in self.logit_filters:
            if isinstance(one, SuppressTokens):
                one.suppress_tokens = torch.tensor(one.suppress_tokens)  # a list is made one again at each token
        if isinstance(self.decoder, BeamSearchDecoder):
            self.decoder.inference = self.inference
        elif options.temperature > 0:
            self.decoder = SeededDecoder(options.temperature, self.tokenizer.eot)
        elif precompile.is_ready():
            self.decoder = QuickGreedyDecoder(options.temperature, self.tokenizer.eot)

    def _get_audio_features(self, mel: Tensor) -> Tensor:
        """Encoded already, and in the state: a stand-in for each row, on the processor, where the logits are."""
        return torch.empty(len(mel) * self.n_group, 0)

    def _detect_language(self, audio_features: Tensor, tokens: Tensor) -> tuple[list[str], None]:
        """Given already; by window."""
        return [str(self.options.language)] * len(tokens), None


@dataclass(frozen=True)
class Decoded:
    result: DecodingResult
    retries: int  # of the attempts before this one


def decode(
    network: WhisperModel,
    features: Tensor,
    cross: CrossKeysValues,
    *,
    language: str,
    task: str,
    prompt: Sequence[int],
    beam_size: int | None,
    temperatures: Sequence[float],
    check: Callable[[], None],
    as_whisper: bool = True,
) -> list[Decoded]:
    """Decode encoded windows side by side, features of shape (n, n_audio_ctx, n_audio_state), at rising temperatures
    until a window's text is neither too repetitive nor too improbable, as `whisper.transcribe` does.

    `as_whisper`: each time behind the same prompt, and the last attempt counts. Otherwise a retry goes without the
    prompt, which is what most often keeps a loop going, and where no attempt is good, the best of them counts.
    """
    attempts: list[list[DecodingResult]] = [[] for _ in features]
    left = list(range(len(features)))
    for number, temperature in enumerate(temperatures):
        options = DecodingOptions(
            task=task,
            language=language,
            temperature=temperature,
            fp16=False,
            prompt=list(prompt) if as_whisper or number == 0 else [],
            beam_size=beam_size if temperature == 0 else None,
        )
        # what is sampled must not depend on who else is there
        for part in [left] if temperature == 0 else [[window] for window in left]:
            its = cross if len(part) == len(features) else select_windows(cross, part)
            results: list[DecodingResult] = WindowTask(network, its, options, check).run(features[part])
            for window, result in zip(part, results, strict=True):
                attempts[window].append(result)
        left = [window for window in left if not is_good(attempts[window][-1])]
        if not left:
            break
    return [Decoded(made[-1] if as_whisper else _best(made), len(made) - 1) for made in attempts]


def _best(attempts: Sequence[DecodingResult]) -> DecodingResult:
    """Of those that say it as well, the first: a logit that is only nearly exact is no reason to sample."""
    if is_good(attempts[-1]):
        return attempts[-1]
    return max(
        attempts, key=lambda one: (one.compression_ratio <= COMPRESSION_RATIO_THRESHOLD, round(one.avg_logprob, 2))
    )


def is_good(result: DecodingResult) -> bool:
    """Whether no higher temperature is to be tried."""
    is_improbable: bool = result.avg_logprob < LOGPROB_THRESHOLD
    if is_improbable and result.no_speech_prob > NO_SPEECH_THRESHOLD:
        return True  # silence
    return not is_improbable and result.compression_ratio <= COMPRESSION_RATIO_THRESHOLD


def is_silence(result: DecodingResult) -> bool:
    """Whether the window holds no speech, so that what was decoded is left out."""
    return bool(result.no_speech_prob > NO_SPEECH_THRESHOLD and result.avg_logprob <= LOGPROB_THRESHOLD)
