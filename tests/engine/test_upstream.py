"""Each use of something that openai-whisper, torch or numba may change without notice. A failure names the change."""

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
import torch
import torch.nn.functional as F
import whisper
from torch import Tensor
from whisper import timing
from whisper.decoding import BeamSearchDecoder, DecodingOptions, DecodingTask, GreedyDecoder, SuppressTokens
from whisper.model import ModelDimensions

from localwhisper import languages
from localwhisper.engine.upstream import numba_internals, torch_internals, whisper_internals, whisper_tables
from tests.engine.random_model import DIMS

TINY = ModelDimensions(80, 1500, 384, 6, 4, 51865, 448, 384, 6, 4)


# -- openai-whisper ------------------------------------------------------------------------


def test_whisper_publishes_alignment_heads() -> None:
    assert hasattr(whisper, "_ALIGNMENT_HEADS"), "whisper._ALIGNMENT_HEADS is gone"
    heads = whisper_internals.published_alignment_heads("tiny", TINY)
    assert heads == [(2, 2), (3, 0), (3, 2), (3, 3), (3, 4), (3, 5)], "whisper writes its alignment heads otherwise"
    assert whisper_internals.published_alignment_heads("my-own", TINY) is None


def test_whisper_lists_its_checkpoints_and_languages_in_its_source() -> None:
    assert dict(whisper_tables.checkpoint_urls()) == whisper._MODELS, "whisper/__init__.py writes _MODELS otherwise"
    for url in whisper_tables.checkpoint_urls().values():
        assert len(url.split("/")[-2]) == 64, "the addresses of whisper's checkpoints hold no SHA-256 any more"
    assert dict(languages.languages()) == whisper.tokenizer.LANGUAGES, "whisper/tokenizer.py writes LANGUAGES otherwise"
    for name, code in whisper.tokenizer.TO_LANGUAGE_CODE.items():
        assert languages.language_code(name.upper()) == code, "whisper/tokenizer.py writes TO_LANGUAGE_CODE otherwise"
    with pytest.raises(ValueError, match="klingon"):
        languages.language_code("klingon")


def test_whisper_finds_word_times_by_a_function_that_can_be_exchanged() -> None:
    function = timing.add_word_timestamps
    assert function.__closure__ is None, "whisper's add_word_timestamps has become a closure or is decorated"
    assert "find_alignment" in function.__code__.co_names, "whisper's add_word_timestamps calls no find_alignment"
    expected = {"segments", "model", "tokenizer", "mel", "num_frames", "last_speech_timestamp"}
    expected |= {"prepend_punctuations", "append_punctuations"}
    assert expected <= set(inspect.signature(function).parameters), "add_word_timestamps has other parameters"

    class Tokenizer:
        eot = 99

    def find_alignment(tokenizer: Any, text_tokens: list[int], n_frames: int) -> list[timing.WordTiming]:
        assert (tokenizer.eot, text_tokens, n_frames) == (99, [7], 300)
        return [timing.WordTiming(" hi", [7], 0.5, 1.0, 0.75)]

    segment = {"seek": 100, "start": 1.0, "end": 4.0, "tokens": [7, 100], "text": " hi"}
    whisper_internals.add_word_timestamps(
        [segment], find_alignment, Tokenizer(), num_frames=300, last_speech_timestamp=0.0
    )
    assert segment["words"] == [{"word": " hi", "start": 1.5, "end": 2.0, "probability": 0.75}], (
        "whisper's add_word_timestamps doesn't use the find_alignment of its globals"
    )


def test_whisper_aligns_by_a_jitted_function_with_its_source() -> None:
    assert hasattr(timing.dtw_cpu, "py_func"), "whisper.timing.dtw_cpu isn't compiled by numba any more"
    cost = np.random.default_rng(1).standard_normal((5, 9))
    path = numba.njit(whisper_internals.dtw_source())(cost)
    np.testing.assert_array_equal(path, timing.dtw(torch.from_numpy(cost)), "whisper.timing.dtw has another result")


class FakeModel:
    """As much of a model as whisper's decoding task reads."""

    def __init__(self) -> None:
        self.dims = DIMS
        self.is_multilingual, self.num_languages = True, 99
        self.device = torch.device("cpu")
        self.decoder = type("Decoder", (), {"blocks": ()})


@pytest.mark.parametrize("name", ["_get_audio_features", "_detect_language", "_main_loop"])
def test_whisper_decodes_by_the_methods_that_are_overridden(name: str) -> None:
    assert name in vars(DecodingTask), f"whisper's DecodingTask has no {name}"
    assert f"self.{name}(" in inspect.getsource(DecodingTask.run), f"whisper's DecodingTask.run calls no {name}"


def test_whisper_calls_its_inference_as_expected() -> None:
    source = inspect.getsource(DecodingTask._main_loop)
    for call in ("self.inference.logits(tokens, audio_features)", "self.inference.cleanup_caching()"):
        assert call in source, f"whisper's decoding loop has no {call}"
    assert "logits[:, self.sot_index]" in source, "whisper takes the no-speech probability from elsewhere"
    assert "inference.rearrange_kv_cache(" in inspect.getsource(BeamSearchDecoder), "beams are reordered otherwise"


def test_whisper_keeps_in_a_decoding_task_what_is_replaced() -> None:
    greedy = whisper_internals.EncodedAudioTask(FakeModel(), DecodingOptions(language="en", fp16=False))
    suppressed = [f.suppress_tokens for f in greedy.logit_filters if isinstance(f, SuppressTokens)]
    assert len(suppressed) == 1, "whisper's DecodingTask suppresses tokens otherwise"
    assert isinstance(suppressed[0], Tensor)
    assert isinstance(greedy.decoder, GreedyDecoder), "whisper's DecodingTask has no `decoder`"
    assert greedy.sot_index == greedy.initial_tokens.index(greedy.tokenizer.sot), "`sot_index` means something else"
    assert (greedy.n_ctx, greedy.n_group) == (DIMS.n_text_ctx, 1), "`n_ctx` or `n_group` mean something else"
    beams = whisper_internals.EncodedAudioTask(FakeModel(), DecodingOptions(language="en", fp16=False, beam_size=2))
    assert beams.decoder.inference is beams.inference, "whisper's BeamSearchDecoder has no `inference`"
    beams.replace_inference("ours")  # type: ignore[arg-type]
    assert (beams.inference, beams.decoder.inference, beams.sot_index) == ("ours", "ours", 0)


# -- torch ---------------------------------------------------------------------------------


@pytest.fixture
def x() -> Tensor:
    return torch.randn(8, 64, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def weight() -> Tensor:
    return torch.randn(32, 64, generator=torch.Generator().manual_seed(2))


needs_onednn = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this torch has no oneDNN")
needs_quantized_engine = pytest.mark.skipif(
    not {"fbgemm", "x86", "onednn", "qnnpack"} & set(torch.backends.quantized.supported_engines),
    reason="this torch has no quantized products",
)


def exists(namespace: Any, name: str) -> None:
    assert hasattr(namespace, name), f"torch has no {namespace}.{name} any more"


@needs_onednn
def test_torch_offers_onednns_products(x: Tensor, weight: Tensor) -> None:
    for name in ("_linear_pointwise", "_reorder_linear_weight"):
        exists(torch.ops.mkldnn, name)
    with torch.inference_mode():
        expected = F.linear(x, weight)
        torch.testing.assert_close(torch_internals.onednn_linear(x, weight, None), expected)
        packed = torch_internals.onednn_pack(weight, 8)
        torch.testing.assert_close(torch_internals.onednn_linear(x, packed, None), expected)


def test_torch_multiplies_int8_to_int32() -> None:
    exists(torch, "_int_mm")
    a, b = (torch.arange(-512, 512).remainder(7).to(torch.int8).view(shape) for shape in ((16, 64), (64, 16)))
    out = torch.empty(16, 16, dtype=torch.int32)
    torch_internals.int8_matmul(a, b, out)
    assert torch.equal(out, a.int() @ b.int()), "torch._int_mm has another result"


@needs_quantized_engine
def test_torch_packs_int8_weights_with_a_scale_for_each_row(x: Tensor, weight: Tensor) -> None:
    exists(torch, "_make_per_channel_quantized_tensor")
    for name in ("linear_prepack", "linear_dynamic"):
        exists(torch.ops.quantized, name)
    scales = weight.abs().amax(dim=1) / 127
    levels = (weight / scales[:, None]).round().to(torch.int8)
    packed = torch_internals.int8_pack(levels, scales, None)
    expected = F.linear(x, levels * scales[:, None])
    deviation = (torch_internals.int8_dynamic_linear(x, packed, True) - expected).abs().max() / expected.abs().max()
    assert deviation < 0.05, "torch.ops.quantized.linear_dynamic has another result"


def test_torch_has_gelu_in_place(x: Tensor) -> None:
    exists(torch.ops.aten, "gelu_")
    expected = F.gelu(x)
    assert torch_internals.gelu_(x) is x, "torch.ops.aten.gelu_ doesn't work in place"
    torch.testing.assert_close(x, expected)


@pytest.mark.skipif(sys.platform == "darwin", reason="the system promises memory that it doesn't have")
def test_torch_says_so_where_memory_runs_out() -> None:
    with pytest.raises(RuntimeError) as raised:
        torch.empty(1 << 55, dtype=torch.int8)
    assert torch_internals.is_out_of_memory(raised.value), f"torch now says: {raised.value}"


# -- numba ---------------------------------------------------------------------------------


@pytest.fixture
def cached_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Makes a new dispatcher of the same function, cached in a folder of its own."""
    (tmp_path / "doubling.py").write_text("def double(x):\n    return 2 * x\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "doubling", raising=False)
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path / "cache"))
    from doubling import double  # type: ignore[import-not-found]

    return lambda: numba.njit(cache=True)(double)


def test_numba_tells_what_is_in_its_cache(cached_kernel: Callable[[], Any]) -> None:
    kernel, arguments = cached_kernel(), (numba.int64,)
    for name in ("_load_overload", "flush"):
        assert hasattr(kernel._cache, name), f"the cache of numba's dispatchers has no {name}"
    assert not numba_internals.load_cached(kernel, arguments), "numba finds what was never compiled"
    kernel.compile(arguments)
    assert numba_internals.load_cached(cached_kernel(), arguments), "numba's cache doesn't find what it saved"


def test_numba_stamps_its_cache_by_the_source_file(cached_kernel: Callable[[], Any], tmp_path: Path) -> None:
    assert hasattr(cached_kernel()._cache, "_cache_file"), "numba's cache has no _cache_file"
    numba_internals.stamp_with_folder(cached_kernel()).compile((numba.int64,))
    assert numba_internals.load_cached(numba_internals.stamp_with_folder(cached_kernel()), (numba.int64,))
    (tmp_path / "helper.py").write_text("")
    kernel = numba_internals.stamp_with_folder(cached_kernel())
    assert not numba_internals.load_cached(kernel, (numba.int64,)), "numba's cache doesn't look at its _source_stamp"


def test_numba_changes_an_item_of_a_tuple() -> None:
    @numba.njit
    def changed(items: tuple[int, int], i: int) -> tuple[int, int]:
        return numba_internals.with_item(items, i, 7)  # type: ignore[no-any-return]

    assert changed((1, 2), 1) == (1, 7), "numba's tuple_setitem has another result"
