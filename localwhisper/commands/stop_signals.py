"""SIGINT and SIGTERM, for commands that run until they are told to stop."""

import asyncio
import os
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType


def stop_on_signal() -> asyncio.Event:
    """An event that the first SIGINT or SIGTERM sets. A second one ends the process at once."""
    loop = asyncio.get_running_loop()
    stop_requested = asyncio.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if stop_requested.is_set():
            os._exit(130)
        loop.call_soon_threadsafe(stop_requested.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    return stop_requested


def stop_at_end_of_stdin(stop_requested: asyncio.Event) -> None:
    """Set the event when nobody holds the other end of standard input any more, which also happens when the process
    that started this one is killed."""
    loop = asyncio.get_running_loop()

    def wait() -> None:
        while sys.stdin.buffer.read(1):
            pass
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(stop_requested.set)

    threading.Thread(target=wait, name="stdin", daemon=True).start()
