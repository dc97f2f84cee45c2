"""Waveforms of jobs: computed at the first request, then stored with the job."""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from localwhisper.errors import Stopped, StorageFull, StorageUnwritable
from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.jobs.job import Job
from localwhisper.jobs.transcript import Waveform
from localwhisper.store.async_store import AsyncStore

Compute = Callable[[Path, str | None, Callable[[], None]], Waveform]  # audio, its track, a check that may raise
log = logging.getLogger(__name__)


class Waveforms:
    """Threading: the event loop's thread only; waveforms are computed on one dedicated thread."""

    def __init__(self, index: JobIndex, store: AsyncStore, compute: Compute) -> None:
        """`compute` may block."""
        self._index = index
        self._store = store
        self._compute = compute
        self._stop = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="waveform")
        self._tasks: dict[
            tuple[str, str | None], asyncio.Task[Waveform]
        ] = {}  # by job id and track, shared by requests

    async def get(self, job_id: str) -> Waveform:
        """Return a job's waveform, also if it can't be stored.

        Raises JobNotFound, JobDamaged, AudioUnreadable, AudioTimeout, FfmpegMissing.
        """
        job = self._index.get(job_id)
        key = (job_id, job.options.audio_track)
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.ensure_future(self._load_or_compute(job))
            task.add_done_callback(lambda _: self._tasks.pop(key))
        return await asyncio.shield(task)

    async def _load_or_compute(self, job: Job) -> Waveform:
        stored = await self._store.waveform(job.id)
        if stored is not None:
            return stored
        audio = await self._store.audio_path(job)
        waveform = await asyncio.get_running_loop().run_in_executor(
            self._thread, self._compute, audio, job.options.audio_track, self._check
        )
        if self._index.get(job.id).options.audio_track != job.options.audio_track:
            return waveform  # another was chosen meanwhile
        try:
            await self._store.save_waveform(job.id, waveform)
        except (StorageFull, StorageUnwritable) as error:
            log.warning("job %s: its waveform is not stored: %s", job.id, error)
        return waveform

    def _check(self) -> None:
        if self._stop.is_set():
            raise Stopped

    def stop(self) -> None:
        self._stop.set()
        self._thread.shutdown(wait=False, cancel_futures=True)
