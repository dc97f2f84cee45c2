"""What a command imports before its work begins, and how its process ends."""

import subprocess
import sys
from pathlib import Path

from tests.speech import CLIP

# its modules are imported one after the other, while nothing else can run: none may be added unnoticed
TRANSCRIBE = """
import sys
from localwhisper.cli import main
code = main(sys.argv[1:])
print(*sys.modules)
sys.exit(code)
"""
UNNEEDED = (
    "torch._dynamo.",
    "torch._inductor.",
    "triton.",
    "scipy.",
    "sympy.",
    "transformers.",
    "requests.",
    "tornado.",
    "numba.cuda.",
    "numba.np.arraymath.",  # numba's compiler: kernels come from its cache
    "localwhisper.server.",
    "localwhisper.client.",
)


def test_transcribing_imports_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    arguments = [str(CLIP), "--model", "demo", "--data-dir", str(tmp_path), "--output-dir", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", TRANSCRIBE, "transcribe", *arguments], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    modules = done.stdout.split()
    assert "torch" in modules, "nothing was transcribed in this process"
    assert [name for name in modules if f"{name}.".startswith(UNNEEDED)] == []


ENDING = """
import atexit, sys, threading, time
from types import SimpleNamespace
from localwhisper.__main__ import run

def main():
    def save():
        time.sleep(0.2)
        print("saved")
    threading.Thread(target=save).start()
    atexit.register(print, "closed")
    print("transcribed")
    return 3

sys.modules["localwhisper.cli"] = SimpleNamespace(main=main)
run()
"""


def test_a_process_ends_after_its_threads_and_with_all_it_printed() -> None:
    done = subprocess.run([sys.executable, "-c", ENDING], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.split(), done.stderr) == (3, ["transcribed", "saved", "closed"], "")
