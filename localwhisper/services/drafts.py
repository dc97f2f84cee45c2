"""What a person says of a recording while it is made, and how it comes into the final text: corrections and marks."""

import asyncio
import logging
from dataclasses import replace

from localwhisper.errors import LocalWhisperError
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.jobs.corrections import Line
from localwhisper.jobs.differences import kept_correction, taken_over
from localwhisper.jobs.events import Event, JobChanged, JobDescribed
from localwhisper.jobs.job import DraftCorrection, Job, JobState, Note
from localwhisper.jobs.transcript import Transcript, written_segment
from localwhisper.services.corrections import Corrections
from localwhisper.services.transcripts import Transcripts

log = logging.getLogger(__name__)


class Drafts:
    """Threading: the event loop's thread only."""

    def __init__(self, queue: JobQueue, transcripts: Transcripts, corrections: Corrections, bus: EventBus) -> None:
        self._queue = queue
        self._transcripts = transcripts
        self._corrections = corrections
        self._bus = bus
        self._tasks: set[asyncio.Task[None]] = set()
        bus.subscribe(self._on_event)

    def load(self) -> None:
        """Finish what an earlier run of the program began."""
        for job in list(self._queue.index):
            self._begin_applying(job)

    async def correct(self, job_id: str, correction: DraftCorrection) -> None:
        """Correct a line of the live text, once or again. Raises JobNotFound, RecordingEnded and storage errors."""

        def change(job: Job) -> Job:
            place = correction.start, correction.end
            others = (each for each in job.draft_corrections if (each.start, each.end) != place)
            return replace(job, draft_corrections=(*others, correction))

        await self._queue.annotate(job_id, change)

    async def mark(self, job_id: str) -> float:
        """Remember what is being said now; returns when that is. Raises as correct()."""
        at_s = self._queue.index.get(job_id).audio_duration
        mark = Note(start=at_s, end=at_s, quote="")
        await self._queue.annotate(job_id, lambda job: replace(job, notes=(*job.notes, mark)))
        return at_s

    def _on_event(self, event: Event) -> None:
        if isinstance(event, JobChanged):
            self._begin_applying(event.job)

    def _begin_applying(self, job: Job) -> None:
        if job.state is JobState.COMPLETED and (job.draft_corrections or any(map(_is_open, job.notes))):
            task = asyncio.ensure_future(self._apply(job))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _apply(self, job: Job) -> None:
        try:
            for correction in job.draft_corrections:
                transcript = await self._transcripts.get(job.id)
                at, remove, lines = await asyncio.to_thread(_correction, transcript, correction)
                if lines or remove:
                    await self._corrections.correct(job.id, transcript.version, at, remove, lines)
            transcript = await self._transcripts.get(job.id)
            await self._queue.annotate(job.id, lambda job: _applied(job, transcript))
        except LocalWhisperError as error:
            log.warning("job %s doesn't get the corrections of its draft: %s", job.id, error)
            self._bus.publish(JobDescribed(job=replace(job, draft_corrections=())))  # until the next start


def _correction(transcript: Transcript, correction: DraftCorrection) -> tuple[int, int, list[Line]]:
    start, end = correction.start, correction.end
    draft, text = (written_segment(each, start, end) for each in (correction.draft, correction.text))
    return taken_over(transcript.segments, kept_correction(draft, text, transcript.segments))


def _is_open(note: Note) -> bool:
    """Whether it is a mark made while the recording was made: it has no text of the transcript yet."""
    return not note.quote and not note.text and note.start == note.end


def _applied(job: Job, transcript: Transcript) -> Job:
    """The job once its transcript has the corrections. A mark becomes the line that was being spoken."""
    notes = tuple(_quoting(note, transcript) if _is_open(note) else note for note in job.notes)
    kept = {(note.start, note.end): note for note in notes if note.quote}
    return replace(job, draft_corrections=(), notes=tuple(sorted(kept.values(), key=lambda note: note.start)))


def _quoting(mark: Note, transcript: Transcript) -> Note:
    """A mark as a note on the last line that had begun then."""
    begun = [segment for segment in transcript.segments if segment.start <= mark.start and segment.text.strip()]
    if not begun:
        return mark
    return Note(start=begun[-1].start, end=begun[-1].end, quote=begun[-1].text.strip(), text=mark.text)
