"""Memory that is no longer needed, given back to the operating system at once. Where it can't be, nothing happens."""

import ctypes
import mmap
from functools import lru_cache

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


def give_back() -> None:
    """What was freed and the allocator still holds."""
    trim = getattr(_libc(), "malloc_trim", None)  # glibc's
    if trim is not None:
        trim(0)
