"""The system's resources: usable cores, available memory, and giving back memory that this process no longer needs.

Giving back is an optimisation: where the system offers no way, nothing happens.
"""

import ctypes
import math
import mmap
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import torch


def usable_cores(membership: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")) -> int:
    """The CPU cores that this process may use: its affinity, and the CPU quotas of its control groups (rounded up)."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min([affinity, *_cpu_quotas(membership, root)])))


def _cpu_quotas(membership: Path, root: Path) -> Iterator[float]:
    """The CPU quotas, in cores, that the process's control groups and their parents (version 2 or 1) have.

    `membership`: the kernel's list of the groups, a line "id:controllers:path" each; `root`: where they are mounted.
    """
    try:
        lines = membership.read_text().splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        mount = root / controllers
        group = mount / path.lstrip("/")
        for folder in (group, *group.parents):
            with suppress(OSError, ValueError):  # no such file, or "max"
                if controllers:
                    quota, period = (folder / f"cpu.cfs_{name}_us" for name in ("quota", "period"))
                    numbers = int(quota.read_text()), int(period.read_text())
                else:
                    quota_us, period_us = (folder / "cpu.max").read_text().split()
                    numbers = int(quota_us), int(period_us)
                if min(numbers) > 0:  # -1: no limit
                    yield numbers[0] / numbers[1]
            if folder == mount:
                break


@lru_cache
def _libc() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(None)
    except (OSError, TypeError):  # Windows
        return None


def drop_library_pages(names: Sequence[str]) -> None:
    """Drop unchanged pages of loaded libraries, named by parts of their file names. Code that runs is read again."""
    libc = _libc()
    advice = getattr(mmap, "MADV_DONTNEED", None)
    try:
        mappings = Path("/proc/self/smaps").read_text()
    except OSError:
        return
    if libc is None or advice is None:
        return
    # of each mapping a line with its addresses, permissions … and file, and later how much of it was changed
    wanted = rf"^(\w+)-(\w+) r[-x]{{2}}p .*/[^/\n]*(?:{'|'.join(names)})[^/\n]*\n(?:[A-Z].*\n)*?Anonymous: +0 kB$"
    for start, end in re.findall(wanted, mappings, re.MULTILINE):
        libc.madvise(ctypes.c_void_p(int(start, 16)), ctypes.c_size_t(int(end, 16) - int(start, 16)), advice)


def trim_heap() -> None:
    """Give back freed memory that the C allocator still holds."""
    malloc_trim = getattr(_libc(), "malloc_trim", None)  # glibc's
    if malloc_trim is not None:
        malloc_trim(0)


def release_unused_memory() -> None:
    """Give back freed memory that the C allocator and torch's device allocators still hold."""
    trim_heap()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()


def available_bytes(device: str = "cpu") -> float:
    """Memory that can be taken without displacing other programs' memory; infinite where that isn't known."""
    if device == "cuda":
        free, _ = torch.cuda.mem_get_info()
        return float(free)
    return min(_available_in_machine(), _available_in_cgroup())


def _available_in_machine() -> float:
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            rows = dict(line.split(":", 1) for line in file)
        return int(rows["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return math.inf


def _available_in_cgroup() -> float:
    """A container's limit minus the memory in use; file pages that can be read again don't count as used."""
    try:
        cgroup = Path("/sys/fs/cgroup")
        limit = int((cgroup / "memory.max").read_text())  # "max" if there is none
        stat = dict(line.split() for line in (cgroup / "memory.stat").read_text().splitlines())
        return limit - int((cgroup / "memory.current").read_text()) + int(stat["inactive_file"])
    except (OSError, KeyError, ValueError):
        return math.inf
