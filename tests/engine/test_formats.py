"""Every format of linear layers and of attention against float32."""

from dataclasses import replace

import pytest
import torch

from localwhisper.engine.checkpoints.checkpoint import Checkpoint
from localwhisper.engine.model.attention import ATTENTIONS
from localwhisper.engine.model.int8_gemm import has_exact_int8_matmul
from localwhisper.engine.model.linear_formats import FORMATS
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.threads import CoreBudget
from tests.engine.random_model import DIMS, REFERENCE, TOKENS, deviation, random_checkpoint

TEAM = CoreBudget(1).team
MAX_DEVIATIONS = {
    "float32-onednn": 1e-6,
    "float16-weight-only": 1e-6,
    "float16": 2e-3,
    "bfloat16-streamed": 1e-2,
    "int8-weight-only": 5e-2,
    "int8-dynamic": 5e-2,
}


@pytest.fixture(autouse=True)
def no_gradients(kernels: None):  # type: ignore[no-untyped-def]
    with torch.inference_mode():
        yield


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return random_checkpoint()


@pytest.mark.parametrize(("format", "allowed"), MAX_DEVIATIONS.items())
def test_linear_formats_are_close_to_float32(format: str, allowed: float) -> None:
    generator = torch.Generator().manual_seed(3)
    weight = torch.randn(96, 64, generator=generator).half()
    bias, x = torch.randn(96, generator=generator).half(), torch.randn(7, 64, generator=generator)
    reference = FORMATS["float32"].build(weight, bias, TEAM)(x)
    assert deviation(FORMATS[format].build(weight, bias, TEAM)(x), reference) < allowed


@pytest.mark.parametrize("n_rows", [1, 2, 3, 4, 5, 7, 9, 16, 17, 40])
@pytest.mark.parametrize("format", ["float16-weight-only", "int8-weight-only"])
def test_weight_only_layers_compute_any_number_of_rows(format: str, n_rows: int) -> None:
    weight = torch.randn(97, 64, generator=torch.Generator().manual_seed(3))
    x = torch.randn(2, n_rows, 64, generator=torch.Generator().manual_seed(4))[0]
    linear = FORMATS[format].build(weight, None, TEAM)
    rows = torch.cat([linear(row[None]) for row in x])
    assert linear(x).shape == (n_rows, 97)
    assert deviation(linear(x), rows) < 1e-5


def test_no_row_depends_on_the_other_rows() -> None:
    generator = torch.Generator().manual_seed(4)
    linear = FORMATS["int8-weight-only"].build(torch.randn(96, 64, generator=generator), None, TEAM)
    x = torch.randn(4, 64, generator=generator) * torch.tensor([[1.0], [30.0], [0.1], [0.0]])
    assert torch.allclose(linear(x), torch.cat([linear(row[None]) for row in x]), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("sharpness", [1.0, 8.0])
@pytest.mark.parametrize(("name", "allowed"), [("bfloat16", 0.02), ("int8", 0.03)])
def test_attention_is_close_to_float32(name: str, allowed: float, sharpness: float) -> None:
    """Where each place attends to all, and where it attends to few; for two windows that fill no block."""
    qkv = torch.randn(2, 301, 3 * DIMS.n_audio_state, generator=torch.Generator().manual_seed(6)) * sharpness
    reference = ATTENTIONS["float32"](qkv, DIMS.n_audio_head, TEAM)
    if name == "int8" and not has_exact_int8_matmul():
        with pytest.raises(RuntimeError):
            ATTENTIONS[name](qkv, DIMS.n_audio_head, TEAM)
    else:
        assert deviation(ATTENTIONS[name](qkv, DIMS.n_audio_head, TEAM), reference) < allowed * sharpness


@pytest.mark.parametrize(("decoder", "allowed"), [("float16-weight-only", 0.0), ("int8-weight-only", 0.01)])
def test_embeddings_are_looked_up_in_the_vocabulary(checkpoint: Checkpoint, decoder: str, allowed: float) -> None:
    """Which is then in memory once; in float16 nothing is lost."""
    tensors = {name: tensor.half() for name, tensor in checkpoint.tensors.items()}
    plans = REFERENCE, replace(REFERENCE, decoder=decoder)
    reference, looked_up = (WhisperModel(replace(checkpoint, tensors=tensors), plan) for plan in plans)
    x, expected = looked_up.decoder._embedding(TOKENS), reference.decoder._embedding(TOKENS)
    assert deviation(x, expected) <= allowed
    assert x.dtype == expected.dtype == torch.float32
    assert x.shape == expected.shape == (*TOKENS.shape, DIMS.n_text_state)
    assert looked_up.decoder._embedding == looked_up.decoder.vocabulary.lookup  # type: ignore[attr-defined]
