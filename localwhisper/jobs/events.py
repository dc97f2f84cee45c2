"""What has happened to jobs and models, for whoever listens on the bus."""

from dataclasses import dataclass
from typing import ClassVar

from localwhisper.jobs.model import Job, Segment, Transcript


@dataclass(frozen=True, kw_only=True)
class JobChanged:
    """A job was created or has moved to another state; it is saved already."""

    job: Job
    transcript: Transcript | None = None  # once completed

    @property
    def job_id(self) -> str:
        return self.job.id


@dataclass(frozen=True, kw_only=True)
class ProgressMade:
    """The job's progress or message changed; may be dropped for a newer one."""

    job: Job

    @property
    def job_id(self) -> str:
        return self.job.id


@dataclass(frozen=True, kw_only=True)
class SegmentsDone:
    """A window was decoded and its segments saved, all of them together."""

    job_id: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, kw_only=True)
class TranscriptCorrected:
    """A person changed the transcript; it is saved already."""

    job_id: str
    transcript: Transcript


@dataclass(frozen=True, kw_only=True)
class JobRemoved:
    """The job and all its files are gone."""

    job_id: str


@dataclass(frozen=True, kw_only=True)
class ModelChanged:
    """A checkpoint came, went, or is on its way."""

    job_id: ClassVar[None] = None
    name: str
    error: Exception | None = None  # why a download ended without the model


Event = JobChanged | ProgressMade | SegmentsDone | TranscriptCorrected | JobRemoved | ModelChanged
