"""What the runner asks of a store of jobs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Protocol

from localwhisper.jobs.model import Job, Transcript, Waveform, Window

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True, kw_only=True)
class DamagedJob:
    """A job whose record can't be read; its other files are left as they are."""

    job_id: str
    file: str
    audio_file: str = ""  # where its audio is still there
    since: datetime = EPOCH  # when its folder last changed


class JobStore(Protocol):
    """Blocking I/O: called on a thread that may wait, one call at a time."""

    def load_all(self) -> tuple[list[Job], list[DamagedJob]]:
        """Every job, in no particular order, and those that can't be read."""

    def create(self, job: Job, upload: Path) -> None:
        """Take over the uploaded file and keep the job; both are durable when this returns."""

    def save(self, job: Job) -> None:
        """Replace the job's record; durable when this returns."""

    def append_window(self, job_id: str, window: Window) -> None:
        """Add one decoded window; durable when this returns."""

    def windows(self, job_id: str) -> Sequence[Window]:
        """The windows decoded so far; what a crash left half-written at the end is left out."""

    def clear_windows(self, job_id: str) -> None:
        """Forget what was decoded, for a retry."""

    def save_transcript(self, job_id: str, transcript: Transcript) -> None:
        """Keep the result, or a correction of it beside it; durable when this returns."""

    def transcript(self, job_id: str, *, original: bool = False) -> Transcript:
        """The result as it was last corrected, or the machine's own. Raises JobDamaged."""

    def save_waveform(self, job_id: str, waveform: Waveform) -> None:
        """Keep what was computed of the job's audio."""

    def waveform(self, job_id: str) -> Waveform | None:
        """None where none is kept."""

    def audio_path(self, job: Job) -> Path:
        """The job's audio file. Raises JobDamaged where it is gone."""

    def remove(self, job_id: str) -> None:
        """Remove the job and all its files; no error where there is none."""
