"""How late the event loop is: a timer that measures by how much it is called too late."""

import asyncio

EVERY_S = 0.25
OLDEST_PART = 0.9  # of the longest lag that is left after each measurement: a peak is seen for some seconds


class LoopLag:
    """`last_s` and `peak_s` are seconds. Threading: the event loop's thread only."""

    def __init__(self) -> None:
        self.last_s = 0.0
        self.peak_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._due_s = loop.time() + EVERY_S
        self._timer = loop.call_at(self._due_s, self._measure)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _measure(self) -> None:
        self.last_s = max(asyncio.get_running_loop().time() - self._due_s, 0.0)
        self.peak_s = max(self.last_s, self.peak_s * OLDEST_PART)
        self.start()
