"""The choice of tokens and the fallback to higher temperatures, compared with whisper's own functions."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.distributions import Categorical
from whisper.decoding import DecodingOptions

from localwhisper.engine.token_chooser import CERTAIN_TOKENS, SEED, EarlyEnds, TokenChooser, repeats_itself
from localwhisper.engine.upstream.whisper_internals import EncodedAudioTask
from tests.engine.random_model import DIMS

TEMPERATURES = (0.0, 0.2, 1.0)
N_STEPS = 12


class FakeModel:
    """As much of a model as whisper's decoding task reads."""

    def __init__(self) -> None:
        self.dims = DIMS
        self.is_multilingual, self.num_languages = True, 99
        self.device = torch.device("cpu")
        self.decoder = type("Decoder", (), {"blocks": ()})


def new_task(options: dict[str, Any]) -> EncodedAudioTask:
    return EncodedAudioTask(FakeModel(), DecodingOptions(language="en", fp16=False, **options))


def by_whisper(
    task: EncodedAudioTask, tokens: Tensor, logits: Tensor, temperature: float, rng: Any
) -> tuple[int, float]:
    """The next token of one row, shape (1, n_tokens), and its log-probability."""
    for logit_filter in task.logit_filters:
        logit_filter.apply(logits, tokens)
    if temperature == 0:
        token = logits.argmax(dim=-1)
    else:
        token = torch.multinomial(Categorical(logits=logits / temperature).probs, 1, True, generator=rng)[:, 0]
    return int(token), float(torch.log_softmax(logits, dim=-1)[0, token])


@pytest.mark.parametrize("is_compiled", [True, False])
@pytest.mark.parametrize("options", [{}, {"without_timestamps": True}, {"max_initial_timestamp": None}], ids=str)
def test_tokens_are_chosen_as_by_whisper(
    kernels: None, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], is_compiled: bool
) -> None:
    """Random logits in which timestamps, the end and text take turns; every row at its own temperature."""
    monkeypatch.setattr(
        "localwhisper.engine.token_chooser.kernel_cache", lambda: type("C", (), {"is_ready": lambda _: is_compiled})()
    )
    theirs, task = new_task(options), new_task(options)
    rngs = [torch.Generator().manual_seed(SEED) for _ in TEMPERATURES]
    chooser = TokenChooser(task, TEMPERATURES)
    random = torch.Generator().manual_seed(1)
    begin = task.tokenizer.timestamp_begin
    tokens = torch.tensor([task.initial_tokens] * len(TEMPERATURES))
    expected, sums, expected_sums = tokens.clone(), torch.zeros(3), torch.zeros(3)
    for step in range(N_STEPS):
        logits = torch.randn(len(TEMPERATURES), DIMS.n_vocab, generator=random) * 4
        logits[:, begin:] += (-6.0, 3.0)[step % 3 == 0]
        logits[:, begin + 40 * step : begin + 40 * step + 60] += 2.0  # so that they can increase
        logits[:, : task.tokenizer.eot] += (2.0, 0.0)[step % 3 == 0]
        nexts = []
        for row, temperature in enumerate(TEMPERATURES):
            token, logprob = by_whisper(
                theirs, expected[row : row + 1], logits[row : row + 1].clone(), temperature, rngs[row]
            )
            nexts.append(token)
            expected_sums[row] += logprob
        for logit_filter in task.logit_filters:  # none where the kernel does their work
            logit_filter.apply(logits, tokens)
        tokens, _ = chooser.update(tokens, logits, sums)
        expected = torch.cat([expected, torch.tensor(nexts)[:, None]], dim=1)
        assert tokens.tolist() == expected.tolist()
    torch.testing.assert_close(sums, expected_sums, atol=1e-3, rtol=0)
    assert (task.logit_filters == []) == is_compiled
    if "without_timestamps" not in options:
        assert {int(token) >= begin for token in tokens[:, task.sample_begin :].flatten()} == {True, False}


def test_an_attempt_that_is_good_ends_those_at_higher_temperatures() -> None:
    task = new_task({"temperature": 0.2})
    chooser = TokenChooser(task, (0.2, 0.4, 0.6), lambda _, avg_logprob: avg_logprob > -2)
    eot = task.tokenizer.eot
    tokens = torch.tensor([[*task.initial_tokens, 300]] * 3)

    def ended(row: int, sums: list[float]) -> list[bool]:
        """Rows that have ended once the end is certain in one."""
        chooser._choose_by_torch = chooser._choose = choose  # type: ignore[method-assign,assignment]
        nonlocal chosen
        chosen = [eot if i == row else 300 for i in range(3)]
        after, _ = chooser.update(tokens, torch.zeros(3, DIMS.n_vocab), torch.tensor(sums))
        return [bool(x) for x in after[:, -1] == eot]

    chosen: list[int] = []

    def choose(_tokens: Tensor, _logits: Tensor) -> Any:
        return torch.tensor(chosen).numpy(), torch.zeros(3).numpy()

    assert ended(1, [-1.0, -1.0, -1.0]) == [False, True, True]  # the first may still become good
    assert ended(1, [-1.0, -9.0, -1.0]) == [False, True, False]  # too improbable


def test_an_attempt_ends_when_it_is_too_improbable_for_any_text_of_that_length() -> None:
    task = new_task({"temperature": 0.2})
    chooser = TokenChooser(task, (0.2, 1.0), ends=EarlyEnds(min_logprob=-1.0, n_tokens=4))
    tokens, sums = torch.tensor([task.initial_tokens] * 2), torch.zeros(2)
    logits = torch.zeros(2, DIMS.n_vocab)
    logits[0, 300] = 60.0  # certain at 0.2; the other is as improbable as can be
    before = 0.0
    while not chooser.ended_early.any():
        before = float(sums[1])
        tokens, is_over = chooser.update(tokens, logits.clone(), sums)
        assert not is_over
    assert sums[1] < -(4 + CERTAIN_TOKENS) <= before
    assert chooser.ended_early.tolist() == [False, True]
    assert tokens[:, -1].tolist() == [300, task.tokenizer.eot]


def test_noise_that_is_drawn_once_gives_samples_as_often_as_they_are_probable() -> None:
    task = new_task({"temperature": 1.0, "without_timestamps": True, "suppress_tokens": ""})
    chooser = TokenChooser(task, (1.0, 1.0), ends=EarlyEnds(loops=False))
    tokens, n_steps = torch.tensor([task.initial_tokens] * 2), 400
    for _ in range(n_steps):
        logits = torch.full((2, DIMS.n_vocab), -torch.inf)
        logits[:, 300], logits[:, 400] = torch.tensor([0.7, 0.3]).log()
        tokens, _ = chooser.update(tokens, logits, torch.zeros(2))
    sampled = tokens[:, task.sample_begin :]
    assert sampled[0].tolist() == sampled[1].tolist()  # from the same seed
    assert 0.63 < (sampled[0] == 300).float().mean() < 0.77
    changes = (sampled[0, 1:] != sampled[0, :-1]).float().mean()
    assert 0.35 < changes < 0.49  # 2 * 0.7 * 0.3 if a token doesn't depend on the one before


def test_only_many_repetitions_in_a_row_are_a_loop() -> None:
    words = list(range(100, 180))
    assert repeats_itself([*words, *[7, 8, 9] * 10])
    assert repeats_itself([*words, *[5] * 30])
    assert repeats_itself(list(range(20)) * 5)
    assert not repeats_itself(words)
    assert not repeats_itself([*words, *[7, 8, 9] * 6])  # a refrain
    assert not repeats_itself([*[5] * 40, *words])
    assert not repeats_itself(list(range(20)) * 3)
