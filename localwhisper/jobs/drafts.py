"""Corrections of live text, and marks, made before the transcript existed: how they are carried into it.

Pure functions.
"""

from collections.abc import Iterable
from dataclasses import replace

from localwhisper.jobs.corrections import corrected
from localwhisper.jobs.differences import kept_correction, taken_over
from localwhisper.jobs.job import DraftCorrection, Job, Note
from localwhisper.jobs.speakers import with_missing
from localwhisper.jobs.transcript import Transcript, written_segment


def with_draft_corrections(transcript: Transcript, corrections: Iterable[DraftCorrection]) -> Transcript:
    """The transcript with what was corrected in its draft, a version later for each line that this changes."""
    for correction in corrections:
        start, end = correction.start, correction.end
        draft, text = (written_segment(each, start, end) for each in (correction.draft, correction.text))
        at, remove, lines = taken_over(transcript.segments, kept_correction(draft, text, transcript.segments))
        if lines or remove:
            transcript = with_missing(corrected(transcript, at, remove, lines))
    return transcript


def without_draft(job: Job, transcript: Transcript) -> Job:
    """The job whose transcript has the corrections of its draft. A mark becomes the line that was being spoken."""
    notes = tuple(_quoting(note, transcript) if _is_mark(note) else note for note in job.notes)
    kept = {(note.start, note.end): note for note in notes if note.quote}
    return replace(job, draft_corrections=(), notes=tuple(sorted(kept.values(), key=lambda note: note.start)))


def _is_mark(note: Note) -> bool:
    """Whether it was made while the recording was made: it has no text of the transcript yet."""
    return not note.quote and not note.text and note.start == note.end


def _quoting(mark: Note, transcript: Transcript) -> Note:
    """A mark as a note on the last line that had begun then."""
    begun = [segment for segment in transcript.segments if segment.start <= mark.start and segment.text.strip()]
    if not begun:
        return mark
    return Note(start=begun[-1].start, end=begun[-1].end, quote=begun[-1].text.strip(), text=mark.text)
