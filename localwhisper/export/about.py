"""What a file says of the recording besides its transcript."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath


@dataclass(frozen=True, kw_only=True)
class About:
    filename: str = ""  # of the recording
    created_at: datetime | None = None  # when it was submitted
    duration_s: float | None = None  # None: not known
    language_name: str = ""  # in English
    speaker_word: str = "Speaker"  # for those without a name: Speaker 1

    @property
    def title(self) -> str:
        """The recording's name without its extension."""
        return PurePosixPath(self.filename).stem if self.filename else ""


UNKNOWN = About()
