"""Encoder, decoder and decode states against openai-whisper's modules."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
import torch
import whisper
from torch import Tensor
from whisper.decoding import DecodingOptions

from localwhisper.engine.checkpoints.checkpoint import Checkpoint
from localwhisper.engine.decoding import decoding_task
from localwhisper.engine.kernels.precompile import kernel_cache
from localwhisper.engine.model.cross_kv import CrossKeysValues
from localwhisper.engine.model.decoder import Step
from localwhisper.engine.model.int8_gemm import has_exact_int8_matmul
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.plans import Plan
from localwhisper.engine.threads import CoreBudget
from tests.engine.random_model import DIMS, REFERENCE, TOKENS, deviation, random_checkpoint, random_mel
from tools.random_checkpoint import tensors

JIT_DECODERS = ["float16-weight-only", "int8-weight-only"]


@pytest.fixture(autouse=True)
def no_gradients(kernels: None) -> Iterator[None]:
    with torch.inference_mode():
        yield


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return random_checkpoint()


@pytest.fixture(scope="module")
def stock(checkpoint: Checkpoint) -> whisper.model.Whisper:
    model = whisper.model.Whisper(DIMS)
    model.load_state_dict(dict(checkpoint.tensors))
    return model.float().eval()


@pytest.fixture(scope="module")
def model(checkpoint: Checkpoint) -> WhisperModel:
    return WhisperModel(checkpoint, REFERENCE)


@pytest.fixture(scope="module")
def mel() -> Tensor:
    return random_mel()


def test_each_encoder_layer_matches_openai_whisper(model: WhisperModel, stock: whisper.model.Whisper) -> None:
    x = torch.randn(2, 1500, DIMS.n_audio_state)
    for ours, theirs in zip(model.encoder.layers, stock.encoder.blocks, strict=True):
        assert deviation(ours(x), theirs(x)) < 1e-5


def test_features_and_logits_match_openai_whisper(
    model: WhisperModel, stock: whisper.model.Whisper, mel: Tensor
) -> None:
    features = stock.encoder(mel)
    assert deviation(model.encoder(mel), features) < 1e-5
    tokens = TOKENS.repeat(2, 1)
    assert deviation(model.logits(tokens, features), stock.decoder(tokens, features)) < 1e-5


def test_decoding_token_by_token_equals_decoding_all_at_once(model: WhisperModel, mel: Tensor) -> None:
    features = model.encoder(mel[:1])
    expected = model.logits(TOKENS, features)
    state = model.new_state(features)
    first = model.decoder([Step(TOKENS[:, :3], state, range(3))])[0]
    rest = [model.decoder([Step(TOKENS[:, i : i + 1], state)])[0] for i in range(3, TOKENS.shape[1])]
    assert deviation(torch.cat([first, *rest], dim=1), expected) < 1e-5


def test_states_of_different_lengths_share_a_pass(model: WhisperModel, mel: Tensor) -> None:
    features = model.encoder(mel)
    texts = [TOKENS[:, :2], TOKENS[:, :5], TOKENS[:, :3]]
    states = [model.new_state(features[i % 2][None]) for i in range(3)]
    logits = model.decoder([Step(text, state) for text, state in zip(texts, states, strict=True)])
    for i, text in enumerate(texts):
        assert deviation(logits[i], model.logits(text, features[i % 2][None])[:, -1:]) < 1e-5


def test_beams_continue_from_the_rows_they_are_reordered_to(model: WhisperModel, mel: Tensor) -> None:
    features = model.encoder(mel)
    state = model.new_state(features, n_group=2)
    model.decoder([Step(TOKENS[:, :3].repeat(2, 1), state)])
    model.decoder([Step(torch.tensor([[11], [12], [13], [14]]), state)])
    state.reorder([1, 1, 3, 2])
    logits = model.decoder([Step(torch.tensor([[5], [6], [7], [8]]), state)])[0][:, 0]
    for row, (before, last) in enumerate([(12, 5), (12, 6), (14, 7), (13, 8)]):
        text = torch.cat([TOKENS[0, :3], torch.tensor([before, last])])[None]
        assert deviation(logits[row], model.logits(text, features[row // 2][None])[0, -1]) < 1e-5


def test_streamed_weights_compute_the_same_in_less_memory(
    checkpoint: Checkpoint, model: WhisperModel, mel: Tensor
) -> None:
    streamed = WhisperModel(checkpoint, replace(REFERENCE, encoder="float32-streamed"))
    assert streamed.size_bytes < model.size_bytes
    logits, expected = (m.logits(TOKENS, m.encoder(mel[:1])) for m in (streamed, model))
    assert torch.equal(logits, expected)


@pytest.mark.filterwarnings("ignore:__array_wrap__")  # whisper sorts a tensor by numpy
@pytest.mark.parametrize("beam_size", [None, 2])
def test_windows_of_different_lengths_are_decoded_in_one_pass(
    checkpoint: Checkpoint, mel: Tensor, monkeypatch: pytest.MonkeyPatch, beam_size: int | None
) -> None:
    model = WhisperModel(checkpoint, Plan(encoder="float32", decoder="int8-weight-only"))
    cross_kv = [model.cross_kv(model.encoder(window[None])) for window in (mel[0], mel[1, :, :1400], mel[1, :, :1000])]
    step, n_windows = model.batcher.step, list[int]()

    def recorded(steps: Sequence[Step], check: Callable[[], None]) -> Sequence[Tensor]:
        n_windows.append(len(steps))
        return step(steps, check)

    def decode(windows: Sequence[CrossKeysValues]) -> list[list[int]]:
        options = DecodingOptions(language="en", fp16=False, sample_len=12, beam_size=beam_size)
        task = decoding_task(model, windows, options, lambda: None)
        return [result.tokens for result in task.run(torch.empty(len(windows), 0))]

    monkeypatch.setattr(model.batcher, "step", recorded)
    together = decode(cross_kv)
    assert max(n_windows) == 3
    assert together == [tokens for window in cross_kv for tokens in decode([window])]


def test_an_error_in_a_pass_is_raised_in_all_its_decodes(model: WhisperModel, mel: Tensor) -> None:
    features = model.encoder(mel[:1])
    good, bad = model.new_state(features), model.new_state(features)
    bad.length = DIMS.n_text_ctx  # no room for a token
    errors: list[Exception] = []

    def step(state: object) -> None:
        try:
            model.batcher.step([Step(TOKENS[:, :1], state)])  # type: ignore[arg-type]
        except RuntimeError as error:
            errors.append(error)

    model.batcher.join()
    model.batcher.join()
    model.batcher._pass_s = 10.0  # patient enough for both to be in one pass
    threads = [threading.Thread(target=step, args=(state,)) for state in (good, bad)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    model.batcher.leave()
    model.batcher.leave()
    assert len(errors) >= 1
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("decoder", JIT_DECODERS)
def test_the_compiled_step_equals_the_layers_by_torch(checkpoint: Checkpoint, mel: Tensor, decoder: str) -> None:
    """For states of one row and of several, of different lengths and windows, in one step."""
    plan = replace(REFERENCE, decoder=decoder)
    compiled, by_torch = WhisperModel(checkpoint, plan), WhisperModel(checkpoint, plan)
    assert compiled.decoder.compiled is not None
    by_torch.decoder.compiled = None
    features = by_torch.encoder(mel)
    logits, expected = (_decode_two_states(model, features) for model in (compiled, by_torch))
    for ours, theirs in zip(logits, expected, strict=True):
        assert deviation(ours, theirs) < 1e-5


@pytest.mark.parametrize("decoder", JIT_DECODERS)
def test_kernels_are_used_as_soon_as_they_are_compiled(
    checkpoint: Checkpoint, mel: Tensor, decoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that was loaded before, in the middle of a text."""
    model = WhisperModel(checkpoint, replace(REFERENCE, decoder=decoder))
    features = model.encoder(mel)
    expected = _decode_two_states(model, features)
    with monkeypatch.context() as patch:
        patch.setattr(type(kernel_cache()), "is_ready", lambda _: False)
        before = WhisperModel(checkpoint, replace(REFERENCE, decoder=decoder))
        by_torch = _decode_two_states(before, features)
        state = before.new_state(features)
        before.decoder([Step(TOKENS[:, :3].repeat(2, 1), state)])
    continued = before.decoder([Step(TOKENS[:, 3:4].repeat(2, 1), state)])[0]
    assert deviation(continued[0], model.logits(TOKENS[:, :4], features[:1])[0, -1:]) < 0.03
    for ours, theirs in zip(by_torch, expected, strict=True):
        assert deviation(ours, theirs) < 0.03
    assert state.cross_dtype == torch.float32
    assert before.new_state(features).cross_dtype == model.new_state(features).cross_dtype != torch.float32


@pytest.mark.parametrize("decoder", JIT_DECODERS)
def test_a_step_gives_the_same_bits_on_any_number_of_threads(checkpoint: Checkpoint, mel: Tensor, decoder: str) -> None:
    """Three threads for four heads."""
    alone, divided = (
        WhisperModel(checkpoint, replace(REFERENCE, decoder=decoder), cores=CoreBudget(n)) for n in (1, 3)
    )
    features = alone.encoder(mel)
    one_thread, three_threads = (_decode_two_states(model, features) for model in (alone, divided))
    assert all(torch.equal(x, y) for x, y in zip(one_thread, three_threads, strict=True))


@pytest.mark.parametrize("encoder", ["float32", "float32-onednn", "int8-gemm", "bfloat16-streamed"])
def test_an_encoder_gives_the_same_bits_on_any_number_of_threads(
    checkpoint: Checkpoint, mel: Tensor, encoder: str
) -> None:
    if encoder == "int8-gemm" and not has_exact_int8_matmul():
        pytest.skip("8-bit products overflow on this processor")
    torch.set_num_threads(1)
    models = [WhisperModel(checkpoint, replace(REFERENCE, encoder=encoder), cores=CoreBudget(n)) for n in (1, 3)]
    alone, divided = (model.encode_audio(mel) for model in models)
    alone_kv, divided_kv = (model.cross_kv(alone) for model in models)
    assert torch.equal(alone, divided)
    assert all(torch.equal(x.levels, y.levels) for x, y in zip(sum(alone_kv, ()), sum(divided_kv, ()), strict=True))


@pytest.mark.parametrize("decoder", JIT_DECODERS)
def test_a_row_whose_text_has_ended_is_not_computed(checkpoint: Checkpoint, mel: Tensor, decoder: str) -> None:
    model = WhisperModel(checkpoint, replace(REFERENCE, decoder=decoder))
    features, tokens = model.encoder(mel), TOKENS.repeat(2, 1)

    def logits(is_active: Tensor | None) -> Tensor:
        state = model.new_state(features)
        model.decoder([Step(tokens[:, :2], state)])
        model.decoder([Step(tokens[:, 2:3], state, is_active=is_active)])
        return model.decoder([Step(tokens[:, 3:4], state, is_active=is_active)])[0]

    ended, going_on = logits(torch.tensor([False, True]))
    assert not ended.any()
    assert deviation(going_on, logits(None)[1]) < 1e-6


def _decode_two_states(model: WhisperModel, features: Tensor) -> list[Tensor]:
    """The last logits of a decode of both windows in groups of two, and of one of the second window alone."""
    group, single = model.new_state(features, n_group=2), model.new_state(features[1:])
    model.decoder([Step(TOKENS[:, :3].repeat(2, 1), group)])
    model.decoder([Step(TOKENS[:, :5], single)])
    logits: list[Tensor] = []
    for tokens in ([11, 12, 13, 14], [21, 22, 23, 24]):
        logits = model.decoder([Step(torch.tensor(tokens)[:, None], group), Step(TOKENS[:, -1:], single)])
        group.reorder([1, 1, 3, 2])
    return [*logits, *model.decoder([Step(TOKENS[:, -1:], single)])]


def decode_with_all_kernels() -> None:
    """Called by test_precompile.py, in a process of its own."""
    encoder = "int8-gemm" if has_exact_int8_matmul() else "float32"
    for decoder, dtype in zip(JIT_DECODERS, (torch.float16, torch.float32), strict=True):
        weights = {name: tensor.to(dtype) for name, tensor in tensors(DIMS).items()}
        plan = Plan(encoder=encoder, decoder=decoder)
        model = WhisperModel(Checkpoint("random", DIMS, weights), plan)
        with torch.inference_mode():
            state = model.new_state(model.encoder(random_mel()))
            model.decoder([Step(TOKENS[:, :1].repeat(2, 1), state)])


GPU_PLAN = Plan(encoder="float16", decoder="float16")


@pytest.mark.parametrize(
    "plan", [GPU_PLAN, replace(REFERENCE, encoder="float16"), replace(GPU_PLAN, encoder="float32")]
)
def test_float16_from_end_to_end(checkpoint: Checkpoint, model: WhisperModel, mel: Tensor, plan: Plan) -> None:
    """As on a GPU, here on the CPU."""
    half = WhisperModel(checkpoint, plan)
    expected, features = model.encoder(mel[:1]), half.encoder(mel[:1])
    assert features.dtype == getattr(torch, plan.encoder)
    assert deviation(features.float(), expected) < 0.04
    logits = half.logits(TOKENS, features)
    assert logits.dtype == torch.float32
    assert deviation(logits, model.logits(TOKENS, expected)) < 0.04


@pytest.mark.parametrize(("plan", "allowed"), [(REFERENCE, 1e-5), (GPU_PLAN, 0.04)])
def test_the_static_step_of_a_graph_equals_the_step(
    checkpoint: Checkpoint, mel: Tensor, plan: Plan, allowed: float
) -> None:
    """For groups whose rows differ, with the text's length in a tensor, and keys and values that stay in place."""
    model = WhisperModel(checkpoint, plan)
    features = model.encoder(mel)
    plain, static = model.new_state(features, n_group=2), model.new_state(features, n_group=2)
    static._text.fill_(torch.nan)  # as uninitialized memory may be
    for state in (plain, static):
        model.decoder([Step(TOKENS[:, :3].repeat(2, 1), state)])
    static.clear_after()
    for tokens in ([11, 12, 13, 14], [21, 22, 23, 24], [31, 32, 33, 34]):
        rows = torch.tensor(tokens)[:, None]
        expected = model.decoder([Step(rows, plain)])[0][:, 0]
        logits = model.decoder.static_step(static, rows, torch.tensor([static.length]))
        static.advance(1, shared=False)
        assert deviation(logits, expected) < allowed
        for state in (plain, static):
            state.reorder([1, 1, 3, 2])
