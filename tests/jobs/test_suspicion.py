"""When a job is suspected of ending the program, and when it is set aside."""

from dataclasses import replace

from localwhisper.jobs.job import Job
from localwhisper.jobs.suspicion import (
    MAX_CRASHES,
    MAX_INTERRUPTIONS,
    SMALLEST_AFTER,
    SUSPECT_AFTER,
    Footprint,
    PreviousEnd,
    after_end,
    cleared,
    footprint,
    is_suspect,
    is_to_be_set_aside,
)
from tests.jobs.samples import job

JOB = job("a job", duration_s=60)


def after_ends(end: PreviousEnd, n: int, job: Job = JOB, window: int = 3) -> Job:
    for _ in range(n):
        job = after_end(job, end, window)
    return job


def test_a_stop_is_not_counted() -> None:
    assert after_ends(PreviousEnd.CLEAN, 50) == replace(JOB, crashed_window=3)


def test_a_job_is_a_suspect_after_one_crash_and_set_aside_after_two() -> None:
    once = after_ends(PreviousEnd.CRASHED, 1)
    assert (is_suspect(once), is_to_be_set_aside(once, PreviousEnd.CRASHED)) == (True, False)
    assert is_to_be_set_aside(after_ends(PreviousEnd.CRASHED, 1, once), PreviousEnd.CRASHED)
    assert not is_to_be_set_aside(after_ends(PreviousEnd.KILLED, 5, once), PreviousEnd.KILLED)
    moved_on = after_ends(PreviousEnd.CRASHED, 1, once, window=4)
    assert not is_to_be_set_aside(moved_on, PreviousEnd.CRASHED)


def test_after_memory_ran_out_twice_there_is_one_attempt_with_the_smallest_footprint() -> None:
    end = PreviousEnd.OUT_OF_MEMORY
    once, twice, thrice = (after_ends(end, n) for n in (1, 2, 3))
    assert [footprint(job) for job in (JOB, once, twice)] == [Footprint.USUAL, Footprint.SMALL, Footprint.SMALLEST]
    assert [is_to_be_set_aside(job, end) for job in (once, twice, thrice)] == [False, False, True]
    assert is_to_be_set_aside(after_ends(PreviousEnd.CRASHED, MAX_CRASHES - 1, once), PreviousEnd.CRASHED)


def test_kills_make_a_suspect_only_after_many_without_progress() -> None:
    assert not is_suspect(after_ends(PreviousEnd.KILLED, SUSPECT_AFTER - 1))
    many = after_ends(PreviousEnd.KILLED, SUSPECT_AFTER)
    assert is_suspect(many)
    assert not is_suspect(after_ends(PreviousEnd.KILLED, 1, many, window=4))
    assert footprint(many) is Footprint.SMALL
    assert footprint(after_ends(PreviousEnd.KILLED, SMALLEST_AFTER)) is Footprint.SMALLEST
    assert not is_to_be_set_aside(after_ends(PreviousEnd.KILLED, MAX_INTERRUPTIONS - 1), PreviousEnd.KILLED)
    assert is_to_be_set_aside(after_ends(PreviousEnd.KILLED, MAX_INTERRUPTIONS), PreviousEnd.KILLED)


def test_a_finished_window_clears_a_suspect() -> None:
    assert not is_suspect(cleared(after_ends(PreviousEnd.CRASHED, 1)))
    assert not is_suspect(cleared(after_ends(PreviousEnd.KILLED, MAX_INTERRUPTIONS)))
