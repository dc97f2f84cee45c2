"""Waveforms of jobs: computed once, when first asked for, and kept with the job. Event loop's thread only."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from localwhisper.errors import Stopped
from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.jobs.model import Waveform
from localwhisper.store.async_store import AsyncStore

Compute = Callable[[Path, float, Callable[[], None]], Waveform]  # audio, its duration, a check that may raise


class Waveforms:
    def __init__(self, index: JobIndex, store: AsyncStore, compute: Compute) -> None:
        """`compute` blocks; it runs on a thread of its own, one at a time."""
        self._index = index
        self._store = store
        self._compute = compute
        self._stop = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="waveform")
        self._running: dict[str, asyncio.Task[Waveform]] = {}

    async def get(self, job_id: str) -> Waveform:
        """Raises JobNotFound, JobDamaged, AudioUnreadable, AudioTimeout, FfmpegMissing."""
        job = self._index.get(job_id)
        kept = await self._store.waveform(job_id)
        if kept is not None:
            return kept
        if job_id not in self._running:
            task = asyncio.ensure_future(self._make(job_id, await self._store.audio_path(job), job.audio_duration))
            self._running[job_id] = task
            task.add_done_callback(lambda _: self._running.pop(job_id, None))
        return await asyncio.shield(self._running[job_id])

    async def _make(self, job_id: str, audio: Path, duration_s: float) -> Waveform:
        loop = asyncio.get_running_loop()
        made = await loop.run_in_executor(self._thread, self._compute, audio, duration_s, self._check)
        await self._store.save_waveform(job_id, made)
        return made

    def _check(self) -> None:
        if self._stop.is_set():
            raise Stopped

    def stop(self) -> None:
        self._stop.set()
        self._thread.shutdown(wait=False, cancel_futures=True)
