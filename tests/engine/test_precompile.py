"""numba's cache of the kernels, each time in a folder and a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

COMPILE_ONE = """
from localwhisper.engine.kernels import attention_int8, precompile
cache = precompile.KernelCache([use for use in precompile.signatures() if use[0] is attention_int8.weighted_values])
print(cache.is_ready())
cache.compile()
print(cache.is_ready())
"""
# kernels whose argument types were not foreseen would make a job wait
DECODE_WITHOUT_COMPILING = """
from localwhisper.engine.kernels import precompile
from tests.engine import test_model
cache = precompile.kernel_cache()
cache.compile()
kernels = {kernel for kernel, _ in precompile.signatures()}
before = [len(kernel.overloads) for kernel in kernels]
test_model.decode_with_all_kernels()
assert [len(kernel.overloads) for kernel in kernels] == before
assert cache.is_ready()
"""


def run(code: str, folder: Path | None = None) -> list[str]:
    environment = {**os.environ, **({} if folder is None else {"NUMBA_CACHE_DIR": str(folder)})}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_damaged_cache_files_are_compiled_again(tmp_path: Path) -> None:
    """As a power cut may leave them."""
    assert run(COMPILE_ONE, tmp_path) == ["False", "True"]
    for ending in ("nbc", "nbi"):
        (file,) = tmp_path.rglob(f"*.{ending}")
        file.write_bytes(b"\0" * file.stat().st_size)
        assert run(COMPILE_ONE, tmp_path) == ["False", "True"]


def test_a_cached_kernel_needs_no_compiling_in_the_next_process(tmp_path: Path) -> None:
    assert run(COMPILE_ONE, tmp_path) == ["False", "True"]
    assert run(COMPILE_ONE, tmp_path) == ["True", "True"]


def test_every_kernel_call_was_compiled_beforehand() -> None:
    run(DECODE_WITHOUT_COMPILING)
