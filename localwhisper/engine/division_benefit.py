"""Whether it takes less time to divide computations among threads, where other programs use the cores, too."""

import threading
import time
from collections.abc import Callable

# Every so often, dividing has to have taken less than this part of the time that one thread would have needed. Where it
# hasn't, as other programs have the cores, threads compute alone for a while, and for twice as long each time.
PERIOD_S, WORTHWHILE = 0.03, 0.9
MIN_ALONE_S, MAX_ALONE_S = 0.1, 0.4


class DivisionBenefit:
    """Whether dividing computations among threads takes less time than one thread would need. Threading: SAFE."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._wall_s = self._waited_s = self._cpu_s = self._helpers_cpu_s = 0.0  # in this period
        self._alone_until_s = 0.0
        self._alone_s = MIN_ALONE_S

    def is_expected(self) -> bool:
        return self._now() >= self._alone_until_s

    def add_help(self, cpu_s: float) -> None:
        """Count the work of a helper."""
        with self._lock:
            self._helpers_cpu_s += cpu_s

    def add(self, wall_s: float, waited_s: float, cpu_s: float) -> None:
        """Count a computation: how long it took, how long its thread waited for helpers, and its thread's work."""
        with self._lock:
            self._wall_s += wall_s
            self._waited_s += waited_s
            self._cpu_s += cpu_s
            if self._wall_s < PERIOD_S:
                return
            core_share = self._cpu_s / max(self._wall_s - self._waited_s, self._cpu_s, 1e-9)
            alone_s = (self._cpu_s + self._helpers_cpu_s) / max(core_share, 1e-9)
            if self._wall_s > WORTHWHILE * alone_s:
                self._alone_until_s = self._now() + self._alone_s
                self._alone_s = min(2 * self._alone_s, MAX_ALONE_S)
            else:
                self._alone_s = max(self._alone_s / 2, MIN_ALONE_S)
            self._wall_s = self._waited_s = self._cpu_s = self._helpers_cpu_s = 0.0
