"""A job and its states, as frozen data."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from localwhisper.jobs.transcript import ChannelLanguage
from localwhisper.messages import Message
from localwhisper.options import Options

MAX_HISTORY = 12


class JobState(str, Enum):
    PENDING = "pending"
    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True, kw_only=True)
class Note:
    """A part of the transcript that a person marked, and what they wrote about it."""

    start: float  # seconds
    end: float
    quote: str  # the marked text
    text: str = ""  # empty: only marked


@dataclass(frozen=True, kw_only=True)
class DraftCorrection:
    """A line of a recording's live text that a person corrected."""

    start: float  # seconds
    end: float
    draft: str  # the live text
    text: str  # the correction


@dataclass(frozen=True, kw_only=True)
class AudioTrack:
    """One of several audio tracks of a file."""

    number: int  # from 1
    language: str | None = None  # as the file says it, usually an ISO 639-2 code such as eng


@dataclass(frozen=True, kw_only=True)
class Job:
    id: str  # UUID in canonical lower-case form
    filename: str  # on the user's machine; only shown, never used as a path
    audio_file: str  # in the job's folder
    audio_duration: float
    audio_tracks: tuple[AudioTrack, ...] = ()  # empty if there is only one
    audio_track_used: int | None = None  # its number, once it is known, if there are several
    options: Options
    model_reason: Message = field(default_factory=lambda: Message("model_named"))  # why it has this model
    state: JobState
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    progress: float = 0.0  # percent of the audio done; 100 only when completed
    message: Message = field(default_factory=lambda: Message("job_pending"))
    error: Message | None = None
    warnings: tuple[Message, ...] = ()  # about the result, of a completed job
    language: str | None = None  # detected or given, once known
    channel_languages: tuple[ChannelLanguage, ...] = ()  # of a completed job, only if they differ
    draft_corrections: tuple[DraftCorrection, ...] = ()  # which the transcript doesn't have yet
    is_stream: bool = False  # while it is pending: it is finished if its client is silent for too long
    crashes: int = 0  # how often the program crashed while this job decoded window `crashed_window`: see suspicion
    interruptions: int = 0  # how often the program was killed or crashed then
    crashed_window: int = 0  # its number, from 0
    again_of: str | None = None  # id of the job whose recording this one transcribes again; it may be gone
    corrections_due: bool = False  # it doesn't have the corrections of that job yet
    notice_due: bool = False  # other programs may not have been told of its end: see job_notices
    tags: tuple[str, ...] = ()  # given by a person, as are the notes
    notes: tuple[Note, ...] = ()  # in the order of their times
    history: tuple[JobState, ...] = ()  # the last MAX_HISTORY previous states, oldest first
