"""SIGINT and SIGTERM, for commands that run until they are told to stop."""

import asyncio
import os
import signal
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
