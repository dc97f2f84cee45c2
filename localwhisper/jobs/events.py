"""What has happened to jobs and models, for the subscribers of the event bus."""

from dataclasses import dataclass
from typing import ClassVar

from localwhisper.jobs.job import Job
from localwhisper.jobs.live import LiveText
from localwhisper.jobs.transcript import Segment, Transcript
from localwhisper.messages import Message


@dataclass(frozen=True, kw_only=True)
class JobChanged:
    """A job was created or changed its state.

    It is saved already, with two exceptions: a job that starts (PROCESSING) is saved just after this event, and a
    change of state that can't be saved is published all the same. See jobqueue.job_repository.
    """

    job: Job
    transcript: Transcript | None = None  # of a completed job

    @property
    def job_id(self) -> str:
        return self.job.id


@dataclass(frozen=True, kw_only=True)
class JobMeasured:
    """The duration of the job's recording is known, which before was what the file states, or its language."""

    job: Job

    @property
    def job_id(self) -> str:
        return self.job.id


@dataclass(frozen=True, kw_only=True)
class JobDescribed:
    """A person changed the name, tags or notes of a job; it is saved already."""

    job: Job

    @property
    def job_id(self) -> str:
        return self.job.id


@dataclass(frozen=True, kw_only=True)
class ProgressMade:
    """The job's progress or message changed; only the latest of these events matters."""

    job: Job

    @property
    def job_id(self) -> str:
        return self.job.id


@dataclass(frozen=True, kw_only=True)
class SegmentsDone:
    """A window with segments was decoded; they are saved already."""

    job_id: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, kw_only=True)
class TranscriptCorrected:
    """A person corrected the transcript; it is saved already."""

    job_id: str
    transcript: Transcript


@dataclass(frozen=True, kw_only=True)
class WordsAligned:
    """The text of a completed job is being aligned with its audio; once `progress` is 100, that has ended."""

    job_id: str
    progress: float  # percent


@dataclass(frozen=True, kw_only=True)
class JobRemoved:
    """The job was removed with its files; one that can't be deleted now is deleted at the program's next start."""

    job_id: str


@dataclass(frozen=True, kw_only=True)
class ModelChanged:
    """A checkpoint was added or removed, or its download has progressed."""

    job_id: ClassVar[None] = None
    name: str
    error: Exception | None = None  # why a download failed


@dataclass(frozen=True, kw_only=True)
class LiveTextChanged:
    """More is known of what is said in a recording that is being made."""

    job_id: str
    text: LiveText
    lag_s: float  # how much of the recording hasn't been read yet
    has_cut: bool = False  # all that was said is in segments


@dataclass(frozen=True, kw_only=True)
class LiveTextDelayed:
    """The model for the text of a recording is being loaded."""

    job_id: str
    message: Message


@dataclass(frozen=True, kw_only=True)
class LiveTextFailed:
    """There is no text of a recording while it is made; the recording goes on."""

    job_id: str
    error: Message


Event = (
    JobChanged
    | JobMeasured
    | JobDescribed
    | ProgressMade
    | SegmentsDone
    | TranscriptCorrected
    | WordsAligned
    | JobRemoved
    | ModelChanged
    | LiveTextChanged
    | LiveTextDelayed
    | LiveTextFailed
)
