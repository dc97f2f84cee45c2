"""Downloads of checkpoints in the background, with progress as events, and removal, which cancels a download first."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from localwhisper.engine.checkpoints.library import ModelEntry, ModelLibrary
from localwhisper.engine.checkpoints.model_source import ModelSource
from localwhisper.errors import ModelNotFound, Stopped
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobs.events import ModelChanged

PROGRESS_INTERVAL_S = 0.5
MAX_DOWNLOADS = 2  # at once


@dataclass(eq=False)
class Download:
    """Progress of one download. The figures are written on the download's thread."""

    received_bytes: int = 0
    total_bytes: int | None = None
    chosen_source: str | None = None  # None: any
    source: str | None = None  # the name of the one in use
    stop: threading.Event = field(default_factory=threading.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def on_progress(self, received_bytes: int, total_bytes: int | None) -> None:
        self.received_bytes, self.total_bytes = received_bytes, total_bytes

    def on_source(self, source: ModelSource) -> None:
        self.source = source.name

    def check(self) -> None:
        if self.stop.is_set():
            raise Stopped


class Downloads:
    """Threading: the event loop's thread only; the library is used on other threads."""

    def __init__(self, library: ModelLibrary, bus: EventBus) -> None:
        self._library = library
        self._bus = bus
        self._downloads: dict[str, Download] = {}  # by model
        self._entries: dict[str, ModelEntry] = {}  # by model
        self._removals: dict[str, asyncio.Task[None]] = {}  # by model
        self._tasks: set[asyncio.Task[None]] = set()
        self._threads = ThreadPoolExecutor(MAX_DOWNLOADS, thread_name_prefix="download")

    def progress(self, name: str) -> Download | None:
        """Return the progress of a model's download; None if it isn't being downloaded."""
        return self._downloads.get(name)

    def entry(self, name: str) -> ModelEntry:
        """Return the model as of the latest announce(), for subscribers, which can't read files."""
        return self._entries[name]

    async def announce(self, name: str, error: Exception | None = None) -> None:
        """Publish that a model has changed. Raises ModelNotFound."""
        self._entries[name] = await asyncio.to_thread(self._library.entry, name)
        self._bus.publish(ModelChanged(name=name, error=error))

    def start(self, name: str, source: str | None = None) -> None:
        """Download a checkpoint, unless that is under way, from one source or the first that can be reached.

        What an earlier download received is continued.
        """
        if name not in self._downloads:
            download = self._downloads[name] = Download(chosen_source=source)
            task = asyncio.ensure_future(self._run(name, download, after=self._removals.get(name)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, name: str, download: Download, after: asyncio.Task[None] | None) -> None:
        error: Exception | None = None
        try:
            if after is not None:
                await asyncio.wait([after])
            await self._fetch(name, download)
        except Stopped:
            pass
        except Exception as failure:
            error = failure
        finally:
            del self._downloads[name]
            download.ended.set()
        await self.announce(name, error)

    async def _fetch(self, name: str, download: Download) -> None:
        work = asyncio.get_running_loop().run_in_executor(
            self._threads,
            lambda: self._library.download(
                name,
                download.on_progress,
                download.check,
                source=download.chosen_source,
                on_source=download.on_source,
            ),
        )
        while not work.done():
            await self.announce(name)
            await asyncio.wait([work], timeout=PROGRESS_INTERVAL_S)
        work.result()

    async def cancel(self, name: str) -> None:
        """Stop a download, if there is one. What it received is kept for the next one."""
        await _cancel(self._downloads.get(name))

    async def remove(self, name: str) -> None:
        """Delete a checkpoint and what a download received of it, after cancelling the download.

        Raises ModelNotFound, ModelBundled, StorageUnwritable.
        """
        removal = self._removals.get(name)
        if removal is None:
            removal = asyncio.ensure_future(self._remove(name, self._downloads.get(name)))
            self._removals[name] = removal
            removal.add_done_callback(lambda _: self._removals.pop(name))
        await asyncio.shield(removal)

    async def _remove(self, name: str, download: Download | None) -> None:
        await _cancel(download)  # a download that starts from now on waits for the removal
        await asyncio.get_running_loop().run_in_executor(None, self._library.remove, name)
        with suppress(ModelNotFound):  # of an imported model nothing is left
            await self.announce(name)

    def stop(self) -> None:
        """Stop all downloads. What was received is kept, and continued by the next download."""
        for download in self._downloads.values():
            download.stop.set()
        self._threads.shutdown(wait=False, cancel_futures=True)


async def _cancel(download: Download | None) -> None:
    if download is not None:
        download.stop.set()
        await download.ended.wait()
