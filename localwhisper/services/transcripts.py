"""Reading what a job has produced: its transcript, the segments decoded so far, its audio file."""

from collections.abc import Sequence
from pathlib import Path

from localwhisper.errors import JobDamaged, JobNotFinished
from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.transcript import FRAMES_PER_SECOND, Segment, Speaker, Transcript, Window, segments_of
from localwhisper.store.async_store import AsyncStore
from localwhisper.store.base import CORRECTED

SLACK_S = 1.0  # the last window may end this much before the duration stated in the file's header


class Transcripts:
    """Threading: the event loop's thread only; files are read on the store's thread."""

    def __init__(self, index: JobIndex, store: AsyncStore) -> None:
        self._index = index
        self._store = store

    async def get(self, job_id: str, *, original: bool = False, partial: bool = False) -> Transcript:
        """Return the transcript as last corrected, or the machine's own.

        If the machine's is damaged, it is rebuilt from the decoded windows if none is missing. `partial`: of a job
        that isn't completed, return what has been decoded. Raises JobNotFound, JobNotFinished, JobDamaged.
        """
        job = self._index.get(job_id)
        if job.state is not JobState.COMPLETED:
            windows = await self._store.windows(job_id) if partial else []
            if not windows:
                raise JobNotFinished(state=job.state.value)
            return _transcript_of(windows, job)
        try:
            return await self._store.transcript(job_id, original=original)
        except JobDamaged as error:
            if error.file == CORRECTED:
                raise
            windows = await self._store.windows(job_id)
            if not windows or windows[-1].after.seek < (job.audio_duration - SLACK_S) * FRAMES_PER_SECOND:
                raise
        return _transcript_of(windows, job)

    async def segments(self, job_id: str) -> tuple[Segment, ...]:
        """Return the segments decoded so far. Raises JobDamaged."""
        return segments_of(await self._store.windows(job_id))

    async def audio_path(self, job_id: str) -> Path:
        """Return the path of the job's audio. Raises JobNotFound, JobDamaged."""
        return await self._store.audio_path(self._index.get(job_id))


def _transcript_of(windows: Sequence[Window], job: Job) -> Transcript:
    segments = segments_of(windows)
    text = "".join(segment.text for segment in segments)
    speakers = tuple(Speaker(id=each) for each in sorted({s.speaker for s in segments if s.speaker is not None}))
    language = job.language or "en"
    return Transcript(text=text, language=language, segments=segments, speakers=speakers, processing_time=0.0)
