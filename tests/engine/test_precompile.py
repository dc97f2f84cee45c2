"""The kernels' cache, in a folder and a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

CODE = """
from localwhisper.engine.kernels import greedy, precompile
uses = [(kernel, arguments) for kernel, arguments in precompile._uses() if kernel is greedy.best]
precompile._uses = lambda: iter(uses)
print(precompile.is_ready())
precompile.compile_all()
print(precompile.is_ready())
"""


def run(folder: Path) -> list[str]:
    given = {**os.environ, "NUMBA_CACHE_DIR": str(folder)}
    done = subprocess.run([sys.executable, "-c", CODE], env=given, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_what_a_power_cut_left_is_compiled_anew(tmp_path: Path) -> None:
    assert run(tmp_path) == ["False", "True"]
    for ending in ("nbc", "nbi"):
        (file,) = tmp_path.rglob(f"*.{ending}")
        file.write_bytes(b"\0" * file.stat().st_size)
        assert run(tmp_path) == ["False", "True"]
