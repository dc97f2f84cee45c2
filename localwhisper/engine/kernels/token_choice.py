"""The choice of the next token in one pass over the logits: whisper's filters, then the best token or a sample."""

from typing import NamedTuple

import numpy as np

from localwhisper.engine.kernels.intrinsics import LOWEST, ONE, ZERO, exp, fmax
from localwhisper.engine.kernels.jit import Array, jit, jit_cached, noinline_wide_vectors


class TimestampRules(NamedTuple):
    """The numbers in whisper's ApplyTimestampRules. Without timestamps, `begin` is beyond the vocabulary."""

    eot: int
    begin: int  # the first timestamp
    sample_begin: int  # tokens before the first that is chosen
    max_initial: int  # the last timestamp that may be the first token


@jit
def _allowed(row: Array, rules: TimestampRules, n_vocab: int) -> tuple[int, int, int, int]:
    """Which tokens may follow those in `row`, int64, shape (n_tokens,): text from the first to before the second
    number, timestamps from the third to before the fourth."""
    begin, n = rules.begin, len(row)
    if begin >= n_vocab:
        return 0, n_vocab, n_vocab, n_vocab
    if n == rules.sample_begin:
        return begin, begin, begin, min(n_vocab, rules.max_initial + 1)
    first_text, first_timestamp, end = 0, begin, n_vocab
    is_after_timestamp = row[n - 1] >= begin
    is_after_two = is_after_timestamp and (n - 1 == rules.sample_begin or row[n - 2] >= begin)
    i = n - 1
    while i >= rules.sample_begin and row[i] < begin:
        i -= 1
    if i >= rules.sample_begin:  # they don't decrease, and a segment isn't empty
        first_timestamp = row[i] + (0 if is_after_timestamp and not is_after_two else 1)
    if is_after_two:
        end = first_timestamp
    elif is_after_timestamp:
        first_text = rules.eot
    return first_text, begin, first_timestamp, end


@jit
def _highest(values: Array, first: int, end: int) -> float:
    noinline_wide_vectors()
    highest = LOWEST
    for o in range(first, end):
        highest = fmax(highest, values[o])
    return highest  # type: ignore[no-any-return]


@jit
def _sum_of_exp(values: Array, first: int, end: int, highest: float) -> float:
    noinline_wide_vectors()
    total = ZERO
    for o in range(first, end):
        total += exp(values[o] - highest)
    return total  # type: ignore[no-any-return]


@jit
def _scores(values: Array, first: int, end: int, highest: float, inverse: float, noise: Array) -> float:
    """Replace noise by the probabilities at a temperature (its inverse is given) over it. Returns the highest."""
    noinline_wide_vectors()
    best = ZERO
    for o in range(first, end):
        noise[o] = exp((values[o] - highest) * inverse) / noise[o]
        best = fmax(best, noise[o])
    return best  # type: ignore[no-any-return]


@jit
def _first_equal(values: Array, spans: tuple[int, int, int, int], wanted: float) -> int:
    for o in range(spans[0], spans[1]):
        if values[o] >= wanted:
            return o
    for o in range(spans[2], spans[3]):
        if values[o] >= wanted:
            return o
    return 0


@jit
def _suppress(values: Array, suppressed: Array) -> None:
    noinline_wide_vectors()
    for o in range(len(values)):
        values[o] += suppressed[o]


@jit_cached
def choose_tokens(
    logits: Array,
    tokens: Array,
    suppressed: Array,
    rules: TimestampRules,
    temperatures: Array,
    noise: Array,
    chosen: Array,
    logprobs: Array,
) -> None:
    """Choose each row's next token, int64, and its log-softmax, float32, both shape (n_rows,).

    logits, float32, shape (n_rows, n_vocab), are changed; tokens: int64, (n_rows, n_tokens), those before; suppressed:
    float32, (n_vocab,), 0 or -inf; temperatures: float32, (n_rows,), 0 for the first highest token. For the others
    noise, float32, (n_rows, n_vocab), is exponentially distributed, and changed: dividing by it and taking the highest
    is how torch.multinomial samples.
    """
    n_vocab = logits.shape[1]
    for row in range(len(logits)):
        if tokens[row, tokens.shape[1] - 1] == rules.eot:
            chosen[row], logprobs[row] = rules.eot, ZERO
            continue
        values = logits[row]
        _suppress(values, suppressed)
        text, text_end, first, end = _allowed(tokens[row], rules, n_vocab)
        best_text, best_timestamp = _highest(values, text, text_end), _highest(values, first, end)
        highest = fmax(best_text, best_timestamp)
        total = _sum_of_exp(values, first, end, highest)
        if first < end and highest + np.log(total) > best_text:  # all timestamps together are more probable
            text, highest = text_end, best_timestamp
            total = _sum_of_exp(values, first, end, highest)
        else:
            total += _sum_of_exp(values, text, text_end, highest)
        spans = text, text_end, first, end
        if temperatures[row] > ZERO:
            inverse = ONE / temperatures[row]
            best = _scores(values, text, text_end, highest, inverse, noise[row])
            best = fmax(best, _scores(values, first, end, highest, inverse, noise[row]))
            token = _first_equal(noise[row], spans, best)
        else:
            token = _first_equal(values, spans, highest)
        chosen[row], logprobs[row] = token, values[token] - highest - np.log(total)
