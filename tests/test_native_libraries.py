"""The C allocator's heaps."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tests.process.server import Server

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="not glibc's allocator")

PROGRAM = """
import ctypes, threading
from localwhisper.native_libraries import limit_malloc_arenas

libc = ctypes.CDLL(None)
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

HEAP_BYTES = 1 << 26  # what glibc reserves for a heap, at a multiple of that; the first heap is another kind


def test_threads_share_two_heaps() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=True)
    assert 1 <= run.stdout.count("<heap nr=") <= 2


def test_the_servers_threads_share_two_heaps(tmp_path: Path) -> None:
    server = Server(tmp_path / "data").start()
    try:
        mappings = [line.split() for line in Path(f"/proc/{server.pid}/maps").read_text().splitlines()]
    finally:
        server.kill()
    assert sum(map(_is_heap, mappings, mappings[1:])) <= 1


def _is_heap(used: list[str], rest: list[str]) -> bool:
    """Whether these two mappings are the part of a heap that is used, and the part that is reserved."""
    (start, middle), (also_middle, end) = ([int(part, 16) for part in each[0].split("-")] for each in (used, rest))
    is_whole = start % HEAP_BYTES == 0 and middle == also_middle and end == start + HEAP_BYTES
    return is_whole and used[1] == "rw-p" and rest[1] == "---p"
