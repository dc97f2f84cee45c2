"""How late the event loop is: a timer that measures by how much it is called too late."""

import asyncio
from collections.abc import Callable

EVERY_S = 0.25


class LoopLag:
    """Threading: the event loop's thread only."""

    def __init__(self, observe: Callable[[float], None]) -> None:
        """`observe` gets each measurement, in seconds."""
        self._observe = observe
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._due_s = loop.time() + EVERY_S
        self._timer = loop.call_at(self._due_s, self._measure)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _measure(self) -> None:
        self._observe(max(asyncio.get_running_loop().time() - self._due_s, 0.0))
        self.start()
