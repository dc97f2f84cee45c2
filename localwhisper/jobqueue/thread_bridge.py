"""Carries reports from the workers' threads to the event loop.

Progress is coalesced: only the latest is delivered. Every window is delivered, in order, while the loop runs.
"""

import asyncio
import threading
from collections.abc import Callable

from localwhisper.jobs.transcript import Window
from localwhisper.messages import Message


class ThreadBridge:
    """A job_execution.Reporter. Threading: SAFE; the callbacks run on the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        on_measured: Callable[[str, float, int], None],
        on_progress: Callable[[str, float, Message], None],
        on_window: Callable[[str, Window], None],
        yield_to_loop: Callable[[], None],
    ) -> None:
        """`yield_to_loop`: see loop_priority."""
        self._loop = loop
        self._on_measured = on_measured
        self._on_progress = on_progress
        self._on_window = on_window
        self.yield_to_loop = yield_to_loop
        self._lock = threading.Lock()
        self._latest: dict[str, tuple[float, Message]] = {}  # progress not yet delivered, by execution id

    def measured(self, execution_id: str, duration_s: float, track: int) -> None:
        self._call_on_loop(self._on_measured, execution_id, duration_s, track)

    def progress(self, execution_id: str, done_s: float, message: Message) -> None:
        with self._lock:
            is_scheduled = execution_id in self._latest
            self._latest[execution_id] = (done_s, message)
        if not is_scheduled:
            self._call_on_loop(self._deliver_progress, execution_id)

    def window(self, execution_id: str, window: Window) -> None:
        self._call_on_loop(self._on_window, execution_id, window)

    def _deliver_progress(self, execution_id: str) -> None:
        with self._lock:
            done_s, message = self._latest.pop(execution_id)
        self._on_progress(execution_id, done_s, message)

    def _call_on_loop(self, function: Callable[..., None], *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            if not self._loop.is_closed():  # closed: the program is ending, and the store has what counts
                raise
