"""Checkpoints on their way: one thread for each, progress as events. Event loop's thread only."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.errors import Stopped
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobs.events import ModelChanged

NEWS_EVERY_S = 0.5


@dataclass
class Download:
    """How far it is; written by the download's thread, whole integers only."""

    received_bytes: int = 0
    total_bytes: int | None = None


class Downloads:
    def __init__(self, library: ModelLibrary, bus: EventBus) -> None:
        self._library = library
        self._bus = bus
        self._running: dict[str, Download] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stops: dict[str, threading.Event] = {}
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="download")

    def progress(self, name: str) -> Download | None:
        """None where the checkpoint isn't being fetched."""
        return self._running.get(name)

    def start(self, name: str) -> None:
        """Fetch a checkpoint; nothing happens where that is under way. Raises ModelNotFound."""
        if self._library.path(name) is not None or name in self._running:
            return
        self._running[name] = Download()
        self._stops[name] = threading.Event()
        self._tasks[name] = asyncio.ensure_future(self._fetch(name))

    async def _fetch(self, name: str) -> None:
        download, stop = self._running[name], self._stops[name]

        def on_progress(received_bytes: int, total_bytes: int | None) -> None:
            download.received_bytes, download.total_bytes = received_bytes, total_bytes

        def check() -> None:
            if stop.is_set():
                raise Stopped

        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._threads, self._library.download, name, on_progress, check)
        error: Exception | None = None
        try:
            while not work.done():
                self._bus.publish(ModelChanged(name=name))
                await asyncio.wait([work], timeout=NEWS_EVERY_S)
            work.result()
        except Stopped:
            pass
        except Exception as failed:
            error = failed
        finally:
            del self._running[name], self._stops[name], self._tasks[name]
        self._bus.publish(ModelChanged(name=name, error=error))

    async def cancel(self, name: str) -> None:
        """Stop fetching a checkpoint, if that is under way. What has come stays for the next time."""
        task = self._tasks.get(name)
        if task is not None:
            self._stops[name].set()
            await asyncio.wait([task])

    def stop(self) -> None:
        """What has been received stays and is gone on with at the next download."""
        for stop in self._stops.values():
            stop.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
