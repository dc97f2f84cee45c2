"""Every job in memory and in the store. A change is saved, then seen, then published.

Which change comes next is decided in queue.py (people) and workers.py (outcomes).
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from localwhisper.errors import JobDamaged, LocalWhisperError
from localwhisper.jobs.events import JobChanged, ProgressMade, SegmentDone
from localwhisper.jobs.model import Job, JobState, Options, Transcript, Window
from localwhisper.jobs.transitions import move
from localwhisper.messages import Message
from localwhisper.runner.bus import Bus
from localwhisper.runner.index import JobIndex
from localwhisper.runner.storing import AsyncStore
from localwhisper.store.base import Damaged

log = logging.getLogger(__name__)


class Ledger:
    """Threading: the event loop's thread only."""

    def __init__(self, store: AsyncStore, bus: Bus, now: Callable[[], datetime]) -> None:
        self.index = JobIndex()
        self.store = store
        self.now = now
        self._bus = bus

    async def load(self) -> None:
        """Take up every job where it was; those that ran when the program ended are queued again."""
        jobs, damaged = await self.store.load_all()
        for job in jobs:
            self.index.put(job)
        for job in jobs:
            if job.state is JobState.PROCESSING:
                await self.move(job, JobState.QUEUED)
        for broken in damaged:
            log.warning("job %s: %s is damaged", broken.job_id, broken.file)
            self.index.put(_stand_in(broken, self.now()))

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
        if window.after.language != job.language:
            self.index.put(replace(job, language=window.after.language))
        for segment in window.segments:
            self._bus.publish(SegmentDone(job_id=job_id, segment=segment))

    def progress(self, job_id: str, message: Message, percent: float = 0.0) -> None:
        """How far a running job is: it never falls, and is published without being saved."""
        job = self.index.get(job_id)
        job = replace(job, message=message, progress=max(job.progress, min(percent, 99.9)))
        self.index.put(job)
        self._bus.publish(ProgressMade(job=job))


def _stand_in(damaged: Damaged, now: datetime) -> Job:
    """For a job whose record can't be read, so that it is seen and can be removed."""
    return Job(
        id=damaged.job_id, filename=damaged.job_id, audio_file="", audio_duration=0.0,
        options=Options(model="demo"), state=JobState.FAILED, created_at=now, completed_at=now,
        message=Message("job_failed"), error=JobDamaged(file=damaged.file).message,
    )  # fmt: skip
