"""In which order the loop gets what a worker reports."""

import asyncio
from typing import Any, cast

from localwhisper.jobqueue.thread_bridge import ThreadBridge
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


def test_progress_after_a_window_is_delivered_after_it() -> None:
    loop, delivered = BusyLoop(), cast("list[Any]", [])
    bridge = ThreadBridge(
        cast("asyncio.AbstractEventLoop", loop),
        on_measured=lambda *_: None,
        on_progress=lambda _, done_s, message: delivered.append(done_s),
        on_window=lambda _, each: delivered.append(each),
        yield_to_loop=lambda: None,
    )
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
