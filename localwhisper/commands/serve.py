"""Serve until told to stop."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
import webbrowser
from collections.abc import Callable
from functools import partial
from logging.handlers import MemoryHandler
from types import FrameType

from localwhisper import __version__, logs, paths
from localwhisper.app import App
from localwhisper.jobqueue.loop_priority import run_with_loop_priority
from localwhisper.settings import LOOPBACK_HOSTS, Settings

LOG_BYTES = 1024 * 1024
EARLY_RECORDS = 10_000  # of a start, until the log may be written
# each frame sent gives the interpreter away, and a busy worker keeps it for as long as this; Python's own are 5 ms
SWITCH_INTERVAL_S = 0.0005


def run(options: argparse.Namespace, settings: Settings) -> int:
    if options.test_services:
        from localwhisper.commands import selftest

        if not asyncio.run(selftest.run(settings)):
            return 1
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    run_with_loop_priority(partial(_serve, settings, options.browser))
    _leave()
    return 0


async def _serve(settings: Settings, open_browser: bool, yield_to_loop: Callable[[], None]) -> None:
    told_to_stop = _when_told_to_stop()  # before anyone knows that there is something to stop
    app = App(settings, yield_to_loop=yield_to_loop)
    early = MemoryHandler(EARLY_RECORDS, flushLevel=logging.CRITICAL + 1)
    logging.getLogger().addHandler(early)
    try:
        port = await app.start()
    finally:
        logging.getLogger().removeHandler(early)
    file = logs.file_handler(paths.log_file(settings.data_dir), LOG_BYTES)  # only now is the data directory ours
    for handler in (file, logs.console_handler(settings.log_format)):
        logging.getLogger().addHandler(handler)
    early.setTarget(file)
    early.close()
    name = "localhost" if settings.host in LOOPBACK_HOSTS else settings.host
    address = f"http://{name}:{port}"
    print(f"localwhisper {__version__} is at {address} (Ctrl-C stops it)", flush=True)
    if open_browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    await told_to_stop.wait()
    print("Stopping; what is unfinished goes on at the next start.", flush=True)
    await app.stop()


def _when_told_to_stop() -> asyncio.Event:
    """Set by the first SIGINT or SIGTERM; a second one ends the program at once."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if told.is_set():
            os._exit(130)
        loop.call_soon_threadsafe(told.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    return told


def _leave() -> None:
    """At once: a worker deep in torch would hold the process up, torch's own end takes half a second, all is saved."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
