"""int8 layers in blocks of rows, and int8 attention, against float32.

Where the processor's own int8 products overflow, slow ones replace them: what surrounds them is tested everywhere.
"""

from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from localwhisper.engine.model.attention import ATTENTIONS
from localwhisper.engine.model.int8_gemm import Int8GemmLinear, add_feed_forward, has_exact_int8_matmul
from localwhisper.engine.threads import CoreBudget
from localwhisper.engine.upstream import torch_internals

N_STATE, N_ROWS = 64, 286
TEAM = CoreBudget(1).team


@pytest.fixture(autouse=True)
def no_gradients(kernels: None) -> Iterator[None]:
    with torch.inference_mode():
        yield


def slow_matmul(a: Tensor, b: Tensor, out: Tensor) -> Tensor:
    return out.copy_(a.int() @ b.int())


@pytest.fixture(autouse=True)
def exact_products(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not has_exact_int8_matmul():
        monkeypatch.setattr(torch_internals, "int8_matmul", slow_matmul)
    has_exact_int8_matmul.cache_clear()
    yield
    has_exact_int8_matmul.cache_clear()


def deviation(x: Tensor, reference: Tensor) -> float:
    return float((x - reference).norm() / reference.norm())


def random_layer(n_out: int, n_in: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(n_out)
    return torch.randn(n_out, n_in, generator=generator) * n_in**-0.5, torch.randn(n_out, generator=generator) * 0.1


def int8_layer(n_out: int, n_in: int) -> Int8GemmLinear:
    return Int8GemmLinear(*random_layer(n_out, n_in), TEAM)


def random_rows() -> Tensor:
    """Rows of very different magnitude."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(2, N_ROWS, N_STATE, generator=generator) * torch.tensor([[[0.01]], [[100.0]]])


def test_a_layer_is_close_to_float32_in_every_row() -> None:
    weight, bias = random_layer(96, N_STATE)
    x, expected = int8_layer(96, N_STATE)(random_rows()), F.linear(random_rows(), weight, bias)
    assert x.shape == expected.shape
    for window in range(2):
        assert deviation(x[window] - bias, expected[window] - bias) < 0.02


def test_no_row_depends_on_the_other_rows() -> None:
    linear = int8_layer(96, N_STATE)
    single = torch.cat([linear(row[None]) for row in random_rows()[0, :5]])
    assert torch.equal(linear(random_rows())[0, :5], single)


def test_feed_forward_adds_both_layers_to_its_input() -> None:
    up, down = random_layer(4 * N_STATE, N_STATE), random_layer(N_STATE, 4 * N_STATE)
    x = random_rows()
    added = F.linear(F.gelu(F.linear(F.layer_norm(x, (N_STATE,)), *up)), *down)
    out = x.clone().flatten(0, 1)
    int8_up, int8_down = int8_layer(4 * N_STATE, N_STATE), int8_layer(N_STATE, 4 * N_STATE)
    add_feed_forward(out, lambda rows: F.layer_norm(rows, (N_STATE,)), int8_up, int8_down)
    out = out.view(x.shape)
    assert deviation((out - x)[0], added[0]) < 0.03
    assert deviation(out[1], (x + added)[1]) < 1e-3


def test_gelu_is_accurate_over_its_whole_range() -> None:
    """Between layers that multiply by 1, with a scale for each row: only x and its GELU are rounded."""
    x = torch.linspace(-12, 12, N_ROWS)[:, None].repeat(1, N_STATE)
    ones = Int8GemmLinear(torch.eye(N_STATE), None, TEAM)
    out = x.clone()
    add_feed_forward(out, lambda rows: rows, ones, ones)
    expected = F.gelu(x)
    assert ((out - x - expected).abs() <= expected.abs() / 100 + 5e-4).all()


def test_attention_gives_the_same_bits_on_any_number_of_threads() -> None:
    qkv = torch.randn(2, 200, 3 * N_STATE, generator=torch.Generator().manual_seed(2))
    assert torch.equal(*(ATTENTIONS["int8"](qkv, 4, CoreBudget(n).team) for n in (1, 3)))


def test_layers_are_refused_where_int8_products_overflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on processors that saturate pairwise sums at 16 bits."""

    def saturating_matmul(a: Tensor, b: Tensor, out: Tensor) -> Tensor:
        return slow_matmul(a, b, out).clamp_(-(2**15), 2**15 - 1)

    monkeypatch.setattr(torch_internals, "int8_matmul", saturating_matmul)
    has_exact_int8_matmul.cache_clear()
    with pytest.raises(RuntimeError, match="overflow"):
        int8_layer(96, N_STATE)
    with pytest.raises(RuntimeError, match="overflow"):
        ATTENTIONS["int8"](torch.zeros(1, 20, 3 * N_STATE), 4, TEAM)
