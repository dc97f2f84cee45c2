"""Every job in memory and in the store. A change is saved, then seen, then published.

Which change comes next is decided in queue.py (people) and workers.py (outcomes).
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from localwhisper.errors import JobCrashed, JobDamaged, LocalWhisperError
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.jobs.events import JobChanged, ProgressMade, SegmentsDone
from localwhisper.jobs.model import Job, JobState, Transcript, Window
from localwhisper.jobs.transitions import move
from localwhisper.messages import Message
from localwhisper.options import Options
from localwhisper.store.async_store import AsyncStore
from localwhisper.store.base import DamagedJob

MOST_CRASHES = 2  # at the same place, then the job is set aside
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
        """Take up every job where it was; those that ran when the program ended are queued again.

        `after_crash`: the program broke down, and one of those may be why.
        """
        jobs, damaged = await self.store.load_all()
        for job in jobs:
            self.index.put(job)
        for job in jobs:
            if job.state is JobState.PROCESSING:
                await self._take_up(job, after_crash)
        for broken in damaged:
            log.warning("job %s: %s is damaged", broken.job_id, broken.file)
            self.index.put(await self._stand_in(broken))

    async def _take_up(self, job: Job, after_crash: bool) -> None:
        """Queue a job that was interrupted, or set it aside where it takes the program down each time."""
        try:
            n_done = len(await self.store.windows(job.id))
        except LocalWhisperError:
            n_done = 0  # its run will say what is wrong
        crashes = (job.crashes if job.crashed_at == n_done else 0) + after_crash
        job = replace(job, crashes=crashes, crashed_at=n_done)
        if crashes < MOST_CRASHES:
            await self.move(job, JobState.QUEUED)
        else:
            log.error("job %s is set aside: the program broke down %d times in it", job.id, crashes)
            await self.move(replace(job, crashes=0), JobState.FAILED, error=JobCrashed().message)

    async def _stand_in(self, damaged: DamagedJob) -> Job:
        """For a job whose record can't be read, so that it is seen, and what is left of it can be had."""
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
        try:
            transcript = await self.store.transcript(job.id)
        except LocalWhisperError:
            return job
        return replace(
            job,
            state=JobState.COMPLETED,
            progress=100.0,
            language=transcript.language,
            message=Message("record_restored"),
            error=None,
        )

    def announce(self, job: Job) -> None:
        """A job that the store has just taken over, or that is about to be saved by its run."""
        self.index.put(job)
        self._bus.publish(JobChanged(job=job))

    async def move(
        self, job: Job, to: JobState, *, error: Message | None = None, transcript: Transcript | None = None
    ) -> None:
        """The job in its next state. A disk that can't keep it is logged: the next start then
        finds the job one state earlier and runs it again from its last window."""
        moved = move(job, to, now=self.now(), error=error)
        await self.save(moved)
        self.index.put(moved)
        log.info("job %s is %s", job.id, to.value, extra={"job_id": job.id})
        self._bus.publish(JobChanged(job=moved, transcript=transcript))

    async def save(self, job: Job) -> None:
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
        """How far a running job is: it never falls, and is published without being saved."""
        job = self.index.get(job_id)
        job = replace(job, message=message, progress=max(job.progress, min(percent, 99.9)))
        self.index.put(job)
        self._bus.publish(ProgressMade(job=job))
