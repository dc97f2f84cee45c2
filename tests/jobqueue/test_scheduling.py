"""Which job starts, pauses or resumes next."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from localwhisper.jobqueue.scheduling import Pause, Resume, Start, schedule
from localwhisper.jobs.job import Job
from localwhisper.jobs.suspicion import SUSPECT_AFTER
from tests.jobs.samples import NOON, job

CLIP, HIGH = job("clip", duration_s=5), job("high", duration_s=3600, priority="high")
LONG_1, LONG_2, LONG_3 = (job(f"long {minute}", duration_s=3600, minute=minute) for minute in (1, 2, 3))


def instructions(
    queued: Sequence[Job] = (),
    running: Sequence[Job] = (),
    paused: Sequence[Job] = (),
    max_running: int = 1,
    now: datetime = NOON,
) -> list[str]:
    return [
        f"{type(instruction).__name__.lower()} {instruction.job.id}"
        for instruction in schedule(queued, running, paused, max_running, now)
    ]


def test_nothing_queued_nothing_to_do() -> None:
    assert schedule([], [LONG_1], [], 3, NOON) == []


def test_without_workers_nothing_starts() -> None:
    assert instructions([CLIP, replace(LONG_1, interruptions=SUSPECT_AFTER)], [], [LONG_2], max_running=0) == []


def test_each_free_worker_gets_a_job() -> None:
    assert schedule([LONG_1, LONG_2, LONG_3], [], [], 2, NOON) == [Start(LONG_1), Start(LONG_2)]
    assert schedule([LONG_2, LONG_3], [LONG_1], [], 2, NOON) == [Start(LONG_2)]
    assert schedule([LONG_3], [LONG_1, LONG_2], [], 2, NOON) == []


@pytest.mark.parametrize("urgent", [CLIP, HIGH], ids=["clip", "high priority"])
def test_a_long_job_is_paused_for_a_more_urgent_one(urgent: Job) -> None:
    assert schedule([urgent, LONG_2], [LONG_1], [], 1, NOON) == [Pause(LONG_1), Start(urgent)]


def test_the_last_in_order_is_paused() -> None:
    assert instructions([CLIP], [LONG_1, LONG_3, HIGH], max_running=3) == ["pause long 3", "start clip"]


def test_a_clip_is_never_paused() -> None:
    assert instructions([job("urgent clip", duration_s=5, priority="high")], [CLIP]) == []


def test_a_paused_job_resumes_before_any_queued_job_starts() -> None:
    assert schedule([LONG_2], [], [LONG_1], 1, NOON) == [Resume(LONG_1)]
    assert instructions([], [], [LONG_2, LONG_1]) == ["resume long 1"]


def test_a_resumed_job_may_pause_again_after_a_window() -> None:
    assert schedule([CLIP], [], [LONG_1], 1, NOON) == [Resume(LONG_1), Pause(LONG_1), Start(CLIP)]


def test_no_more_jobs_are_paused_than_may_run() -> None:
    assert instructions([CLIP], [HIGH], [LONG_1]) == []
    clips = [job(f"clip {minute}", duration_s=5, minute=minute) for minute in range(3)]
    assert instructions(clips, [LONG_1, LONG_2], max_running=2) == [
        "pause long 2",
        "start clip 0",
        "pause long 1",
        "start clip 1",
    ]


@pytest.mark.parametrize("suspicion", [{"crashes": 1}, {"interruptions": SUSPECT_AFTER}], ids=str)
def test_suspects_of_a_crash_run_first_and_alone(suspicion: dict[str, Any]) -> None:
    suspects = [replace(suspect, **suspicion) for suspect in (LONG_1, LONG_2)]
    assert instructions([CLIP, *suspects, LONG_3], max_running=3) == ["start long 1"]
    assert instructions([CLIP, suspects[1], LONG_3], running=[suspects[0]], max_running=3) == []
    assert instructions([CLIP, LONG_1], running=[suspects[1]], max_running=3) == []
    assert instructions([CLIP, LONG_1], max_running=3) == ["start clip", "start long 1"]


def test_a_job_that_has_waited_for_long_starts_before_more_urgent_ones_and_then_pauses() -> None:
    """So it decodes one window between any two of them, as a paused job does."""
    clips = [job(f"clip {minute}", duration_s=5, minute=minute) for minute in range(2, 5)]
    queued = [*clips, LONG_1, LONG_2]
    soon, late = LONG_1.created_at + timedelta(seconds=29), LONG_1.created_at + timedelta(seconds=31)
    assert instructions(queued, now=soon) == ["start clip 2"]
    assert instructions(queued, now=late) == ["start long 1", "pause long 1", "start clip 2"]
    assert instructions([*clips, LONG_2], paused=[LONG_1], now=late) == [
        "resume long 1",
        "pause long 1",
        "start clip 2",
    ]
    assert instructions(queued, running=[CLIP], now=late) == []


def test_the_oldest_of_the_jobs_that_have_waited_for_long_starts_first() -> None:
    urgent = [job("clip 9", duration_s=5, minute=9), job("high 3", duration_s=60, minute=3, priority="high")]
    hours_later = NOON + timedelta(hours=2)
    two = ["start long 2", "start high 3", "pause long 2", "start clip 9"]
    assert instructions([*urgent, LONG_2], max_running=2, now=hours_later) == two
    assert instructions([*urgent, LONG_2], paused=[LONG_1, LONG_3], running=[CLIP, CLIP], max_running=2) == []
