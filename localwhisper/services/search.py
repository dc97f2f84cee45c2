"""Search in file names and transcripts; keeps the full-text index up to date."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.jobs.events import Event, JobChanged, JobRemoved, TranscriptCorrected
from localwhisper.jobs.job import JobState
from localwhisper.jobs.transcript import Transcript
from localwhisper.store.async_store import AsyncStore
from localwhisper.store.base import StampedText
from localwhisper.store.text_index import ERRORS, Preview, TextIndex

T = TypeVar("T")
BATCH = 100  # texts read and indexed at once
log = logging.getLogger(__name__)


class Search:
    """Threading: the event loop's thread only; the index is used on one dedicated thread."""

    def __init__(self, index: JobIndex, store: AsyncStore, texts: TextIndex, bus: EventBus) -> None:
        self._index = index
        self._store = store
        self._texts = texts
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="search")
        self._unsubscribe = bus.subscribe(self._on_event)
        self._changed: set[str] | None = set()  # ids of jobs that changed while the index is filled; None: it is full
        self._filling: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Add what the index lacks, in the background."""
        self._changed = set()
        self._filling = asyncio.ensure_future(self._fill())

    async def find(self, query: str) -> set[str]:
        """Return the ids of jobs whose file name, tags or text match; without the text if the index fails."""
        folded = query.casefold()
        by_name = {
            job.id for job in self._index if any(folded in name.casefold() for name in (job.filename, *job.tags))
        }
        return by_name | await self._query(set[str](), self._texts.find, query)

    async def excerpts(self, query: str, job_ids: Iterable[str]) -> dict[str, list[str]]:
        """Return the matches in the texts of these jobs, with context: plain, match, plain, …; none if the index
        fails."""
        return await self._query(dict[str, list[str]](), self._texts.excerpts, query, list(job_ids))

    async def previews(self, job_ids: Iterable[str]) -> dict[str, Preview]:
        """Return the beginnings of these jobs' texts, and who speaks in them, of those that are indexed; none if the
        index fails."""
        return await self._query(dict[str, Preview](), self._texts.previews, list(job_ids))

    async def stop(self) -> None:
        self._unsubscribe()
        if self._filling is not None:
            self._filling.cancel()
        await self._call(self._texts.close)
        self._thread.shutdown(wait=False)

    async def _query(self, default: T, method: Callable[..., T], *args: object) -> T:
        """Call a method of the index. If that fails, return the default and build the index anew, in the background."""
        try:
            return await self._call(method, *args)
        except ERRORS:
            log.exception("the search index failed, and is built anew")
            if self._filling is None or self._filling.done():
                self._submit(self._texts.clear)
                self.start()
            return default

    async def _fill(self) -> None:
        """Add the texts that have changed since they were indexed, newest first, and remove those of removed jobs.

        In batches, between which queries and other calls of the store are answered.
        """
        try:
            indexed = await self._call(self._texts.stamps)
            job_ids = [job.id for job in self._index if job.state is JobState.COMPLETED]
            await self._call(self._texts.discard, indexed.keys() - set(job_ids) - self._changed_ids())
            put: asyncio.Future[None] | None = None
            for start in range(0, len(job_ids), BATCH):
                stamps = {job_id: indexed.get(job_id) for job_id in job_ids[start : start + BATCH]}
                texts = await self._store.changed_texts(stamps)  # while the texts before are indexed
                if put is not None:
                    await put
                # of a job that has changed meanwhile, the newer text is indexed, or it is removed
                texts = [text for text in texts if text.job_id not in self._changed_ids()]
                put = asyncio.ensure_future(self._call(self._texts.put, texts))
            if put is not None:
                await put
        except Exception:
            log.exception("the search index could not be completed")
        finally:
            self._changed = None

    def _changed_ids(self) -> set[str]:
        return self._changed or set()

    def _on_event(self, event: Event) -> None:
        match event:
            case JobChanged(job=job, transcript=transcript) if transcript is not None:
                self._put(job.id, transcript)
            case TranscriptCorrected(job_id=job_id, transcript=transcript):
                self._put(job_id, transcript)
            case JobRemoved(job_id=job_id):
                self._mark_changed(job_id)
                self._submit(self._texts.discard, [job_id])

    def _put(self, job_id: str, transcript: Transcript) -> None:
        """Index a text that is stored already; without its stamp, so the next start compares it with the store's."""
        self._mark_changed(job_id)
        text = StampedText(job_id=job_id, stamp=None, text=transcript.text, speakers=transcript.speakers)
        self._submit(self._texts.put, [text])

    def _mark_changed(self, job_id: str) -> None:
        if self._changed is not None:
            self._changed.add(job_id)

    async def _call(self, method: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, method, *args)

    def _submit(self, method: Callable[..., None], *args: object) -> None:
        self._thread.submit(_log_errors, method, *args)


def _log_errors(method: Callable[..., None], *args: object) -> None:
    try:
        method(*args)
    except Exception:
        log.exception("the search index could not be changed")
