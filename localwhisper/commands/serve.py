"""Serve until told to stop."""

import asyncio
import logging
import logging.handlers
import os
import signal
import sys
import threading
import webbrowser
from io import TextIOWrapper
from types import FrameType

from localwhisper import __version__, paths
from localwhisper.app import App
from localwhisper.settings import LOOPBACK_HOSTS, Settings
from localwhisper.store.atomic import private

LOG_BYTES = 1024 * 1024
EARLY_RECORDS = 10_000  # of a start, until the log may be written


def run(settings: Settings, *, test_services: bool, open_browser: bool) -> int:
    if test_services:
        from localwhisper.commands import selftest

        if not asyncio.run(selftest.run(settings)):
            return 1
    asyncio.run(_serve(settings, open_browser))
    _leave()
    return 0


async def _serve(settings: Settings, open_browser: bool) -> None:
    app = App(settings)
    early = logging.handlers.MemoryHandler(EARLY_RECORDS, flushLevel=logging.CRITICAL + 1)
    logging.getLogger().addHandler(early)
    try:
        port = await app.start()
    finally:
        logging.getLogger().removeHandler(early)
    early.setTarget(_log_to_file(settings))  # only now is the data directory ours
    early.close()
    name = "localhost" if settings.host in LOOPBACK_HOSTS else settings.host
    address = f"http://{name}:{port}"
    print(f"localwhisper {__version__} is at {address} (Ctrl-C stops it)", flush=True)
    if open_browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    await _told_to_stop()
    print("Stopping; what is unfinished goes on at the next start.", flush=True)
    await app.stop()


async def _told_to_stop() -> None:
    loop = asyncio.get_running_loop()
    told = asyncio.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if told.is_set():
            os._exit(130)  # asked twice
        loop.call_soon_threadsafe(told.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    await told.wait()


class PrivateLog(logging.handlers.RotatingFileHandler):
    """For the user alone."""

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding=self.encoding, opener=private)


def _log_to_file(settings: Settings) -> logging.Handler:
    """Warnings to the console, errors with their tracebacks to a file of bounded size."""
    handler = PrivateLog(paths.log_file(settings.data_dir), maxBytes=LOG_BYTES, backupCount=2, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    console = logging.StreamHandler()
    console.setLevel(logging.ERROR)
    logging.getLogger().addHandler(console)
    return handler


def _leave() -> None:
    """A worker deep in torch would hold the process up at its end; all it did is saved already."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    if any(not thread.daemon and thread is not threading.main_thread() for thread in threading.enumerate()):
        os._exit(0)
