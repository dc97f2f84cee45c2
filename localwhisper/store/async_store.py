"""A JobStore on a dedicated thread, so that a slow disk never blocks the event loop.

There is one thread, so calls are carried out in the order in which they are made.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from localwhisper.errors import QueueNotRunning
from localwhisper.jobs.job import Job
from localwhisper.jobs.transcript import Transcript, Waveform, Window
from localwhisper.store.base import DamagedJob, JobStore, StampedText

T = TypeVar("T")


class AsyncStore:
    """The methods of JobStore as coroutines; see there."""

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._is_closing = False

    async def load_all(self) -> tuple[list[Job], list[DamagedJob]]:
        return await self._call(self._store.load_all)

    async def create(self, job: Job, upload: Path) -> None:
        await self._call(self._store.create, job, upload)

    async def save(self, job: Job) -> None:
        await self._call(self._store.save, job)

    async def append_window(self, job_id: str, window: Window) -> None:
        await self._call(self._store.append_window, job_id, window)

    async def windows(self, job_id: str) -> Sequence[Window]:
        return await self._call(self._store.windows, job_id)

    async def clear_windows(self, job_id: str) -> None:
        await self._call(self._store.clear_windows, job_id)

    async def save_transcript(self, job_id: str, transcript: Transcript) -> None:
        await self._call(self._store.save_transcript, job_id, transcript)

    async def transcript(self, job_id: str, *, original: bool = False) -> Transcript:
        return await self._read(partial(self._store.transcript, original=original), job_id)

    async def changed_texts(self, stamps: Mapping[str, str | None]) -> list[StampedText]:
        return await self._read(self._store.changed_texts, stamps)

    async def set_corrections_aside(self, job_id: str) -> None:
        await self._call(self._store.set_corrections_aside, job_id)

    async def save_waveform(self, job_id: str, waveform: Waveform) -> None:
        await self._call(self._store.save_waveform, job_id, waveform)

    async def waveform(self, job_id: str) -> Waveform | None:
        return await self._read(self._store.waveform, job_id)

    async def audio_path(self, job: Job) -> Path:
        return await self._call(self._store.audio_path, job)

    async def remove(self, job_id: str) -> None:
        await self._call(self._store.remove, job_id)

    async def _read(self, method: Callable[..., T], *args: object) -> T:
        """As _call(), for a method that only reads. Raises QueueNotRunning if the store is closed first."""

        def read() -> T:
            if self._is_closing:
                raise QueueNotRunning
            return method(*args)

        return await self._call(read)

    async def _call(self, method: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, method, *args)

    def later(self, function: Callable[..., None], *args: object) -> None:
        """Run a function on this thread, after the calls made so far, without waiting for it."""
        self._thread.submit(function, *args)

    async def close(self) -> None:
        """Carry out the calls that write, refuse those that read, and end the thread."""
        self._is_closing = True
        await self._call(lambda: None)
        self._thread.shutdown(wait=False)
