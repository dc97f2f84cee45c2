"""Evidence that the previous run crashed, rather than being killed: a fault, or memory that ran out.

Faults are written to a file by faulthandler, from the signal handler. The kernel counts the processes that it has
killed to free memory: all of them, and on some systems those of this process's cgroup.
"""

import faulthandler
import logging
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from localwhisper.atomic import private_opener, read_regular_file

VMSTAT = Path("/proc/vmstat")
CGROUPS = Path("/proc/self/cgroup")
CGROUP_ROOT = Path("/sys/fs/cgroup")
MAX_LOGGED_CHARS = 20_000
log = logging.getLogger(__name__)


def oom_kills() -> dict[str, int]:
    """Return the kernel's counters of out-of-memory kills, by file; none on other systems than Linux."""
    counters = {}
    for file in (VMSTAT, *_cgroup_files()):
        with suppress(OSError):
            if match := re.search(r"^oom_kill (\d+)$", file.read_text(), re.MULTILINE):
                counters[str(file)] = int(match[1])
    return counters


def has_risen(before: Mapping[str, int], now: Mapping[str, int]) -> bool:
    """Whether one of the counters has risen."""
    return any(count > before.get(file, count) for file, count in now.items())


def _cgroup_files() -> list[Path]:
    """Return the files with the counters of this process's cgroup, as cgroups(7) names them."""
    with suppress(OSError):
        lines = [line.split(":", 2) for line in CGROUPS.read_text().splitlines()]
        return [
            CGROUP_ROOT / path.lstrip("/") / "memory.events"
            if controllers == ""
            else CGROUP_ROOT / "memory" / path.lstrip("/") / "memory.oom_control"
            for _, controllers, path in lines
            if controllers in ("", "memory")
        ]
    return []


class FaultFile:
    """Where a fault of this process will be written. One at a time in a process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take_previous(self) -> bool:
        """Whether the previous run left a fault. Its stack goes to the log, and the file is emptied."""
        with suppress(OSError):
            text = read_regular_file(self._path).decode(errors="replace")
            if text:
                log.error("the previous run crashed:\n%s", text[:MAX_LOGGED_CHARS])
                os.truncate(self._path, 0)
                return True
        return False

    def start(self) -> None:
        """Have faults written from now on, unless the file can't be opened."""
        with suppress(OSError):
            self._descriptor = private_opener(str(self._path), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            faulthandler.enable(self._descriptor)

    def stop(self) -> None:
        if self._descriptor is not None:
            faulthandler.disable()
            os.close(self._descriptor)
            self._descriptor = None
