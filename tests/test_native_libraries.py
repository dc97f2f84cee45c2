"""The C allocator's heaps."""

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, sys, threading
from localwhisper.native_libraries import limit_malloc_arenas

libc = ctypes.CDLL(None)
if not hasattr(libc, "malloc_info"):
    sys.exit("not glibc's")
limit_malloc_arenas()
libc.malloc.restype = ctypes.c_void_p
together = threading.Barrier(8)

def allocate():
    together.wait()
    libc.malloc(100_000)
    together.wait()

threads = [threading.Thread(target=allocate) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc.fopen.restype = ctypes.c_void_p
libc.malloc_info(0, ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w")))
libc.fflush(None)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_threads_share_two_heaps() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60)
    if "not glibc" in run.stderr:
        pytest.skip(run.stderr)
    assert 1 <= run.stdout.count("<heap nr=") <= 2
