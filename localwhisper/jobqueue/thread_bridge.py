"""Carries reports from the workers' threads to the event loop.

Progress is coalesced: of what is reported between two windows, only the latest is delivered. Every window is delivered,
in order, while the loop runs.
"""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass

from localwhisper.jobqueue.job_execution import Receiver
from localwhisper.jobs.transcript import Window
from localwhisper.messages import Message


@dataclass
class _Progress:
    done_s: float
    message: Message


class ThreadBridge:
    """A job_execution.Reporter. Threading: SAFE; the receiver is called on the loop's thread."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, receiver: Receiver, yield_to_loop: Callable[[], None] = lambda: None
    ) -> None:
        """`yield_to_loop`: see loop_priority."""
        self._loop = loop
        self._receiver = receiver
        self.yield_to_loop = yield_to_loop
        self._lock = threading.Lock()
        self._latest: dict[str, _Progress] = {}  # not yet delivered, by execution id

    def measured(self, execution_id: str, duration_s: float, track: int) -> None:
        self._call_on_loop(self._receiver.measured, execution_id, duration_s, track)

    def progress(self, execution_id: str, done_s: float, message: Message) -> None:
        with self._lock:
            progress = self._latest.get(execution_id)
            if progress is not None:
                progress.done_s, progress.message = done_s, message
                return
            progress = self._latest[execution_id] = _Progress(done_s, message)
        self._call_on_loop(self._deliver_progress, execution_id, progress)

    def window(self, execution_id: str, window: Window) -> None:
        with self._lock:
            self._latest.pop(execution_id, None)  # it is delivered as it is; what follows the window, after the window
        self._call_on_loop(self._receiver.window, execution_id, window)

    def _deliver_progress(self, execution_id: str, progress: "_Progress") -> None:
        with self._lock:
            if self._latest.get(execution_id) is progress:
                del self._latest[execution_id]
        self._receiver.progress(execution_id, progress.done_s, progress.message)

    def _call_on_loop(self, function: Callable[..., None], *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            if not self._loop.is_closed():  # closed: the program is ending, and the store has what counts
                raise
