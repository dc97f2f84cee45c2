"""The order in which jobs run."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Literal

from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.priority import may_preempt, scheduling_key
from localwhisper.options import Options

NOON = datetime(2025, 1, 1, 12, tzinfo=timezone.utc)


def job(duration_s: float, priority: Literal["normal", "high"] = "normal") -> Job:
    return Job(
        id="x",
        filename="a",
        audio_file="audio",
        audio_duration=duration_s,
        state=JobState.QUEUED,
        options=Options(model="m", priority=priority),
        created_at=NOON,
    )


CLIP, HIGH_CLIP, LONG, HIGH_LONG = job(5), job(5, "high"), job(3600), job(3600, "high")


def test_clips_come_first_then_high_priority_then_older_jobs() -> None:
    later_clip, later_long = (replace(early, created_at=NOON + timedelta(minutes=1)) for early in (CLIP, LONG))
    in_order = [HIGH_CLIP, CLIP, later_clip, HIGH_LONG, LONG, later_long]
    assert sorted([later_clip, LONG, HIGH_LONG, later_long, CLIP, HIGH_CLIP], key=scheduling_key) == in_order


def test_only_long_jobs_are_preempted_and_only_by_more_urgent_ones() -> None:
    jobs = {"clip": CLIP, "high clip": HIGH_CLIP, "long": LONG, "high long": HIGH_LONG}
    preemptions = {(a, b) for a, queued in jobs.items() for b, running in jobs.items() if may_preempt(queued, running)}
    of_clips = {(a, b) for a in ("clip", "high clip") for b in ("long", "high long")}
    assert preemptions == {*of_clips, ("high long", "long")}
