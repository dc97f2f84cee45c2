"""localwhisper without a command: serve until SIGINT or SIGTERM."""

import argparse
import asyncio
import gc
import logging
import os
import sys
import threading
import webbrowser
from collections.abc import Callable
from functools import partial
from logging.handlers import MemoryHandler

from localwhisper import __version__, logs, paths
from localwhisper.app import App
from localwhisper.commands import model_download
from localwhisper.commands.standard_streams import say
from localwhisper.commands.stop_signals import stop_on_signal
from localwhisper.jobqueue.loop_priority import run_with_loop_priority
from localwhisper.settings import Settings, local_url

LOG_BYTES = 1024 * 1024
MAX_EARLY_RECORDS = 10_000  # log records kept in memory until the log file may be opened
# The loop releases the GIL for each frame it sends, and waits this long to get it back from a busy worker thread.
# Python's default is 5 ms.
SWITCH_INTERVAL_S = 0.0005
# Nothing else runs while all objects are searched for cycles: 80 ms beside a transcript of hours. Those of the program
# itself are exempted, and cycles of long-lived objects are few, so it is done ten times less often than usual.
FULL_COLLECTION_THRESHOLD = 100


def run(options: argparse.Namespace, settings: Settings) -> int:
    if options.fetch_model:
        model_download.download_first(settings, options.fetch_model)
    if options.test_services:
        from localwhisper.commands import selftest

        if not asyncio.run(selftest.run(settings)):
            return 1
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.set_threshold(*gc.get_threshold()[:2], FULL_COLLECTION_THRESHOLD)
    run_with_loop_priority(partial(_serve, settings, options.browser))
    return 0


async def _serve(settings: Settings, open_browser: bool, yield_to_loop: Callable[[], None]) -> None:
    stop_requested = stop_on_signal()  # before the URL is printed, since a signal may follow at once
    app = App(settings, yield_to_loop=yield_to_loop, faults_to_file=True)
    early_records = MemoryHandler(MAX_EARLY_RECORDS, flushLevel=logging.CRITICAL + 1)
    logging.getLogger().addHandler(early_records)
    try:
        port = await app.start()
        gc.freeze()
    finally:
        logging.getLogger().removeHandler(early_records)
    log_file = logs.file_handler(paths.log_file(settings.data_dir), LOG_BYTES)  # the data directory is locked by now
    for handler in (log_file, logs.console_handler(settings.log_format)):
        logging.getLogger().addHandler(handler)
    early_records.setTarget(log_file)
    early_records.close()
    url = local_url(settings.host, port)
    say(f"localwhisper {__version__} is at {url} (Ctrl-C to stop)")
    if choices := await asyncio.to_thread(model_download.choices, settings):
        say(choices)
    if open_browser:
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
    await stop_requested.wait()
    say("Stopping; unfinished jobs continue at the next start.")
    await app.stop()
    _exit_now()


def _exit_now() -> None:
    """End the process without waiting for workers inside torch, or for torch's own cleanup (0.5 s). All is saved."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
