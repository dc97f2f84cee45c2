"""The job queue on the event loop: submit, cancel, retry, remove; starts what scheduling decides."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from weakref import WeakValueDictionary

from typing_extensions import Unpack

from localwhisper.engine.checkpoints.model_choice import NAMED, ModelChoice
from localwhisper.errors import (
    JobAlreadyFinished,
    JobDamaged,
    JobNotFinished,
    JobNotRetryable,
    QueueNotRunning,
    RecordingEnded,
)
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_fields import Description, Done, NewJob
from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.jobqueue.job_repository import JobRepository
from localwhisper.jobqueue.scheduling import Pause, Resume, Start, schedule
from localwhisper.jobqueue.worker_pool import WorkerPool
from localwhisper.jobqueue.workers import Workers, WorkerStatus
from localwhisper.jobs.events import JobRemoved
from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.notes import merged
from localwhisper.jobs.suspicion import PreviousEnd, cleared
from localwhisper.jobs.transitions import is_retryable, move
from localwhisper.options import Options, give_same_text
from localwhisper.store.async_store import AsyncStore
from localwhisper.store.real_time_factors import RealTimeFactors

STOP_GRACE_S = 1.2  # for workers to stop; the whole program stops within 2 s


class JobQueue:
    """Threading: the event loop's thread only."""

    def __init__(
        self,
        *,
        store: AsyncStore,
        workers: Workers,
        bus: EventBus,
        factors: RealTimeFactors,
        now: Callable[[], datetime],
        default_model: str,
        other_model: Callable[[Options, str], ModelChoice | None],
        tells_ends: bool = False,
    ) -> None:
        """`other_model`: see worker_pool; `tells_ends`: see job_repository."""
        self.is_running = False
        self._store = store
        self._bus = bus
        self._repository = JobRepository(store, bus, now, default_model, tells_ends)
        self._workers = workers
        self._pool = WorkerPool(self._repository, workers, factors, self._dispatch, other_model)
        self._job_locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # for changes in several steps
        self._lifecycle = asyncio.Lock()  # of restart and stop

    @property
    def index(self) -> JobIndex:
        return self._repository.index

    @property
    def max_concurrent_jobs(self) -> int:
        """How many jobs may run at once, on all workers."""
        return self._workers.capacity

    async def start(self, previous_end: PreviousEnd = PreviousEnd.CLEAN) -> None:
        """Read all jobs and run those that are queued. Raises StorageUnwritable, StoreTooNew."""
        await self._repository.load(previous_end)
        self._open()

    async def stop(self) -> None:
        """Interrupt all work; it continues after restart(), or at the program's next start."""
        async with self._lifecycle:
            await self._interrupt()

    async def restart(self) -> None:
        """Restart a stuck or stopped queue: no job is lost, and workers that don't respond are abandoned."""
        async with self._lifecycle:
            await self._interrupt()
            self._open()

    async def _interrupt(self) -> None:
        if self.is_running:
            self.is_running = False
            await self._pool.close(STOP_GRACE_S)

    def _open(self) -> None:
        self._pool.open()
        self.is_running = True
        self._dispatch()

    def _dispatch(self) -> None:
        """Start, pause and resume jobs. Called after every change that may let a job start."""
        if not self.is_running:
            return
        pool = self._pool
        now = self._repository.now()
        for instruction in schedule(self.waiting(), pool.running(), pool.paused(), self.max_concurrent_jobs, now):
            match instruction:
                case Resume(job):
                    pool.resume(job.id)
                case Pause(job):
                    pool.pause(job.id)
                case Start(job):
                    pool.start(job.id)
                    self._repository.start(job)

    # -- requests ------------------------------------------------------------------------

    async def submit(self, *, upload: Path, **fields: Unpack[NewJob]) -> Job:
        """Save the job and its audio durably, and queue it. Raises StorageFull, StorageUnwritable, QueueNotRunning."""
        pending = self._pending(**fields)
        job = move(pending, JobState.QUEUED, now=pending.created_at)
        await self._repository.create(job, upload)
        # not yet, so that the answer to the submission says "queued", with the job's position
        asyncio.get_running_loop().call_soon(self._dispatch)
        return job

    async def begin_recording(self, *, upload: Path, **fields: Unpack[NewJob]) -> Job:
        """Save a job whose audio is still being received. Raises StorageFull, StorageUnwritable, QueueNotRunning."""
        job = self._pending(**fields)
        await self._repository.create(job, upload)
        return job

    def measure_recording(self, job_id: str, duration_s: float) -> None:
        """Publish how long a pending job's audio is so far."""
        self._repository.set_duration(job_id, duration_s)

    async def queue_recording(self, job_id: str, duration_s: float) -> Job:
        """Queue a pending job, whose audio is complete. Raises JobNotFound, RecordingEnded."""
        async with self._job_lock(job_id):
            job = self.index.get(job_id)
            if job.state is not JobState.PENDING:
                raise RecordingEnded(state=job.state.value)
            await self._repository.move(replace(job, audio_duration=duration_s), JobState.QUEUED)
        self._dispatch()
        return self.index.get(job_id)

    def _pending(self, **fields: Unpack[NewJob]) -> Job:
        if not self.is_running:
            raise QueueNotRunning
        now = self.index.next_created_at(self._repository.now())
        return Job(
            id=fields["job_id"],
            filename=fields["filename"],
            audio_file=fields["audio_file"],
            audio_duration=fields["audio_duration"],
            options=fields["options"],
            model_reason=fields.get("model_reason", NAMED),
            again_of=fields.get("again_of"),
            corrections_due="again_of" in fields,
            audio_tracks=fields.get("audio_tracks", ()),
            is_stream=fields.get("is_stream", False),
            state=JobState.PENDING,
            created_at=now,
            language=fields["options"].language,
        )

    async def cancel(self, job_id: str) -> Job:
        """End a job that hasn't ended. Raises JobNotFound, JobAlreadyFinished."""
        job = self.index.get(job_id)
        if job.state.ended:
            raise JobAlreadyFinished(state=job.state.value)
        await self._end(job_id)
        job = self.index.get(job_id)
        if job.state is not JobState.CANCELLED:  # it ended before the worker saw the signal
            raise JobAlreadyFinished(state=job.state.value)
        return job

    async def remove(self, job_id: str) -> Job:
        """Cancel the job if necessary, then remove it with its files. Raises JobNotFound, StorageUnwritable."""
        async with self._job_lock(job_id):
            await self._end(job_id)
            await self._store.remove(job_id)
            job = self.index.get(job_id)
            self.index.discard(job_id)
        self._bus.publish(JobRemoved(job_id=job_id))
        return job

    async def describe(self, job_id: str, changes: Description) -> Job:
        """Change the name, tags or notes of a job that has ended: while it runs, its record is the worker's.

        Raises JobNotFound, JobNotFinished, StorageFull, StorageUnwritable.
        """
        async with self._job_lock(job_id):
            job = self.index.get(job_id)
            if not job.state.ended:
                raise JobNotFinished(state=job.state.value)
            notes = merged(job.notes, changes.get("notes_before", job.notes), changes.get("notes", job.notes))
            filename, tags = changes.get("filename", job.filename), changes.get("tags", job.tags)
            await self._repository.describe(replace(job, filename=filename, tags=tags, notes=notes))
        return self.index.get(job_id)

    async def annotate(self, job_id: str, change: Callable[[Job], Job]) -> None:
        """Change what a person says of a job that hasn't ended.

        Raises JobNotFound, RecordingEnded, StorageFull, StorageUnwritable.
        """
        async with self._job_lock(job_id):
            await self._repository.annotate(job_id, change)

    async def note_done(self, job: Job, **changes: Unpack[Done]) -> None:
        """Note what has been done after this end of a job; nothing if it has been retried or removed since.

        Raises StorageFull, StorageUnwritable.
        """
        async with self._job_lock(job.id):
            if job.id in self.index and self.index.get(job.id).completed_at == job.completed_at:
                await self._repository.note(replace(self.index.get(job.id), **changes))

    async def retry(
        self, job_id: str, options: Options | None = None, *, names_model: bool = False, from_start: bool = False
    ) -> Job:
        """Queue a failed or cancelled job again, with its own options or others; `names_model`: these were asked for
        with their model.

        It continues after its last window, unless the options give another text, or `from_start` is asked for.
        Raises JobNotFound, JobNotRetryable, JobDamaged, StorageFull, StorageUnwritable.
        """
        async with self._job_lock(job_id):
            job = self.index.get(job_id)
            if not is_retryable(job.state):
                raise JobNotRetryable(state=job.state.value)
            await self._store.audio_path(job)
            options = options or job.options
            if from_start or not give_same_text(job.options, options) or not await self._can_continue(job_id):
                await self._store.clear_windows(job_id)
                job = replace(job, progress=0.0, language=options.language, audio_track_used=None)
            reason = NAMED if names_model else job.model_reason
            job = cleared(replace(job, options=options, model_reason=reason))
            await self._repository.move(job, JobState.QUEUED)
        self._dispatch()
        return self.index.get(job_id)

    async def _can_continue(self, job_id: str) -> bool:
        """Whether the job's windows can be read."""
        try:
            await self._store.windows(job_id)
        except JobDamaged:
            return False
        return True

    def _job_lock(self, job_id: str) -> asyncio.Lock:
        return self._job_locks.setdefault(job_id, asyncio.Lock())

    async def _end(self, job_id: str) -> None:
        """Cancel the job if necessary; returns once it has ended. If it returns to the queue instead, it is cancelled
        there."""
        while not (job := self.index.get(job_id)).state.ended:
            if job.state is JobState.PROCESSING:
                await self._pool.cancel(job_id)
            else:
                await self._repository.cancel_queued(job)

    # -- state ---------------------------------------------------------------------------

    def waiting(self) -> Sequence[Job]:
        """Return the queued jobs in the order in which they will start."""
        return self.index.queued()

    def members(self) -> list[tuple[WorkerStatus, list[str]]] | None:
        """See worker_pool."""
        return self._pool.members()

    def worker_names(self, job_id: str) -> Sequence[str] | None:
        """See worker_pool."""
        return self._pool.worker_names(job_id)

    def active(self) -> list[Job]:
        """Return the jobs that are running or paused."""
        return [*self._pool.running(), *self._pool.paused()]

    @property
    def n_working(self) -> int:
        """How many jobs are being transcribed now; those that have ended, but are still in the pool, don't count."""
        return sum(job.state is JobState.PROCESSING for job in self._pool.running())

    def work(self, job_id: str) -> tuple[float, float]:
        """Return the seconds of work since the job was started or resumed, without pauses, and the seconds of audio
        that were done before; 0 if no worker has it."""
        return self._pool.work(job_id)
