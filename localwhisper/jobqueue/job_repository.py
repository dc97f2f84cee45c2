"""Every job, in memory and in the store. A change is saved first, then visible, then published, except that:

- a job that starts is visible and published before its execution saves it, and a queued job that is cancelled is
  visible before it is saved: otherwise it could start, or start twice, while the store is writing;
- a change of state that can't be saved is logged, and becomes visible all the same;
- progress is never saved.

If the program ends before such a change is saved, its next start finds the job in the state before. A job that was
queued or running then runs, from its last saved window, even if it was cancelled; a failed job has to be retried again.

Which change comes next is decided in job_queue (requests) and worker_pool (outcomes).
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from weakref import WeakValueDictionary

from localwhisper.errors import JobCrashed, JobDamaged, LocalWhisperError, RecordingEnded, WorkersLost
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.jobs import suspicion
from localwhisper.jobs.events import JobChanged, JobDescribed, JobMeasured, ProgressMade, SegmentsDone
from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.suspicion import PreviousEnd
from localwhisper.jobs.transcript import FRAMES_PER_SECOND, Transcript, Window
from localwhisper.jobs.transitions import move
from localwhisper.messages import Message
from localwhisper.options import Options
from localwhisper.store.async_store import AsyncStore
from localwhisper.store.base import DamagedJob

MAX_RUNNING_PERCENT = 99.9
MAX_LOST_WORKERS = suspicion.SUSPECT_AFTER  # in one window: as a suspect, the job would hold up all others
log = logging.getLogger(__name__)


class JobRepository:
    """Threading: the event loop's thread only."""

    def __init__(
        self, store: AsyncStore, bus: EventBus, now: Callable[[], datetime], default_model: str, tells_ends: bool
    ) -> None:
        """`tells_ends`: other programs are told when a job ends."""
        self.index = JobIndex()
        self.store = store
        self.now = now
        self._bus = bus
        self._outcome_locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._default_model = default_model
        self._tells_ends = tells_ends

    async def load(self, previous_end: PreviousEnd) -> None:
        """Read all jobs; those that were running when the program ended are queued again, or set aside."""
        jobs, damaged_jobs = await self.store.load_all()
        for job in jobs:
            self.index.put(job)
        for job in jobs:
            if job.state is JobState.PROCESSING:
                await self._requeue(job, previous_end, suspicion.MAX_INTERRUPTIONS, JobCrashed())
        for damaged in damaged_jobs:
            log.warning("job %s: %s is damaged", damaged.job_id, damaged.file)
            self.index.put(await self._placeholder(damaged))

    async def queue_lost(self, job: Job) -> None:
        """Queue a job whose worker was lost, or let it fail if it has lost many in one window."""
        await self._requeue(job, PreviousEnd.KILLED, MAX_LOST_WORKERS, WorkersLost())

    async def _requeue(
        self, job: Job, previous_end: PreviousEnd, max_interruptions: int, too_many: LocalWhisperError
    ) -> None:
        """Queue an interrupted job, or let it fail if there were too many interruptions in one window."""
        try:
            windows = await self.store.windows(job.id)
        except LocalWhisperError:
            windows = []  # its next execution reports what is wrong
        done_s = windows[-1].after.seek / FRAMES_PER_SECOND if windows else 0.0
        job = replace(job, progress=max(job.progress, _percent(done_s, job)))
        job = suspicion.after_end(job, previous_end, len(windows))
        if not suspicion.is_to_be_set_aside(job, previous_end) and job.interruptions < max_interruptions:
            await self.move(job, JobState.QUEUED)
        else:
            log.error("job %s fails: it was interrupted %d times in one window", job.id, job.interruptions)
            await self.move(suspicion.cleared(job), JobState.FAILED, error=too_many.message)

    async def _placeholder(self, damaged: DamagedJob) -> Job:
        """Return a job in place of one whose record is unreadable, so that its other files stay accessible."""
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

    async def create(self, job: Job, upload: Path) -> None:
        """Add a new job and its audio. Raises StorageFull, StorageUnwritable."""
        await self.store.create(job, upload)
        self._show(job)

    def start(self, job: Job) -> None:
        """Take a job from the queue. It is visible at once, so that nothing else takes it, and saved by its execution
        before a worker gets it."""
        self._show(move(job, JobState.PROCESSING, now=self.now()))

    async def describe(self, job: Job) -> None:
        """Save a job with another name, tags or notes. Raises JobNotFound, StorageFull, StorageUnwritable."""
        await self.store.save(job)
        self.index.put(job)
        self._bus.publish(JobDescribed(job=job))

    async def annotate(self, job_id: str, change: Callable[[Job], Job]) -> None:
        """As describe(), of a job that hasn't ended: meanwhile its audio may become longer, or it may start.

        Also raises RecordingEnded.
        """
        async with self.outcome_lock(job_id):
            before = None
            while (job := self.index.get(job_id)).state is not before:  # its start saves it without the change
                if job.state.ended:
                    raise RecordingEnded(state=job.state.value)
                before = job.state
                await self.store.save(change(job))
            self.index.put(change(job))
            self._bus.publish(JobDescribed(job=change(job)))

    def outcome_lock(self, job_id: str) -> asyncio.Lock:
        """Held while a job's outcome is saved."""
        return self._outcome_locks.setdefault(job_id, asyncio.Lock())

    async def note(self, job: Job) -> None:
        """Save what nobody sees of a job. Raises JobNotFound, StorageFull, StorageUnwritable."""
        await self.store.save(job)
        self.index.put(job)

    async def cancel_queued(self, job: Job) -> None:
        """Cancel a job before it starts. It is visible at once, so that it can't start while it is saved."""
        cancelled = self._moved(job, JobState.CANCELLED)
        self.index.put(cancelled)
        await self._save_and_show(cancelled)

    async def move(
        self, job: Job, to: JobState, *, error: Message | None = None, transcript: Transcript | None = None
    ) -> None:
        """Put the job into its next state. A failure to save it is logged."""
        await self._save_and_show(self._moved(job, to, error), transcript)

    def _moved(self, job: Job, to: JobState, error: Message | None = None) -> Job:
        return replace(move(job, to, now=self.now(), error=error), notice_due=self._tells_ends and to.ended)

    async def _save_and_show(self, job: Job, transcript: Transcript | None = None) -> None:
        await self.save(job)
        log.info("job %s is %s", job.id, job.state.value, extra={"job_id": job.id})
        self._show(job, transcript)

    def _show(self, job: Job, transcript: Transcript | None = None) -> None:
        self.index.put(job)
        self._bus.publish(JobChanged(job=job, transcript=transcript))

    async def save(self, job: Job) -> None:
        """Save the job's record. A failure is logged."""
        try:
            await self.store.save(job)
        except LocalWhisperError:
            log.exception("job %s is %s, but that could not be saved", job.id, job.state.value)

    async def add_window(self, job_id: str, window: Window) -> None:
        """Save a decoded window, then publish its segments. Raises StorageFull, StorageUnwritable."""
        await self.store.append_window(job_id, window)
        job = self.index.get(job_id)
        is_detected = window.after.channel == 0 and window.after.language != job.language
        if is_detected or job.interruptions:
            job = suspicion.cleared(replace(job, language=window.after.language))
            self.index.put(job)
        if is_detected:
            self._bus.publish(JobMeasured(job=job))
        if window.segments:
            self._bus.publish(SegmentsDone(job_id=job_id, segments=tuple(window.segments)))

    def set_duration(self, job_id: str, duration_s: float, track: int | None = None) -> None:
        """Replace the duration that the file states by the real one, which is saved with the next change of state.

        `track`: the audio track that is read; it is only remembered where there are several.
        """
        job = self.index.get(job_id)
        job = replace(job, audio_duration=duration_s, audio_track_used=track if job.audio_tracks else None)
        self.index.put(job)
        self._bus.publish(JobMeasured(job=job))

    def progress(self, job_id: str, message: Message, done_s: float = 0.0) -> None:
        """Publish the progress of a running job, which never falls, without saving it."""
        job = self.index.get(job_id)
        job = replace(job, message=message, progress=max(job.progress, _percent(done_s, job)))
        self.index.put(job)
        self._bus.publish(ProgressMade(job=job))


def _percent(done_s: float, job: Job) -> float:
    """Return the progress of a job that isn't completed."""
    options, selected_s = job.options, job.options.selected_s(0.0, job.audio_duration)
    return min(100 * options.selected_s(0.0, done_s) / max(selected_s, 0.01), MAX_RUNNING_PERCENT)
