"""Jobs for tests that look at few of their fields."""

from datetime import datetime, timedelta, timezone
from typing import Literal

from localwhisper.jobs.job import Job, JobState
from localwhisper.options import Options

NOON = datetime(2025, 1, 1, 12, tzinfo=timezone.utc)


def job(
    job_id: str = "x",
    *,
    duration_s: float = 60.0,
    state: JobState = JobState.QUEUED,
    progress: float = 0.0,
    model: str = "m",
    priority: Literal["normal", "high"] = "normal",
    minute: float = 0,
) -> Job:
    """A job created `minute` minutes after NOON."""
    return Job(
        id=job_id,
        filename="a.mp3",
        audio_file="audio.mp3",
        audio_duration=duration_s,
        options=Options(model=model, priority=priority),
        state=state,
        created_at=NOON + timedelta(minutes=minute),
        progress=progress,
    )
