"""Our encoder, decoder and states against openai-whisper's modules, and every format against single precision."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import whisper
from torch import Tensor
from whisper.model import ModelDimensions

from localwhisper.engine import threads
from localwhisper.engine.calibration import benchmarks, select
from localwhisper.engine.calibration.plan_store import REFERENCE, Plan, PlanStore
from localwhisper.engine.checkpoints.checkpoint import Checkpoint
from localwhisper.engine.model import jit_decoder, linear_formats, logits
from localwhisper.engine.model.attention import ATTENTIONS
from localwhisper.engine.model.decoder import Step
from localwhisper.engine.model.int8_gemm import multiplies_bytes
from localwhisper.engine.model.layers import Weights
from localwhisper.engine.model.linear_formats import FORMATS, float32
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.options import Quality
from tools.random_checkpoint import tensors

DIMS = ModelDimensions(80, 1500, 64, 2, 2, 51865, 448, 64, 4, 3)
TOKENS = torch.tensor([[50258, 50259, 50359, 300, 401, 7]])


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    """Random, with sharpened attention, so that an error in it shows."""
    return Checkpoint("random", DIMS, tensors(DIMS))


@pytest.fixture(scope="module")
def stock(checkpoint: Checkpoint) -> whisper.model.Whisper:
    model = whisper.model.Whisper(DIMS)
    model.load_state_dict(dict(checkpoint.tensors))
    return model.float().eval()


@pytest.fixture(scope="module")
def network(checkpoint: Checkpoint) -> WhisperModel:
    return WhisperModel(checkpoint, REFERENCE)


@pytest.fixture(scope="module")
def mel() -> Tensor:
    return torch.randn(2, 80, 3000, generator=torch.Generator().manual_seed(5))


def deviation(found: Tensor, right: Tensor) -> float:
    return float((found - right).square().mean().sqrt() / right.square().mean().sqrt())


def test_each_encoder_layer_is_stock_s(network: WhisperModel, stock: whisper.model.Whisper) -> None:
    x = torch.randn(2, 1500, DIMS.n_audio_state)
    for ours, theirs in zip(network.encoder.layers, stock.encoder.blocks, strict=True):
        assert deviation(ours(x), theirs(x)) < 1e-5


@pytest.mark.parametrize("sharpness", [1.0, 8.0])
@pytest.mark.parametrize(("way", "allowed"), [("float32-blocks", 2e-6), ("bfloat16", 0.02), ("int8", 0.03)])
def test_every_way_to_attend_is_near_single_precision(way: str, allowed: float, sharpness: float) -> None:
    """Where each place listens to all, and where it listens to few; of two windows, of a length that fills no block."""
    qkv = torch.randn(2, 301, 3 * DIMS.n_audio_state, generator=torch.Generator().manual_seed(6)) * sharpness
    right = ATTENTIONS["float32"](qkv, DIMS.n_audio_head)
    if way == "int8" and not multiplies_bytes():
        with pytest.raises(RuntimeError):
            ATTENTIONS[way](qkv, DIMS.n_audio_head)
    else:
        assert deviation(ATTENTIONS[way](qkv, DIMS.n_audio_head), right) < allowed * sharpness


def test_features_and_logits_are_stock_s(network: WhisperModel, stock: whisper.model.Whisper, mel: Tensor) -> None:
    features = stock.encoder(mel)
    assert deviation(network.encoder(mel), features) < 1e-5
    tokens = TOKENS.repeat(2, 1)
    assert deviation(network.logits(tokens, features), stock.decoder(tokens, features)) < 1e-5


def test_token_by_token_is_all_at_once(network: WhisperModel, mel: Tensor) -> None:
    features = network.encoder(mel[:1])
    right = network.logits(TOKENS, features)
    state = network.state(features)
    first = network.decoder([Step(TOKENS[:, :3], state, range(3))])[0]
    rest = [network.decoder([Step(TOKENS[:, i : i + 1], state)])[0] for i in range(3, TOKENS.shape[1])]
    assert deviation(torch.cat([first, *rest], dim=1), right) < 1e-5


def test_states_of_any_length_share_a_pass(network: WhisperModel, mel: Tensor) -> None:
    features = network.encoder(mel)
    texts = [TOKENS[:, :2], TOKENS[:, :5], TOKENS[:, :3]]
    states = [network.state(features[i % 2][None]) for i in range(3)]
    found = network.decoder([Step(text, state) for text, state in zip(texts, states, strict=True)])
    for i, text in enumerate(texts):
        assert deviation(found[i], network.logits(text, features[i % 2][None])[:, -1:]) < 1e-5


def test_beams_go_on_from_where_they_are_sent(network: WhisperModel, mel: Tensor) -> None:
    features = network.encoder(mel)
    state = network.state(features, n_group=2)
    prefix = TOKENS[:, :3].repeat(2, 1)
    network.decoder([Step(prefix, state)])
    beams = torch.tensor([[11], [12], [13], [14]])
    network.decoder([Step(beams, state)])
    state.reorder([1, 1, 3, 2])
    found = network.decoder([Step(torch.tensor([[5], [6], [7], [8]]), state)])[0][:, 0]
    for row, (before, last) in enumerate([(12, 5), (12, 6), (14, 7), (13, 8)]):
        text = torch.cat([TOKENS[0, :3], torch.tensor([before, last])])[None]
        assert deviation(found[row], network.logits(text, features[row // 2][None])[0, -1]) < 1e-5


def test_what_is_read_from_the_file_each_time_computes_the_same(
    checkpoint: Checkpoint, network: WhisperModel, mel: Tensor
) -> None:
    streamed = WhisperModel(checkpoint, replace(REFERENCE, encoder="float32-streamed", cross="float32-streamed"))
    assert streamed.size_bytes < network.size_bytes
    found, right = (one.logits(TOKENS, one.encoder(mel[:1])) for one in (streamed, network))
    assert torch.equal(found, right)


def test_rounded_rows_are_looked_up_where_the_vocabulary_lies_in_8_bits(checkpoint: Checkpoint) -> None:
    weights = Weights(checkpoint, torch.device("cpu")).part("decoder")
    right, rounded = (logits.embedding(logits.FORMATS[name](weights), weights) for name in ("float32", "int8-rows"))
    assert 1e-4 < deviation(rounded(TOKENS), right(TOKENS)) < 0.01
    assert rounded(TOKENS).shape == right(TOKENS).shape == (*TOKENS.shape, DIMS.n_text_state)


def test_a_pass_that_fails_fails_in_all_its_decodes(network: WhisperModel, mel: Tensor) -> None:
    features = network.encoder(mel[:1])
    good, bad = network.state(features), network.state(features)
    bad.length = DIMS.n_text_ctx  # no room for a token
    errors: list[Exception] = []

    def step(state: object) -> None:
        try:
            network.batch.step(Step(TOKENS[:, :1], state))  # type: ignore[arg-type]
        except RuntimeError as error:
            errors.append(error)

    network.batch.join()
    network.batch.join()
    network.batch._step_s = 10.0  # patient enough for both to meet
    threads = [threading.Thread(target=step, args=(state,)) for state in (good, bad)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    network.batch.leave()
    network.batch.leave()
    assert len(errors) >= 1
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize(
    "format",
    [
        "float32-packed",
        "float16-packed",
        "float16-rows",
        "int8-rows",
        "int8",
        "int8-reduced",
        "int8-by-row",
        "int8-reduced-by-row",
        "bfloat16",
        "float16",
    ],
)
def test_formats_are_near_single_precision(format: str) -> None:
    generator = torch.Generator().manual_seed(3)
    weight = torch.randn(96, 64, generator=generator).half()
    bias, x = torch.randn(96, generator=generator).half(), torch.randn(7, 64, generator=generator)
    allowed = {
        "float32-packed": 1e-6,
        "float16-packed": 1e-6,
        "float16-rows": 1e-6,
        "float16": 2e-3,
        "bfloat16": 1e-2,
    }.get(format, 5e-2)
    assert deviation(FORMATS[format](weight, bias)(x), float32(weight, bias)(x)) < allowed


@pytest.mark.parametrize("format", ["int8-rows", "int8-by-row", "int8-reduced-by-row"])
def test_no_row_depends_on_its_company(format: str) -> None:
    generator = torch.Generator().manual_seed(4)
    linear = FORMATS[format](torch.randn(96, 64, generator=generator), None)
    x = torch.randn(4, 64, generator=generator) * torch.tensor([[1.0], [30.0], [0.1], [0.0]])
    assert torch.allclose(linear(x), torch.cat([linear(row[None]) for row in x]), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("format", ["screened", "screened-int8"])
def test_screened_logits_are_exact_where_a_token_can_win(checkpoint: Checkpoint, format: str) -> None:
    if format == "screened-int8" and linear_formats.saturates():
        with pytest.raises(RuntimeError):
            logits.FORMATS[format](Weights(checkpoint, torch.device("cpu")).part("decoder"))
        return
    weights = Weights(checkpoint, torch.device("cpu")).part("decoder")
    right, screened = logits.FORMATS["float32"](weights), logits.FORMATS[format](weights)
    states = torch.randn(5, DIMS.n_text_state, generator=torch.Generator().manual_seed(4))
    whole = right(states, True)
    assert deviation(screened(states, False), whole) < 1e-5
    found = screened(states, True)
    assert found.topk(logits.N_BEST).indices.equal(
        whole.topk(logits.N_BEST).indices
    )  # suppressed ones leave the next best exact
    assert deviation(found.topk(logits.N_BEST).values, whole.topk(logits.N_BEST).values) < 1e-5
    assert deviation(found[:, -logits.N_SPECIAL :], whole[:, -logits.N_SPECIAL :]) < 1e-5
    assert 1e-5 < deviation(found, whole) < 0.02  # the others are rounded
    assert deviation(found.logsumexp(1), whole.logsumexp(1)) < 1e-4


@pytest.mark.parametrize(("decoder", "audio"), [("float16-rows", "int16"), ("int8-rows", "int8")])
def test_compiled_steps_are_the_layers(checkpoint: Checkpoint, mel: Tensor, decoder: str, audio: str) -> None:
    """States of one row and of several, of other lengths and windows, in one step."""
    plan = replace(REFERENCE, decoder=decoder, audio=audio)
    quick, layers = WhisperModel(checkpoint, plan), WhisperModel(checkpoint, plan)
    assert quick.decoder.compiled is not None
    layers.decoder.compiled = None
    features = layers.encoder(mel)
    found, right = (_two_states(one, features) for one in (quick, layers))
    for ours, theirs in zip(found, right, strict=True):
        assert deviation(ours, theirs) < 1e-5


@pytest.mark.parametrize(("decoder", "audio"), [("float16-rows", "int16"), ("int8-rows", "int8")])
def test_parts_of_a_step_come_to_what_one_thread_computes(
    checkpoint: Checkpoint, mel: Tensor, decoder: str, audio: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the last bit; three threads for four heads."""
    network = WhisperModel(checkpoint, replace(REFERENCE, decoder=decoder, audio=audio, logits="screened"))
    features = network.encoder(mel)
    before = torch.get_num_threads()
    standing_by = threads.Helpers(2)
    monkeypatch.setattr(jit_decoder, "helpers", standing_by)
    monkeypatch.setattr(threads, "helpers", standing_by)
    try:
        torch.set_num_threads(1)
        alone = _two_states(network, features)
        torch.set_num_threads(3)
        together = _two_states(network, features)
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(one, other) for one, other in zip(alone, together, strict=True))


def test_parts_run_at_once_as_far_as_there_are_threads() -> None:
    helpers = threads.Helpers(2)
    everybody = threading.Barrier(3, timeout=10)
    seen: list[tuple[int, int]] = []

    def work(part: int, n_parts: int) -> None:
        everybody.wait()
        seen.append((part, n_parts))
        if part == 0:
            helpers.compute(lambda part, n_parts: seen.append((part, n_parts)), 2)  # nobody stands by
        everybody.wait()

    helpers.compute(work, 4)
    assert sorted(seen) == [(0, 1), (0, 3), (1, 3), (2, 3)]


def test_a_part_that_fails_is_told_and_frees_its_thread() -> None:
    helpers = threads.Helpers(1)

    def work(part: int, n_parts: int) -> None:
        if part == n_parts - 1:
            raise RuntimeError("no")

    for _ in range(2):
        with pytest.raises(RuntimeError, match="no"):
            helpers.compute(work, 2)


def test_where_the_system_gives_no_more_threads_those_there_are_do_it(monkeypatch: pytest.MonkeyPatch) -> None:
    helpers = threads.Helpers(2)
    seen: list[tuple[int, int]] = []
    helpers.compute(lambda part, n_parts: seen.append((part, n_parts)), 2)  # one thread is there
    start = threading.Thread.start

    def no_thread(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_thread)
    seen.clear()
    helpers.compute(lambda part, n_parts: seen.append((part, n_parts)), 3)
    monkeypatch.setattr(threading.Thread, "start", start)
    assert sorted(seen) in ([(0, 1)], [(0, 2), (1, 2)])


def test_spans_cover_everything_once() -> None:
    spans = [threads.span(10, part, 3) for part in range(3)]
    assert [i for first, end in spans for i in range(first, end)] == list(range(10))


def test_what_is_compiled_beforehand_is_what_is_called() -> None:
    """A signature that wasn't foreseen would make a job wait. In a process that has compiled nothing else."""
    code = (
        "from localwhisper.engine.kernels import attention_int8, decoder_step, exact_rescoring, linear_int8\n"
        "from localwhisper.engine.kernels import linear_weight_only, precompile\n"
        "from tests.engine import test_model as here\n"
        "precompile.compile_all()\n"
        "kernels_ = (decoder_step.step, linear_weight_only.product, exact_rescoring.screen, attention_int8.to_bytes,"
        " attention_int8.to_weights, attention_int8.add_up, linear_int8.to_levels, linear_int8.from_sums,"
        " linear_int8.add_sums, linear_int8.gelu_to_levels)\n"
        "before = [len(one.overloads) for one in kernels_]\n"
        "here.decode_with_kernels()\n"
        "assert [len(one.overloads) for one in kernels_] == before\n"
        "assert precompile.is_ready()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


def decode_with_kernels() -> None:
    mel = torch.randn(2, 80, 3000)
    for decoder, audio, type in (("float16-rows", "int16", torch.float16), ("int8-rows", "int8", torch.float32)):
        weights = {name: tensor.to(type) for name, tensor in tensors(DIMS).items()}
        plan = replace(
            REFERENCE,
            encoder="int8-blocks" if multiplies_bytes() else "float32",
            attention="int8" if multiplies_bytes() else "float32",
            decoder=decoder,
            audio=audio,
            logits="screened",
        )
        network = WhisperModel(Checkpoint("random", DIMS, weights), plan)
        state = network.state(network.encoder(mel))
        for only_best in (True, False):
            network.decoder([Step(TOKENS[:, :1].repeat(2, 1), state, only_best=only_best)])


def _two_states(network: WhisperModel, features: Tensor) -> list[Tensor]:
    """The last logits of a decode of both windows in groups of two, and of one of the second window alone."""
    group, alone = network.state(features, n_group=2), network.state(features[1:])
    network.decoder([Step(TOKENS[:, :3].repeat(2, 1), group)])
    network.decoder([Step(TOKENS[:, :5], alone)])
    found: list[Tensor] = []
    for tokens in ([11, 12, 13, 14], [21, 22, 23, 24]):
        found = network.decoder([Step(torch.tensor(tokens)[:, None], group), Step(TOKENS[:, -1:], alone)])
        group.reorder([1, 1, 3, 2])
    return [*found, *network.decoder([Step(TOKENS[:, -1:], alone)])]


HALF = Plan(
    encoder="float16", decoder="float16", cross="float16", logits="float16", attention="float16", audio="float16"
)
BFLOAT = Plan(**dict.fromkeys(("encoder", "decoder", "cross", "logits", "attention", "audio"), "bfloat16"))


@pytest.mark.parametrize(
    ("plan", "allowed"),
    [
        (HALF, 0.04),
        (BFLOAT, 0.3),
        (replace(REFERENCE, encoder="float16"), 0.04),
        (replace(HALF, encoder="float32"), 0.04),
    ],
)
def test_half_precision_from_end_to_end(
    checkpoint: Checkpoint, network: WhisperModel, mel: Tensor, plan: Plan, allowed: float
) -> None:
    """As on another device, here on this one."""
    other = WhisperModel(checkpoint, plan)
    right, features = network.encoder(mel[:1]), other.encoder(mel[:1])
    assert features.dtype == getattr(torch, plan.encoder)
    assert deviation(features.float(), right) < allowed
    found = other.logits(TOKENS, features)
    assert found.dtype == torch.float32
    assert deviation(found, network.logits(TOKENS, right)) < allowed


@pytest.mark.parametrize(("plan", "allowed"), [(REFERENCE, 1e-5), (HALF, 0.04)])
def test_a_step_to_be_recorded_is_the_step(checkpoint: Checkpoint, mel: Tensor, plan: Plan, allowed: float) -> None:
    """Of groups whose rows differ, whose places are in tensors, and whose keys and values lie where they lay."""
    network = WhisperModel(checkpoint, plan)
    features = network.encoder(mel)
    one, other = network.state(features, n_group=2), network.state(features, n_group=2)
    other._cache.fill_(torch.nan)  # as memory may be
    for state in (one, other):
        network.decoder([Step(TOKENS[:, :3].repeat(2, 1), state)])
    other.clear_behind()
    for tokens in ([11, 12, 13, 14], [21, 22, 23, 24], [31, 32, 33, 34]):
        given = torch.tensor(tokens)[:, None]
        right = network.decoder([Step(given, one)])[0][:, 0]
        found = network.decoder.next(other, given, torch.tensor([other.length]))
        other.advance(1, shared=False)
        assert deviation(found, right) < allowed
        for state in (one, other):
            state.reorder([1, 1, 3, 2])


@pytest.mark.parametrize("quality", ["exact", "fast"])
def test_what_is_wrong_is_never_chosen(
    checkpoint: Checkpoint, quality: Quality, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Formats that are instantaneous and wrong, not finite, or not there at all."""

    def broken(weight: Tensor, bias: Tensor | None) -> object:
        return lambda x: torch.full((*x.shape[:-1], len(weight)), float("nan"))

    def wrong(weight: Tensor, bias: Tensor | None) -> object:
        return lambda x: x.new_zeros(*x.shape[:-1], len(weight))

    def missing(weight: Tensor, bias: Tensor | None) -> object:
        raise RuntimeError("not on this processor")

    monkeypatch.setattr(
        benchmarks,
        "FORMATS",
        {"float32": float32, **dict.fromkeys(FORMATS.keys() - {"float32"}, wrong), "int8": broken, "bfloat16": missing},
    )
    vocabularies = dict.fromkeys(logits.FORMATS, lambda weights: lambda x, only_best: x.new_zeros(len(x), DIMS.n_vocab))
    monkeypatch.setattr(logits, "FORMATS", {**vocabularies, "float32": logits.FORMATS["float32"]})
    plan = select.choose(checkpoint, quality, lambda: None).plan
    assert (plan.encoder, plan.decoder, plan.cross, plan.logits) == ("float32", "float32", "float32", "float32")


def test_another_checkpoint_of_the_same_name_is_measured_anew(checkpoint: Checkpoint) -> None:
    name = "decoder.ln.weight"
    trained = replace(checkpoint, tensors={**checkpoint.tensors, name: checkpoint.tensors[name] + 1})
    here = select.machine(checkpoint, "cpu")
    assert here == select.machine(replace(checkpoint, name="renamed"), "cpu")
    assert here != select.machine(trained, "cpu")


def test_a_choice_is_kept_for_this_machine_alone(checkpoint: Checkpoint, tmp_path: Path) -> None:
    chosen = select.choose(checkpoint, "exact", lambda: None)
    assert chosen.deviation <= select.TOLERANCE["exact"]
    PlanStore(tmp_path / "plans.json").keep("random", "exact", "here", chosen)
    book = PlanStore(tmp_path / "plans.json")
    assert book.find("random", "exact", "here") == chosen
    assert book.find("random", "exact", "elsewhere") is None
    assert book.find("random", "fast", "here") is None
    assert book.shown("random") == {"exact": chosen}
    (tmp_path / "plans.json").write_bytes(b"{")
    assert book.shown("random") == {}
