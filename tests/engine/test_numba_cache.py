"""numba's cache, as kernels use it: read under numba's lock, and out of date when a helper changes."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

from localwhisper.engine.upstream import numba_internals


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
