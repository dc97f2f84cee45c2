"""Memory that is no longer needed, given back to the operating system at once. Where it can't be, nothing happens."""

import ctypes
import math
import mmap
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor


@lru_cache
def _libc() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(None)
    except (OSError, TypeError):  # Windows
        return None


def drop_mapped_pages(tensor: Tensor) -> None:
    """Of a tensor that is mapped from a file and unchanged: its pages are read again if it is used again."""
    libc = _libc()
    advice = getattr(mmap, "MADV_DONTNEED", None)
    if libc is None or advice is None or tensor.device.type != "cpu":
        return
    first = -(-tensor.data_ptr() // mmap.PAGESIZE) * mmap.PAGESIZE  # whole pages of this tensor alone
    size = (tensor.data_ptr() + tensor.nbytes) // mmap.PAGESIZE * mmap.PAGESIZE - first
    if size > 0:
        libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(size), advice)


def drop_library_pages(names: Sequence[str]) -> None:
    """What loading and compiling read of these libraries, which stay loaded; what runs again is read again."""
    libc = _libc()
    advice = getattr(mmap, "MADV_DONTNEED", None)
    try:
        rows = [row.split() for row in Path("/proc/self/smaps").read_text().splitlines()]
    except OSError:
        return
    if libc is None or advice is None:
        return
    span = None
    for first, *rest in rows:
        if "-" in first and not first.endswith(":"):  # a mapping's own row: span, rights, …, file
            is_wanted = rest[0] in ("r-xp", "r--p") and any(name in rest[-1] for name in names)
            span = [int(part, 16) for part in first.split("-")] if is_wanted else None
        elif span and first == "Anonymous:" and rest[0] == "0":  # nothing of it was changed
            libc.madvise(ctypes.c_void_p(span[0]), ctypes.c_size_t(span[1] - span[0]), advice)


def trim_heap() -> None:
    """What was freed and the allocator still holds."""
    trim = getattr(_libc(), "malloc_trim", None)  # glibc's
    if trim is not None:
        trim(0)


def release_unused_memory() -> None:
    """Also what torch's allocator holds of a device."""
    trim_heap()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()


def available_bytes(device: str = "cpu") -> float:
    """What may still be taken without others having to give way; infinite where that isn't known."""
    if device == "cuda":
        free, _ = torch.cuda.mem_get_info()
        return float(free)
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
