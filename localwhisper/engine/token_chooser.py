"""The choice of tokens: whisper's logit filters and its greedy or sampled choice, at a temperature for each row."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from whisper.decoding import ApplyTimestampRules, GreedyDecoder, SuppressBlank, SuppressTokens

from localwhisper.engine.kernels.precompile import kernel_cache
from localwhisper.engine.kernels.token_choice import TimestampRules, choose_tokens
from localwhisper.engine.upstream.whisper_internals import EncodedAudioTask

IsGood = Callable[[Sequence[int], float], bool]
# a text that ends with the same tokens at least so many times repeats itself, if they are so many tokens together
LOOP_TIMES, MIN_LOOP_TOKENS, MAX_LOOP_PERIOD = 5, 30, 32
LOOP_CHECK_TOKENS = 8  # how often that is looked for
CERTAIN_TOKENS = 8  # which a text may have after those that are compared with EarlyEnds.min_logprob
SEED = 0  # of each window's sampling: a window's text doesn't depend on what is decoded before or beside it


class EarlyEnds(NamedTuple):
    """What ends a row before its text does: it can't become good any more."""

    loops: bool = True  # it repeats itself
    min_logprob: float = -np.inf  # its mean log-probability would be less if it had `n_tokens`
    n_tokens: int = 0


class TokenChooser(GreedyDecoder):  # type: ignore[misc]
    """Chooses tokens as whisper's logit filters and its GreedyDecoder do, for each decode at a temperature of its own.

    Each samples from a random generator of its own, so its text doesn't depend on what is decoded beside it.
    """

    def __init__(
        self,
        task: EncodedAudioTask,
        temperatures: Sequence[float],
        is_good: IsGood | None = None,
        ends: EarlyEnds | None = None,
    ) -> None:
        """`temperatures`: of each decode, which has `task.n_group` rows. `is_good`: for decodes of the same window: is
        called with the tokens and their mean log-probability; one that is good ends those at higher temperatures.
        `ends`: None to sample the very tokens that whisper would. Else a row's noise is drawn once and shifted by one
        token at each step, as drawing it anew takes longer than computing the step."""
        super().__init__(temperatures[0], task.tokenizer.eot)
        self._n_group, self._sample_begin = task.n_group, task.sample_begin
        n_rows = len(temperatures) * task.n_group
        self.ended_early = np.zeros(n_rows, np.bool_)
        self._rules: TokenRules | None = None
        if kernel_cache().is_ready():
            self._rules, task.logit_filters = token_rules(task), []
        self._temperatures = np.repeat(np.array(temperatures, np.float32), task.n_group)
        self._generators = [
            torch.Generator().manual_seed(SEED) if temperature > 0 else None for temperature in temperatures
        ]
        n_vocab = task.model.dims.n_vocab if self._temperatures.any() else 1
        self._noise = torch.ones(n_rows, n_vocab)
        self._drawn = None if ends is None else self._draw(torch.ones(n_rows, n_vocab + task.n_ctx))
        self._is_good, self._ends = is_good, ends

    def update(self, tokens: Tensor, logits: Tensor, sum_logprobs: Tensor) -> tuple[Tensor, bool]:
        """Append a token to every row. logits: float32, shape (n_rows, n_vocab), filtered by whisper or by the rules;
        they are changed."""
        had_ended = (tokens[:, -1] == self.eot).numpy()
        if self._drawn is None:
            self._draw(self._noise, had_ended)
        else:
            self._noise.copy_(self._drawn[:, tokens.shape[1] :][:, : self._noise.shape[1]])
        chosen, logprobs = (self._choose_by_torch if self._rules is None else self._choose)(tokens, logits)
        chosen[had_ended] = self.eot
        sum_logprobs += torch.from_numpy(logprobs * ~had_ended)
        tokens = torch.cat([tokens, torch.from_numpy(chosen)[:, None]], dim=-1)
        if self._ends is not None:
            self._end_early(self._ends, tokens, sum_logprobs)
        if self._is_good is not None:
            self._end_above_first_good(self._is_good, tokens, sum_logprobs, had_ended)
        return tokens, bool((tokens[:, -1] == self.eot).all())

    def _draw(self, noise: Tensor, is_unused: NDArray[np.bool_] | None = None) -> Tensor:
        """Fill the rows of decodes that sample with exponentially distributed numbers, each from its own generator."""
        for i, generator in enumerate(self._generators):
            rows = slice(i * self._n_group, (i + 1) * self._n_group)
            if generator is not None and (is_unused is None or not is_unused[rows].all()):
                noise[rows].exponential_(generator=generator)
        return noise

    def _choose(self, tokens: Tensor, logits: Tensor) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        assert self._rules is not None
        chosen, logprobs = np.empty(len(logits), np.int64), np.empty(len(logits), np.float32)
        is_first = tokens.shape[1] == self._sample_begin
        suppressed = self._rules.suppressed_at_first if is_first else self._rules.suppressed
        arrays = logits.contiguous().numpy(), tokens.contiguous().numpy(), suppressed, self._rules.timestamps
        choose_tokens(*arrays, self._temperatures, self._noise.numpy(), chosen, logprobs)
        return chosen, logprobs

    def _choose_by_torch(self, _tokens: Tensor, logits: Tensor) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        temperatures = torch.from_numpy(self._temperatures)[:, None]
        is_sampled = temperatures > 0
        probabilities = torch.softmax(logits / torch.where(is_sampled, temperatures, 1.0), dim=-1)
        chosen = torch.where(is_sampled, probabilities / self._noise, logits).argmax(dim=-1, keepdim=True)
        return chosen[:, 0].numpy(), torch.log_softmax(logits, dim=-1).gather(1, chosen)[:, 0].numpy()

    def _end_early(self, ends: EarlyEnds, tokens: Tensor, sum_logprobs: Tensor) -> None:
        n_sampled = tokens.shape[1] - self._sample_begin
        if n_sampled == 1:  # whisper divides by the number of tokens before the end
            return
        min_sum = ends.min_logprob * (max(n_sampled, ends.n_tokens) + CERTAIN_TOKENS)
        is_loop_checked = ends.loops and n_sampled % LOOP_CHECK_TOKENS == 0
        for row in np.flatnonzero((tokens[:, -1] != self.eot).numpy()):
            sampled = tokens[row, self._sample_begin :].tolist() if is_loop_checked else ()
            if sum_logprobs[row] < min_sum or repeats_itself([token for token in sampled if token < self.eot]):
                self.ended_early[row] = True
                tokens[row, -1] = self.eot

    def _end_above_first_good(
        self, is_good: IsGood, tokens: Tensor, sum_logprobs: Tensor, had_ended: NDArray[np.bool_]
    ) -> None:
        for row in np.flatnonzero((tokens[:, -1] == self.eot).numpy() & ~had_ended & ~self.ended_early):
            sampled = [token for token in tokens[row, self._sample_begin :].tolist() if token != self.eot]
            if is_good(sampled, float(sum_logprobs[row]) / (len(sampled) + 1)):
                tokens[row + 1 :, -1] = self.eot


def repeats_itself(tokens: Sequence[int]) -> bool:
    """Whether text tokens end with the same few tokens again and again."""
    for period in range(1, min(MAX_LOOP_PERIOD, len(tokens) // LOOP_TIMES) + 1):
        n = max(MIN_LOOP_TOKENS, LOOP_TIMES * period) - period
        if len(tokens) >= n + period and tokens[-n:] == tokens[-n - period : -period]:
            return True
    return False


class TokenRules(NamedTuple):
    """whisper's logit filters, for kernels/token_choice.py. Both arrays: float32, shape (n_vocab,), 0 or -inf."""

    suppressed_at_first: NDArray[np.float32]
    suppressed: NDArray[np.float32]  # for all later tokens
    timestamps: TimestampRules


def token_rules(task: EncodedAudioTask) -> TokenRules:
    """The rules of a task's filters. Raises TypeError for a filter that isn't whisper's."""
    n_vocab, tokenizer = task.model.dims.n_vocab, task.tokenizer
    at_first, always = np.zeros(n_vocab, np.float32), np.zeros(n_vocab, np.float32)
    timestamps = TimestampRules(tokenizer.eot, n_vocab, task.sample_begin, n_vocab)
    for logit_filter in task.logit_filters:
        if isinstance(logit_filter, SuppressBlank):
            at_first[[*tokenizer.encode(" "), tokenizer.eot]] = -np.inf
        elif isinstance(logit_filter, SuppressTokens):
            always[np.asarray(logit_filter.suppress_tokens)] = -np.inf
        elif isinstance(logit_filter, ApplyTimestampRules):
            always[tokenizer.no_timestamps] = -np.inf
            begin, max_initial = tokenizer.timestamp_begin, logit_filter.max_initial_timestamp_index
            last = n_vocab if max_initial is None else begin + max_initial
            timestamps = TimestampRules(tokenizer.eot, begin, task.sample_begin, last)
        else:
            raise TypeError(f"unknown filter: {logit_filter}")
    return TokenRules(at_first + always, always, timestamps)
