"""In which order the loop gets what a worker reports."""

import asyncio
from typing import Any, cast

from localwhisper.jobqueue.thread_bridge import ThreadBridge
from localwhisper.jobs.transcript import Window
from localwhisper.messages import Message
from tests.step_engine import window

MESSAGE = Message("finding_speakers", {"percent": 0})


class BusyLoop:
    """Does nothing until run()."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def call_soon_threadsafe(self, *call: Any) -> None:
        self.calls.append(call)

    def run(self) -> None:
        calls, self.calls = self.calls, []
        for function, *arguments in calls:
            function(*arguments)


class DeliveredReports:
    """A Receiver that remembers progress and windows, in order."""

    def __init__(self) -> None:
        self.delivered: list[Any] = []

    def measured(self, execution_id: str, duration_s: float, track: int) -> None:
        pass

    def progress(self, execution_id: str, done_s: float, message: Message) -> None:
        self.delivered.append(done_s)

    def window(self, execution_id: str, window: Window) -> None:
        self.delivered.append(window)


def test_progress_after_a_window_is_delivered_after_it() -> None:
    loop, receiver = BusyLoop(), DeliveredReports()
    delivered = receiver.delivered
    bridge = ThreadBridge(cast("asyncio.AbstractEventLoop", loop), receiver)
    for done_s in (1.0, 2.0):
        bridge.progress("a", done_s, MESSAGE)
    bridge.window("a", window(0))
    for done_s in (3.0, 4.0):
        bridge.progress("a", done_s, MESSAGE)
    loop.run()
    assert delivered == [2.0, window(0), 4.0]
    bridge.progress("a", 5.0, MESSAGE)
    loop.run()
    assert delivered[3:] == [5.0]
