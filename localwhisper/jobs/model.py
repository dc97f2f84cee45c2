"""What a job is: its state and its transcript. Frozen data; every time is in seconds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from localwhisper.messages import Message
from localwhisper.options import Options

FRAMES_PER_SECOND = 100  # of whisper's log-mel spectrogram: `seek` counts these


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
class Word:
    word: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One line of the transcript, with whisper's own figures of the window it comes from.

    `seek` is that window's start in frames of 10 ms; `tokens` are whisper's token ids,
    timestamps included.
    """

    id: int
    start: float
    end: float
    text: str
    seek: int
    tokens: tuple[int, ...]
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    temperature: float
    retries: int = 0  # how often its window was decoded again, because the text looped or was improbable
    words: tuple[Word, ...] | None = None  # None: word times were not asked for


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where the next window begins and all it needs from those before it.

    A job that goes on after a crash starts from its last Position and decodes the same
    text as it would have without the crash.
    """

    seek: int = 0  # frames of 10 ms
    language: str | None = None  # given or detected
    prompt: tuple[int, ...] = ()  # token ids of the text before, at most what whisper reads
    last_speech_s: float = 0.0  # end of the last word, for word times


@dataclass(frozen=True, kw_only=True)
class Window:
    """One decoded window: its segments and the position after it."""

    segments: tuple[Segment, ...]
    after: Position


@dataclass(frozen=True, kw_only=True)
class Transcript:
    text: str
    language: str
    segments: tuple[Segment, ...]
    processing_time: float  # seconds of work in this run, without the wait for the model and without rests
    version: int = 0  # 0: the machine's own; each correction counts one up


@dataclass(frozen=True, kw_only=True)
class Waveform:
    """What a picture of the sound needs: the loudest sample of each equal part of it, 0 to 255."""

    duration: float
    peaks: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Detection:
    """The language a recording most likely speaks, and how probable the model finds it."""

    language: str  # a code
    probability: float


@dataclass(frozen=True, kw_only=True)
class Job:
    id: str  # UUID, canonical lower case
    filename: str  # as the user's machine called it; shown, never used as a path
    audio_file: str  # name of the audio inside the job's folder
    audio_duration: float
    options: Options
    state: JobState
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    progress: float = 0.0  # percent of the audio done; 100 only when completed
    message: Message = field(default_factory=lambda: Message("job_pending"))
    error: Message | None = None
    language: str | None = None  # detected or given, once known
    crashes: int = 0  # how often the program broke down while it decoded the window after `crashed_at`
    crashed_at: int = 0  # windows that were done then
    history: tuple[JobState, ...] = ()  # the states before this one, oldest first


def joined(windows: Sequence[Window]) -> tuple[Segment, ...]:
    """All segments of a job's windows, in order."""
    return tuple(segment for window in windows for segment in window.segments)
