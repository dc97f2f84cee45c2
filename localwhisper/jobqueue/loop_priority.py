"""Priority of the event loop over the workers: they get the processor after it, and yield while it is busy.

The interpreter runs one thread at a time, in no particular order. Next to busy workers, a loop that sends to
hundreds of sockets would have to wait for them at each one.
"""

import asyncio
import os
import selectors
import sys
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

# Added to a worker's niceness. Enough for the loop to be scheduled first; other programs then cost the workers a part
# of their time, not most of it.
NICENESS_INCREMENT = 5
MAX_NICENESS = 19
MAX_YIELD_S = 0.005  # so that a loop that is always busy cannot stop the work


def lower_thread_priority() -> None:
    """Lower the priority of the calling thread and of the threads it starts. This has an effect on Linux only, where
    each thread has its own niceness."""
    if sys.platform == "linux":
        with suppress(OSError):
            thread_id = threading.get_native_id()
            niceness = os.getpriority(os.PRIO_PROCESS, thread_id) + NICENESS_INCREMENT
            os.setpriority(os.PRIO_PROCESS, thread_id, min(niceness, MAX_NICENESS))


class LoopActivity:
    """Whether the event loop is busy. Threading: SAFE."""

    def __init__(self) -> None:
        self._is_idle = threading.Event()
        self._is_idle.set()

    def mark_busy(self) -> None:
        self._is_idle.clear()

    def mark_idle(self) -> None:
        self._is_idle.set()

    def yield_to_loop(self) -> None:
        """Wait until the loop is idle, but no longer than MAX_YIELD_S. Called on workers' threads."""
        self._is_idle.wait(MAX_YIELD_S)


class ActivitySelector(selectors.DefaultSelector):
    """An event loop's selector that marks the loop idle while it waits."""

    def __init__(self, activity: LoopActivity) -> None:
        super().__init__()
        self._activity = activity

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:  # otherwise callbacks are ready to run
            self._activity.mark_idle()
        try:
            return super().select(timeout)
        finally:
            self._activity.mark_busy()


def run_with_loop_priority(serve: Callable[[Callable[[], None]], Coroutine[Any, Any, None]]) -> None:
    """As asyncio.run(), on a loop to which workers yield; `serve` gets the function with which they do so."""
    activity = LoopActivity()
    if sys.version_info >= (3, 11) and sys.platform != "win32":
        with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(ActivitySelector(activity))) as runner:
            runner.run(serve(activity.yield_to_loop))
    else:
        asyncio.run(serve(activity.yield_to_loop))
