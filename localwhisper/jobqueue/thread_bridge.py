"""From the workers' threads to the event loop: the only call_soon_threadsafe.

Progress coalesces here (the latest wins); windows are never dropped and keep their order.
"""

import asyncio
import threading
from collections.abc import Callable

from localwhisper.jobs.model import Window
from localwhisper.messages import Message


class ThreadBridge:
    """A worker.Reporter. Threading: SAFE; the two callbacks run on the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        on_progress: Callable[[str, float, Message], None],
        on_window: Callable[[str, Window], None],
        yield_to_loop: Callable[[], None],
    ) -> None:
        """`yield_to_loop` waits while the loop has something to do, for a moment; called on workers' threads."""
        self._loop = loop
        self._on_progress = on_progress
        self._on_window = on_window
        self.yield_to_loop = yield_to_loop
        self._lock = threading.Lock()
        self._latest: dict[str, tuple[float, Message]] = {}

    def progress(self, run_id: str, done_s: float, message: Message) -> None:
        with self._lock:
            waiting = run_id in self._latest
            self._latest[run_id] = (done_s, message)
        if not waiting:
            self._on_loop(self._deliver_progress, run_id)

    def window(self, run_id: str, window: Window) -> None:
        self._on_loop(self._on_window, run_id, window)

    def _deliver_progress(self, run_id: str) -> None:
        with self._lock:
            done_s, message = self._latest.pop(run_id)
        self._on_progress(run_id, done_s, message)

    def _on_loop(self, function: Callable[..., None], *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            if not self._loop.is_closed():  # closed: the program is ending, the store has the truth
                raise
