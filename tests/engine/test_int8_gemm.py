"""Layers in bytes, a block of rows at a time, against single precision.

Where the processor's own products of bytes overflow, others take their place: what is around them is tested everywhere.
"""

from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from localwhisper.engine import threads
from localwhisper.engine.model import int8_gemm
from localwhisper.engine.model.attention import ATTENTIONS
from localwhisper.engine.model.int8_gemm import Int8GemmLinear, add_feed_forward, multiplies_bytes

N_STATE, N_ROWS = 64, 2 * int8_gemm.BLOCK_ROWS + 30


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


def whole_product(x: Tensor, weight: Tensor, *, out: Tensor | None = None) -> Tensor:
    """torch._int_mm, slowly."""
    found = x.int() @ weight.int()
    return found if out is None else out.copy_(found)


@pytest.fixture(autouse=True)
def right_products(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not multiplies_bytes():
        monkeypatch.setattr(torch, "_int_mm", whole_product)
    multiplies_bytes.cache_clear()
    yield
    multiplies_bytes.cache_clear()


@pytest.fixture(params=[1, 3])
def n_threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """torch's, and helpers for as many parts."""
    before = torch.get_num_threads()
    monkeypatch.setattr(threads, "helpers", threads.Helpers(2))
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def deviation(found: Tensor, right: Tensor) -> float:
    return float((found - right).norm() / right.norm())


def layer(n_out: int, n_in: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(n_out)
    return torch.randn(n_out, n_in, generator=generator) * n_in**-0.5, torch.randn(n_out, generator=generator) * 0.1


def given() -> Tensor:
    """WeightOnlyLinear of very different size."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(2, N_ROWS, N_STATE, generator=generator) * torch.tensor([[[0.01]], [[100.0]]])


def test_a_layer_is_near_single_precision_in_every_row(n_threads: int) -> None:
    weight, bias = layer(96, N_STATE)
    found, right = Int8GemmLinear(weight, bias)(given()), F.linear(given(), weight, bias)
    assert found.shape == right.shape
    for window in range(2):
        assert deviation(found[window] - bias, right[window] - bias) < 0.02


def test_no_row_depends_on_its_company_nor_on_the_threads(n_threads: int) -> None:
    linear = Int8GemmLinear(*layer(96, N_STATE))
    alone = torch.cat([linear(row[None]) for row in given()[0, :5]])
    assert torch.equal(linear(given())[0, :5], alone)


def test_feed_forward_is_both_layers_and_what_was_there(n_threads: int) -> None:
    up, down = layer(4 * N_STATE, N_STATE), layer(N_STATE, 4 * N_STATE)
    x = given()
    normed = F.layer_norm(x, (N_STATE,))
    right = F.linear(F.gelu(F.linear(normed, *up)), *down)
    found = x.clone()
    add_feed_forward(found, lambda rows: F.layer_norm(rows, (N_STATE,)), Int8GemmLinear(*up), Int8GemmLinear(*down))
    assert deviation((found - x)[0], right[0]) < 0.03
    assert deviation(found[1], (x + right)[1]) < 1e-3


def test_gelu_is_right_from_end_to_end() -> None:
    """Between layers that multiply by one, with a scale for each row: what is rounded is x and its GELU."""
    x = torch.linspace(-12, 12, N_ROWS)[:, None].repeat(1, N_STATE)
    ones = Int8GemmLinear(torch.eye(N_STATE), None)
    found = x.clone()
    add_feed_forward(found, lambda rows: rows, ones, ones)
    right = F.gelu(x)
    assert ((found - x - right).abs() <= right.abs() / 100 + 5e-4).all()


def test_heads_attend_the_same_on_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "helpers", threads.Helpers(2))
    qkv = torch.randn(2, 200, 3 * N_STATE, generator=torch.Generator().manual_seed(2))
    before = torch.get_num_threads()
    found = []
    for n in (1, 3):
        torch.set_num_threads(n)
        found.append(ATTENTIONS["int8"](qkv, 4))
        assert torch.get_num_threads() == n
    torch.set_num_threads(before)
    assert torch.equal(*found)


def test_where_products_are_cut_off_there_are_no_such_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """As processors do whose sums of two have 16 bits."""

    def cut_off(x: Tensor, weight: Tensor, *, out: Tensor | None = None) -> Tensor:
        return whole_product(x, weight, out=out).clamp(-(2**15), 2**15 - 1)

    monkeypatch.setattr(torch, "_int_mm", cut_off)
    multiplies_bytes.cache_clear()
    with pytest.raises(RuntimeError, match="overflow"):
        Int8GemmLinear(*layer(96, N_STATE))
    with pytest.raises(RuntimeError, match="overflow"):
        ATTENTIONS["int8"](torch.zeros(1, 20, 3 * N_STATE), 4)
