"""Every job, in memory and in the store. A change is saved first, then visible, then published.

Which change comes next is decided in job_queue (requests) and worker_pool (outcomes).
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from localwhisper.errors import JobCrashed, JobDamaged, LocalWhisperError
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.jobs.events import JobChanged, ProgressMade, SegmentsDone
from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.transcript import Transcript, Window
from localwhisper.jobs.transitions import move
from localwhisper.messages import Message
from localwhisper.options import Options
from localwhisper.store.async_store import AsyncStore
from localwhisper.store.base import DamagedJob

MAX_CRASHES = 2  # in the same window; then the job fails
log = logging.getLogger(__name__)


class JobRepository:
    """Threading: the event loop's thread only."""

    def __init__(self, store: AsyncStore, bus: EventBus, now: Callable[[], datetime], default_model: str) -> None:
        self.index = JobIndex()
        self.store = store
        self.now = now
        self._bus = bus
        self._default_model = default_model

    async def load(self, *, after_crash: bool) -> None:
        """Read all jobs; those that were running when the program ended are queued again.

        `after_crash`: the program crashed, and one of those may be the cause.
        """
        jobs, damaged_jobs = await self.store.load_all()
        for job in jobs:
            self.index.put(job)
        for job in jobs:
            if job.state is JobState.PROCESSING:
                await self._requeue(job, after_crash)
        for damaged in damaged_jobs:
            log.warning("job %s: %s is damaged", damaged.job_id, damaged.file)
            self.index.put(await self._placeholder(damaged))

    async def _requeue(self, job: Job, after_crash: bool) -> None:
        """Queue an interrupted job, or let it fail if it crashes the program each time."""
        try:
            n_done = len(await self.store.windows(job.id))
        except LocalWhisperError:
            n_done = 0  # its next execution reports what is wrong
        crashes = (job.crashes if job.crashed_at == n_done else 0) + after_crash
        job = replace(job, crashes=crashes, crashed_at=n_done)
        if crashes < MAX_CRASHES:
            await self.move(job, JobState.QUEUED)
        else:
            log.error("job %s fails: the program crashed %d times while running it", job.id, crashes)
            await self.move(replace(job, crashes=0), JobState.FAILED, error=JobCrashed().message)

    async def _placeholder(self, damaged: DamagedJob) -> Job:
        """Stands for a job whose record is unreadable, so that it is visible and its other files stay accessible."""
        job = Job(
            id=damaged.job_id,
            filename=damaged.job_id,
            audio_file=damaged.audio_file,
            audio_duration=0.0,
            options=Options(model=self._default_model),
            state=JobState.FAILED,
            created_at=damaged.since,
            completed_at=damaged.since,
            message=Message("job_failed"),
            error=JobDamaged(file=damaged.file).message,
        )
        for original in (False, True):
            try:
                transcript = await self.store.transcript(job.id, original=original)
            except LocalWhisperError:
                continue
            return replace(
                job,
                state=JobState.COMPLETED,
                progress=100.0,
                language=transcript.language,
                message=Message("record_restored"),
                error=None,
            )
        return job

    def announce(self, job: Job) -> None:
        """Make a job visible that is saved already, or is about to be saved by its execution."""
        self.index.put(job)
        self._bus.publish(JobChanged(job=job))

    async def move(
        self, job: Job, to: JobState, *, error: Message | None = None, transcript: Transcript | None = None
    ) -> None:
        """Put the job into its next state. A failure to save it is logged: the next start then finds the job in its
        previous state, and runs it again from its last window."""
        moved = move(job, to, now=self.now(), error=error)
        await self.save(moved)
        self.index.put(moved)
        log.info("job %s is %s", job.id, to.value, extra={"job_id": job.id})
        self._bus.publish(JobChanged(job=moved, transcript=transcript))

    async def save(self, job: Job) -> None:
        """A failure is logged."""
        try:
            await self.store.save(job)
        except LocalWhisperError:
            log.exception("job %s is %s, but that could not be saved", job.id, job.state.value)

    async def add_window(self, job_id: str, window: Window) -> None:
        """Raises StorageFull, StorageUnwritable."""
        await self.store.append_window(job_id, window)
        job = self.index.get(job_id)
        if window.after.language != job.language or job.crashes:
            self.index.put(replace(job, language=window.after.language, crashes=0))
        if window.segments:
            self._bus.publish(SegmentsDone(job_id=job_id, segments=tuple(window.segments)))

    def progress(self, job_id: str, message: Message, percent: float = 0.0) -> None:
        """Progress of a running job: it never falls, and is published without being saved."""
        job = self.index.get(job_id)
        job = replace(job, message=message, progress=max(job.progress, min(percent, 99.9)))
        self.index.put(job)
        self._bus.publish(ProgressMade(job=job))
