"""The private interfaces of torch and numba that are used: a failure here says which one has changed."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from torch import Tensor

from localwhisper.engine.upstream import numba_internals, torch_internals

IS_X86 = torch.backends.quantized.engine in ("x86", "fbgemm")
needs_x86 = pytest.mark.skipif(not IS_X86, reason="torch has this for x86 only")
GENERATOR = torch.Generator().manual_seed(1)
X, BIAS = torch.randn(5, 32, generator=GENERATOR), torch.randn(16, generator=GENERATOR)
LEVELS = torch.randint(-10, 11, (16, 32), generator=GENERATOR, dtype=torch.int8)
SCALES = torch.rand(16, generator=GENERATOR) + 0.5
WEIGHT = LEVELS * SCALES[:, None]


def assert_close(product: Tensor, reference: Tensor, deviation: float) -> None:
    assert float((product - reference).norm() / reference.norm()) < deviation


@needs_x86
def test_torch_has_onednn_s_linear_layer_and_its_packed_weights() -> None:
    packed = torch_internals.onednn_pack(WEIGHT.clone(), 5)
    assert_close(torch_internals.onednn_linear(X, packed, BIAS), F.linear(X, WEIGHT, BIAS), 1e-6)
    assert_close(torch_internals.onednn_linear(X, WEIGHT, None), F.linear(X, WEIGHT), 1e-6)


def test_torch_multiplies_int8_matrices_into_int32() -> None:
    a = torch.randint(-10, 11, (24, 32), generator=GENERATOR, dtype=torch.int8)
    out = torch.empty(24, 16, dtype=torch.int32)
    assert torch_internals.int8_matmul(a, LEVELS.t(), out).data_ptr() == out.data_ptr()
    assert out.equal(a.int() @ LEVELS.t().int())


@needs_x86
def test_torch_has_linear_layers_with_float16_weights() -> None:
    packed = torch_internals.float16_pack(WEIGHT, BIAS)
    assert_close(torch_internals.float16_linear(X, packed), F.linear(X, WEIGHT.half().float(), BIAS), 1e-5)


def test_torch_has_dynamically_quantized_linear_layers() -> None:
    packed = torch_internals.int8_pack(LEVELS, SCALES, BIAS)
    for reduce_range in (False, True):
        product = torch_internals.int8_dynamic_linear(X, packed, reduce_range)
        assert_close(product, F.linear(X, WEIGHT, BIAS), 0.03)


@needs_x86
def test_torch_has_linear_layers_that_quantize_by_a_given_scale() -> None:
    packed = torch_internals.int8_pack(LEVELS, SCALES, None)
    product = torch_internals.int8_linear(X / X.abs().max(), 1 / 127, 128, packed)
    assert_close(product * X.abs().max(), F.linear(X, WEIGHT), 0.03)


def test_numba_s_cache_is_read_under_numba_s_lock() -> None:
    """Two threads that load machine code at the same time corrupt LLVM's state."""
    was_locked: list[bool] = []

    def load_overload(*_: object) -> None:
        was_locked.append(global_compiler_lock.is_locked())

    cache = SimpleNamespace(_load_overload=load_overload)
    kernel = SimpleNamespace(overloads={}, _cache=cache, targetctx=cpu_target.target_context)
    assert not numba_internals.load_cached(kernel, ())
    assert was_locked == [True]


CHANGE_A_HELPER = """
import sys, numba
from localwhisper.engine.upstream import numba_internals
import kernel
print(numba_internals.load_cached(kernel.double, (numba.int64,)))
kernel.double.compile((numba.int64,))
"""


def test_numba_s_cache_expires_when_a_file_beside_the_kernel_changes(tmp_path: Path) -> None:
    (tmp_path / "kernel.py").write_text(
        "import helper\n"
        "from localwhisper.engine.kernels.jit import jit_cached\n"
        "@jit_cached\n"
        "def double(x):\n"
        "    return helper.times(x)\n"
    )
    helper = tmp_path / "helper.py"
    helper.write_text("import numba\n@numba.njit\ndef times(x):\n    return 2 * x\n")

    def load_in_a_process() -> str:
        paths = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
        environment = {**os.environ, "PYTHONPATH": paths, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
        done = subprocess.run([sys.executable, "-c", CHANGE_A_HELPER], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    assert [load_in_a_process(), load_in_a_process()] == ["False", "True"]
    helper.write_text(helper.read_text().replace("2 * x", "3 * x") + "\n")
    assert load_in_a_process() == "False"
