"""What a person says of a recording before its transcript is there: corrections of its live text, and marks."""

from dataclasses import replace

from localwhisper.errors import RecordingEnded
from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.jobs.job import DraftCorrection, Job, JobState, Note


class Drafts:
    """Threading: the event loop's thread only."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue

    async def correct(self, job_id: str, correction: DraftCorrection) -> None:
        """Correct a line of the live text, once or again, until the final text is there.

        Raises JobNotFound, RecordingEnded and storage errors.
        """

        def change(job: Job) -> Job:
            place = correction.start, correction.end
            others = (each for each in job.draft_corrections if (each.start, each.end) != place)
            return replace(job, draft_corrections=(*others, correction))

        await self._queue.annotate(job_id, change)

    async def mark(self, job_id: str) -> float:
        """Remember what is being said now; returns when that is. Raises as correct(), also once the recording has
        ended."""
        job = self._queue.index.get(job_id)
        if job.state is not JobState.PENDING:
            raise RecordingEnded(state=job.state.value)
        mark = Note(start=job.audio_duration, end=job.audio_duration, quote="")
        await self._queue.annotate(job_id, lambda job: replace(job, notes=(*job.notes, mark)))
        return mark.start
