"""Which job goes first."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Literal

from localwhisper.jobs.model import Job, JobState
from localwhisper.jobs.priority import may_preempt, order
from localwhisper.options import Options

NOON = datetime(2025, 1, 1, 12, tzinfo=timezone.utc)


def job(duration_s: float, priority: Literal["normal", "high"] = "normal", minute: int = 0) -> Job:
    return Job(
        id="x",
        filename="a",
        audio_file="audio",
        audio_duration=duration_s,
        state=JobState.QUEUED,
        options=Options(model="m", priority=priority),
        created_at=NOON + timedelta(minutes=minute),
    )


CLIP, HIGH_CLIP, LONG, HIGH_LONG = job(5), job(5, "high"), job(3600), job(3600, "high")


def test_clips_then_priority_then_age() -> None:
    later = [replace(one, created_at=NOON + timedelta(minutes=1)) for one in (CLIP, LONG)]
    right = [HIGH_CLIP, CLIP, later[0], HIGH_LONG, LONG, later[1]]
    assert sorted([later[1], LONG, HIGH_LONG, later[0], CLIP, HIGH_CLIP], key=order) == right


def test_only_a_long_job_rests_and_only_for_one_more_urgent() -> None:
    jobs = {"clip": CLIP, "high clip": HIGH_CLIP, "long": LONG, "high long": HIGH_LONG}
    found = {(a, b) for a, one in jobs.items() for b, other in jobs.items() if may_preempt(one, other)}
    clips = {(a, b) for a in ("clip", "high clip") for b in ("long", "high long")}
    assert found == {*clips, ("high long", "long")}
