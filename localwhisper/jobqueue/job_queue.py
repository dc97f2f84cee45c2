"""The job queue on the event loop: submit, cancel, retry, remove, and which job runs next."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from weakref import WeakValueDictionary

from localwhisper.engine.base import Engine
from localwhisper.errors import JobAlreadyFinished, JobNotRetryable, QueueNotRunning
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.jobqueue.job_repository import JobRepository
from localwhisper.jobqueue.worker_pool import WorkerPool
from localwhisper.jobs.events import JobRemoved
from localwhisper.jobs.model import Job, JobState
from localwhisper.jobs.priority import may_preempt, order
from localwhisper.jobs.transitions import move
from localwhisper.options import Options
from localwhisper.store.async_store import AsyncStore
from localwhisper.store.speeds import RealTimeFactors

STOP_GRACE_S = 1.2  # a stop promises to end within 2 s


class JobQueue:
    """Threading: the event loop's thread only."""

    def __init__(
        self,
        *,
        store: AsyncStore,
        engine: Engine,
        bus: EventBus,
        speeds: RealTimeFactors,
        new_executor: Callable[[], Executor],
        max_concurrent_jobs: int,
        now: Callable[[], datetime],
        default_model: str,
        yield_to_loop: Callable[[], None],
    ) -> None:
        self.max_concurrent_jobs = max_concurrent_jobs
        self.is_running = False
        self._store = store
        self._bus = bus
        self._repository = JobRepository(store, bus, now, default_model)
        self._pool = WorkerPool(self._repository, engine, speeds, new_executor, self._dispatch, yield_to_loop)
        self._changing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # by job id
        self._restarting = asyncio.Lock()

    @property
    def index(self) -> JobIndex:
        return self._repository.index

    async def start(self, *, after_crash: bool = False) -> None:
        """Take up every job where it was, and run what waits."""
        await self._repository.load(after_crash=after_crash)
        self._resume()

    async def stop(self) -> None:
        """Interrupt all work; it goes on at the next start."""
        self.is_running = False
        await self._pool.close(STOP_GRACE_S)

    async def restart(self) -> None:
        """A fresh start of a stuck queue: no job is lost, workers that don't answer are left behind."""
        async with self._restarting:
            if self.is_running:
                await self.stop()
            self._resume()

    def _resume(self) -> None:
        self._pool.open()
        self.is_running = True
        self._dispatch()

    def _dispatch(self) -> None:
        """Give each free place to a job; where none is free, a long job rests for one that may_preempt it."""
        while self.is_running:
            working, resting = self._pool.jobs(resting=False), self._pool.jobs(resting=True)
            if len(working) < self.max_concurrent_jobs and resting:
                # also when others wait that outrank it: it then rests again behind one more window
                self._pool.go_on(min(resting, key=order).id)
                continue
            waiting = self._next()
            if waiting is None:
                return
            if len(working) >= self.max_concurrent_jobs:
                last = max(working, key=order)
                if not may_preempt(waiting, last) or len(resting) >= self.max_concurrent_jobs:
                    return
                self._pool.rest(last.id)
            # seen at once, saved by the run: nothing else may take the job meanwhile
            job = move(waiting, JobState.PROCESSING, now=self._repository.now())
            self._pool.start(job.id)
            self._repository.announce(job)

    def _next(self) -> Job | None:
        """The job that runs next. Of those that ran when the program broke down only one runs at a time,
        until its next window is done: so the one that brings it down is found, and no other is blamed."""
        is_suspect_running = any(job.crashes for job in self.active())
        return next((job for job in self.waiting() if not (job.crashes and is_suspect_running)), None)

    # -- what people ask for -------------------------------------------------------------

    async def submit(
        self,
        *,
        job_id: str,
        filename: str,
        upload: Path,
        audio_file: str,
        audio_duration: float,
        options: Options,
    ) -> Job:
        """Keep the job and its audio, durably, and queue it. Raises StorageFull, QueueNotRunning."""
        if not self.is_running:
            raise QueueNotRunning
        now = self.index.next_created_at(self._repository.now())
        pending = Job(
            id=job_id,
            filename=filename,
            audio_file=audio_file,
            audio_duration=audio_duration,
            options=options,
            state=JobState.PENDING,
            created_at=now,
            language=options.language,
        )
        job = move(pending, JobState.QUEUED, now=now)
        await self._store.create(job, upload)
        self._repository.announce(job)
        asyncio.get_running_loop().call_soon(self._dispatch)  # the answer says what was promised: queued, and where
        return job

    async def cancel(self, job_id: str) -> Job:
        """End a waiting or running job. Raises JobNotFound, JobAlreadyFinished."""
        job = self.index.get(job_id)
        if job.state.ended:
            raise JobAlreadyFinished(state=job.state.value)
        await self._end(job)
        job = self.index.get(job_id)
        if job.state is not JobState.CANCELLED:  # it was finished before the worker saw the flag
            raise JobAlreadyFinished(state=job.state.value)
        return job

    async def remove(self, job_id: str) -> Job:
        """Cancel if need be, then remove the job with all its files. Raises JobNotFound."""
        async with self._change(job_id):
            await self._end(self.index.get(job_id))
            await self._store.remove(job_id)
            job = self.index.get(job_id)
            self.index.discard(job_id)
        self._bus.publish(JobRemoved(job_id=job_id))
        return job

    async def retry(self, job_id: str, options: Options | None = None) -> Job:
        """Run a failed or cancelled job again, with its own options or others. Raises JobNotRetryable."""
        async with self._change(job_id):
            job = self.index.get(job_id)
            if job.state not in (JobState.FAILED, JobState.CANCELLED):
                raise JobNotRetryable(state=job.state.value)
            await self._store.audio_path(job)
            await self._store.clear_windows(job_id)
            if options is not None:
                job = replace(job, options=options, language=options.language)
            await self._repository.move(replace(job, crashes=0), JobState.QUEUED)
        self._dispatch()
        return self.index.get(job_id)

    def _change(self, job_id: str) -> asyncio.Lock:
        """Retry and remove take several steps each."""
        return self._changing.setdefault(job_id, asyncio.Lock())

    async def _end(self, job: Job) -> None:
        if job.state is JobState.PROCESSING:
            await self._pool.cancel(job.id)
        elif not job.state.ended:
            self.index.put(move(job, JobState.CANCELLED, now=self._repository.now()))  # no worker takes it
            await self._repository.move(job, JobState.CANCELLED)

    # -- what people see -----------------------------------------------------------------

    def waiting(self) -> Sequence[Job]:
        """Queued jobs in the order they will run."""
        return self.index.waiting()

    def active(self) -> list[Job]:
        """Jobs that a worker has, resting ones among them."""
        return self._pool.jobs()

    @property
    def n_working(self) -> int:
        """Jobs that are being transcribed now; one whose outcome is told is none of them any more."""
        return sum(job.state is JobState.PROCESSING for job in self._pool.jobs(resting=False))

    def running_s(self, job_id: str) -> float:
        """Seconds of work since a worker took the job, whatever the clock on the wall says; 0 where none has it."""
        return self._pool.running_s(job_id)
