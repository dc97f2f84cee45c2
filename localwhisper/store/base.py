"""What the job queue and its services need of a store of jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Protocol

from localwhisper.jobs.job import Job
from localwhisper.jobs.transcript import Speaker, Transcript, Waveform, Window

CORRECTED = "corrected.json"  # named by JobDamaged if a transcript's corrections, not the machine's text, are damaged
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True, kw_only=True)
class DamagedJob:
    """A job whose record is unreadable; its other files are left as they are."""

    job_id: str
    file: str  # the damaged one
    audio_file: str = ""  # if its audio still exists
    since: datetime = EPOCH  # when its folder last changed


@dataclass(frozen=True, kw_only=True)
class StampedText:
    """The text of a transcript and who speaks in it, for the search index."""

    job_id: str
    stamp: str | None  # another one for each version of the transcript that is stored; None: not known
    text: str
    speakers: Sequence[Speaker] = ()


class JobStore(Protocol):
    """Blocking I/O: called on a thread that may wait, one call at a time.

    Methods that write raise JobNotFound, StorageFull or StorageUnwritable; what they have written is durable when they
    return, except a waveform, which a power cut may lose.
    """

    def load_all(self) -> tuple[list[Job], list[DamagedJob]]:
        """Read all jobs, in no particular order, and those whose record is unreadable."""

    def create(self, job: Job, upload: Path) -> None:
        """Save a new job; the uploaded file is moved into the store."""

    def save(self, job: Job) -> None:
        """Replace the job's record."""

    def append_window(self, job_id: str, window: Window) -> None:
        """Add one decoded window."""

    def windows(self, job_id: str) -> Sequence[Window]:
        """Return the windows decoded so far, without one that a crash left incomplete. Raises JobDamaged."""

    def clear_windows(self, job_id: str) -> None:
        """Remove all decoded windows, and the waveform, which is of one audio track; before a retry."""

    def save_transcript(self, job_id: str, transcript: Transcript) -> None:
        """Save the machine's transcript (version 0), or a corrected version beside it."""

    def transcript(self, job_id: str, *, original: bool = False) -> Transcript:
        """Return the transcript as last corrected, or the machine's own. Raises JobDamaged.

        Damaged corrections are never replaced by the machine's text: see CORRECTED.
        """

    def changed_texts(self, stamps: Mapping[str, str | None]) -> list[StampedText]:
        """Return the current texts of those jobs whose stamp isn't the given one, without those that can't be read.

        `stamps`: by job id.
        """

    def set_corrections_aside(self, job_id: str) -> None:
        """Remove the corrections from the transcript, but keep their file under another name."""

    def save_waveform(self, job_id: str, waveform: Waveform) -> None:
        """Save a waveform computed from the job's audio."""

    def waveform(self, job_id: str) -> Waveform | None:
        """Return the stored waveform; None if there is none."""

    def audio_path(self, job: Job) -> Path:
        """Return the path of the job's audio. Raises JobDamaged if it is missing."""

    def remove(self, job_id: str) -> None:
        """Remove the job, if there is one, with its files; those that can't be deleted now are deleted by the next
        load_all(). Raises StorageUnwritable."""
