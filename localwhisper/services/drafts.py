"""What a person says of a recording while it is made: corrections of its live text, and marks."""

from dataclasses import replace

from localwhisper.errors import RecordingEnded
from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.jobs.drafts import with_draft_corrections
from localwhisper.jobs.job import DraftCorrection, Job, JobState, Note
from localwhisper.services.corrections import Corrections


class Drafts:
    """Threading: the event loop's thread only."""

    def __init__(self, queue: JobQueue, corrections: Corrections) -> None:
        self._queue = queue
        self._corrections = corrections

    async def correct(self, job_id: str, correction: DraftCorrection) -> None:
        """Correct a line of the live text, once or again; once the final text is there, that text.

        Raises JobNotFound, RecordingEnded of a job that failed or was cancelled, JobDamaged and storage errors.
        """

        def change(job: Job) -> Job:
            place = correction.start, correction.end
            others = (each for each in job.draft_corrections if (each.start, each.end) != place)
            return replace(job, draft_corrections=(*others, correction))

        try:
            await self._queue.annotate(job_id, change)
        except RecordingEnded:
            if self._queue.index.get(job_id).state is not JobState.COMPLETED:
                raise
            await self._corrections.edit(job_id, None, lambda text: with_draft_corrections(text, [correction]))

    async def mark(self, job_id: str) -> float:
        """Remember what is being said now; returns when that is. Raises JobNotFound, RecordingEnded and storage
        errors."""
        job = self._queue.index.get(job_id)
        if job.state is not JobState.PENDING:
            raise RecordingEnded(state=job.state.value)
        mark = Note(start=job.audio_duration, end=job.audio_duration, quote="")
        await self._queue.annotate(job_id, lambda job: replace(job, notes=(*job.notes, mark)))
        return mark.start
