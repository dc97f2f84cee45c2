"""Search in file names and transcripts; keeps the full-text index up to date. Event loop's thread only."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from localwhisper.errors import LocalWhisperError
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.jobs.events import Event, JobChanged, JobRemoved, TranscriptCorrected
from localwhisper.jobs.model import JobState
from localwhisper.store.async_store import AsyncStore

T = TypeVar("T")
log = logging.getLogger(__name__)


class TextIndex(Protocol):
    """See store/search.py."""

    def put(self, job_id: str, text: str) -> None: ...
    def discard(self, job_id: str) -> None: ...
    def known(self) -> set[str]: ...
    def find(self, query: str) -> set[str]: ...
    def excerpts(self, query: str, job_ids: Iterable[str]) -> dict[str, list[str]]: ...
    def close(self) -> None: ...


class Search:
    def __init__(self, index: JobIndex, store: AsyncStore, texts: TextIndex, bus: EventBus) -> None:
        self._index = index
        self._store = store
        self._texts = texts
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="search")
        self._unsubscribe = bus.subscribe(self._on_event)

    def start(self) -> None:
        """Add what the index lacks, in the background."""
        self._filling = asyncio.ensure_future(self._fill())

    async def find(self, query: str) -> set[str]:
        """Ids of jobs whose name or text has what is asked for."""
        wanted = query.casefold()
        named = {job.id for job in self._index if wanted in job.filename.casefold()}
        return named | await self._ask(self._texts.find, query)

    async def excerpts(self, query: str, job_ids: Iterable[str]) -> dict[str, list[str]]:
        """The hits in the texts of these jobs, in context: plain, hit, plain, …"""
        return await self._ask(self._texts.excerpts, query, list(job_ids))

    async def stop(self) -> None:
        self._unsubscribe()
        self._filling.cancel()
        self._thread.submit(self._texts.close)
        await asyncio.get_running_loop().run_in_executor(None, self._thread.shutdown)

    async def _fill(self) -> None:
        known = await self._ask(self._texts.known)
        for job_id in known - {job.id for job in self._index}:
            self._later(self._texts.discard, job_id)
        for job in [job for job in self._index if job.state is JobState.COMPLETED and job.id not in known]:
            try:
                self._later(self._texts.put, job.id, (await self._store.transcript(job.id)).text)
            except LocalWhisperError as error:
                log.warning("job %s can't be searched: %s", job.id, error)

    def _on_event(self, event: Event) -> None:
        match event:
            case JobChanged(job=job, transcript=transcript) if transcript is not None:
                self._later(self._texts.put, job.id, transcript.text)
            case TranscriptCorrected(job_id=job_id, transcript=transcript):
                self._later(self._texts.put, job_id, transcript.text)
            case JobRemoved(job_id=job_id):
                self._later(self._texts.discard, job_id)

    async def _ask(self, method: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, method, *args)

    def _later(self, method: Callable[..., None], *args: object) -> None:
        self._thread.submit(_logged, method, *args)


def _logged(method: Callable[..., None], *args: object) -> None:
    try:
        method(*args)
    except Exception:
        log.exception("the search index could not be changed")
