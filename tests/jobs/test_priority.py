"""The order in which jobs run."""

from localwhisper.jobs.priority import may_preempt, scheduling_key
from tests.jobs.samples import job

CLIP, HIGH_CLIP = job(duration_s=5), job(duration_s=5, priority="high")
LONG, HIGH_LONG = job(duration_s=3600), job(duration_s=3600, priority="high")


def test_clips_come_first_then_high_priority_then_older_jobs() -> None:
    later_clip, later_long = job(duration_s=5, minute=1), job(duration_s=3600, minute=1)
    in_order = [HIGH_CLIP, CLIP, later_clip, HIGH_LONG, LONG, later_long]
    assert sorted([later_clip, LONG, HIGH_LONG, later_long, CLIP, HIGH_CLIP], key=scheduling_key) == in_order


def test_only_long_jobs_are_preempted_and_only_by_more_urgent_ones() -> None:
    jobs = {"clip": CLIP, "high clip": HIGH_CLIP, "long": LONG, "high long": HIGH_LONG}
    preemptions = {(a, b) for a, queued in jobs.items() for b, running in jobs.items() if may_preempt(queued, running)}
    of_clips = {(a, b) for a in ("clip", "high clip") for b in ("long", "high long")}
    assert preemptions == {*of_clips, ("high long", "long")}
