"""What has happened to jobs and models, for whoever listens on the bus."""

from dataclasses import dataclass

from localwhisper.jobs.model import Job, Segment, Transcript


@dataclass(frozen=True, kw_only=True)
class JobChanged:
    """A job was created or has moved to another state; it is saved already."""

    job: Job
    transcript: Transcript | None = None  # once completed


@dataclass(frozen=True, kw_only=True)
class ProgressMade:
    """The job's progress or message changed; may be dropped for a newer one."""

    job: Job


@dataclass(frozen=True, kw_only=True)
class SegmentDone:
    """A segment was decoded and saved."""

    job_id: str
    segment: Segment


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

    name: str
    error: Exception | None = None  # why a download ended without the model


Event = JobChanged | ProgressMade | SegmentDone | TranscriptCorrected | JobRemoved | ModelChanged
