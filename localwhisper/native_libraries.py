"""How OpenMP and the C allocator behave in this process; to be set before torch is imported and threads are started."""

import ctypes
import os

M_ARENA_MAX = -8  # of mallopt(3)
MAX_ARENAS = 2


def configure_openmp() -> None:
    """Have OpenMP's threads sleep soon after a parallel operation. Only takes effect before torch is imported.

    By default they spin for milliseconds before they sleep. Other threads need the cores, such as those of a decoder
    step (threads.py), which would take twice as long. They spin for microseconds: sleeping at once would cost a tenth.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # for GNU's OpenMP, which torch uses on Linux


def limit_malloc_arenas() -> None:
    """Have all threads share two heaps of glibc's allocator. Does nothing with another allocator, and little once there
    are threads: the limit is ignored if there are eight heaps.

    By default threads get heaps of their own, up to eight per core, and each keeps the most that was ever needed in it:
    more than a gigabyte in a recording of hours.
    """
    if os.name != "posix":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, MAX_ARENAS)
