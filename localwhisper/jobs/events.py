"""What has happened to jobs and models, for the subscribers of the event bus."""

from dataclasses import dataclass
from typing import ClassVar

from localwhisper.jobs.job import Job
from localwhisper.jobs.transcript import Segment, Transcript


@dataclass(frozen=True, kw_only=True)
class JobChanged:
    """A job was created or changed its state; it is saved already."""

    job: Job
    transcript: Transcript | None = None  # of a completed job

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
    """A window was decoded; all its segments are saved already."""

    job_id: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, kw_only=True)
class TranscriptCorrected:
    """A person corrected the transcript; it is saved already."""

    job_id: str
    transcript: Transcript


@dataclass(frozen=True, kw_only=True)
class JobRemoved:
    """The job and all its files were removed."""

    job_id: str


@dataclass(frozen=True, kw_only=True)
class ModelChanged:
    """A checkpoint was added or removed, or its download has progressed."""

    job_id: ClassVar[None] = None
    name: str
    error: Exception | None = None  # why a download failed


Event = JobChanged | ProgressMade | SegmentsDone | TranscriptCorrected | JobRemoved | ModelChanged
