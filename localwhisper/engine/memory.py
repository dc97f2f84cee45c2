"""Memory that is no longer needed, given back to the operating system at once. Where it can't be, nothing happens."""

import ctypes
import math
import mmap
from functools import lru_cache
from pathlib import Path

from torch import Tensor


@lru_cache
def _libc() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(None)
    except (OSError, TypeError):  # Windows
        return None


def forget_pages(tensor: Tensor) -> None:
    """Of a tensor that is mapped from a file and unchanged: its pages are read again if it is used again."""
    libc = _libc()
    advice = getattr(mmap, "MADV_DONTNEED", None)
    if libc is None or advice is None or tensor.device.type != "cpu":
        return
    first = -(-tensor.data_ptr() // mmap.PAGESIZE) * mmap.PAGESIZE  # whole pages of this tensor alone
    size = (tensor.data_ptr() + tensor.nbytes) // mmap.PAGESIZE * mmap.PAGESIZE - first
    if size > 0:
        libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(size), advice)


def forget_library(name: str) -> None:
    """Of a loaded library, such as a compiler that has done its work: its pages are read again if it runs again."""
    libc = _libc()
    advice = getattr(mmap, "MADV_DONTNEED", None)
    try:
        rows = Path("/proc/self/smaps").read_text().splitlines()
    except OSError:
        return
    if libc is None or advice is None:
        return
    span = ""
    for row in rows:
        first, *rest = row.split()
        if first == "Anonymous:":
            if span and int(rest[0]) == 0:
                start, end = (int(part, 16) for part in span.split("-"))
                libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), advice)
            span = ""
        elif "-" in first and not first.endswith(":"):
            span = first if name in rest[-1] and rest[0] in ("r-xp", "r--p") else ""


def give_back() -> None:
    """What was freed and the allocator still holds."""
    trim = getattr(_libc(), "malloc_trim", None)  # glibc's
    if trim is not None:
        trim(0)


def available_bytes() -> float:
    """What may still be taken without others having to give way; infinite where that isn't known."""
    return min(_of_machine(), _of_group())


def _of_machine() -> float:
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            rows = dict(line.split(":", 1) for line in file)
        return int(rows["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return math.inf


def _of_group() -> float:
    """Of a container: its limit less what is in use, without the files that can be read again."""
    try:
        group = Path("/sys/fs/cgroup")
        limit = int((group / "memory.max").read_text())  # "max" where there is none
        rows = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return limit - int((group / "memory.current").read_text()) + int(rows["inactive_file"])
    except (OSError, KeyError, ValueError):
        return math.inf
