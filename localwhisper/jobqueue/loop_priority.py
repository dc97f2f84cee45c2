"""The event loop goes first: workers get the processor after it, and wait where they can while it has something to do.

The interpreter runs one thread at a time and hands itself on in no order. With busy workers, a loop that sends to
hundreds of sockets would wait for them at each one.
"""

import os
import selectors
import sys
import threading
from contextlib import suppress

NICENESS = 5  # enough to be woken after the loop; other programs' work costs the workers a part of the time, not most
MOST_S = 0.005  # that a worker waits at once: a loop that is always busy must not end the work


def lower_thread_priority() -> None:
    """The calling thread, and what it starts, get a processor after the others. On Linux, where each thread has a
    niceness of its own; elsewhere nothing happens."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


class LoopActivity:
    """Threading: SAFE."""

    def __init__(self) -> None:
        self._is_free = threading.Event()
        self._is_free.set()

    def take(self) -> None:
        self._is_free.clear()

    def give_back(self) -> None:
        self._is_free.set()

    def wait(self) -> None:
        """Until the way is free, or for a moment."""
        self._is_free.wait(MOST_S)


class Selector(selectors.DefaultSelector):
    """What an event loop waits with: while it does, the way is free."""

    def __init__(self, way: LoopActivity) -> None:
        super().__init__()
        self._way = way

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:  # else there is more to do already
            self._way.give_back()
        try:
            return super().select(timeout)
        finally:
            self._way.take()
