"""Times that don't depend on what else the machine does."""

import os
import time
from contextlib import suppress
from pathlib import Path


class WallTime:
    """Seconds since it was made, without those in which these processes waited for a core that other programs had.

    Only Linux says how long that was. Call update() often if threads of theirs may end meanwhile.
    """

    def __init__(self, *pids: int) -> None:
        self._pids = (os.getpid(), *pids)
        self._waited_ns: dict[Path, int] = {}  # by thread
        self.update()
        self._waited_before_ns = sum(self._waited_ns.values())
        self._started_s = time.monotonic()

    def update(self) -> None:
        for pid in self._pids:
            for thread in Path(f"/proc/{pid}/task").glob("*"):
                with suppress(OSError):  # it has ended
                    self._waited_ns[thread] = int((thread / "schedstat").read_text().split()[1])

    @property
    def seconds(self) -> float:
        elapsed_s = time.monotonic() - self._started_s
        self.update()
        return elapsed_s - (sum(self._waited_ns.values()) - self._waited_before_ns) / 1e9


def cpu_s() -> float:
    """Seconds of CPU time that this process, and its children that have ended, have used so far."""
    return sum(os.times()[:4])
