"""When a job is suspected of ending the program, and when it is set aside."""

from dataclasses import replace

from localwhisper.jobs.job import Job
from localwhisper.jobs.suspicion import (
    MAX_INTERRUPTIONS,
    SUSPECT_AFTER,
    PreviousEnd,
    after_end,
    cleared,
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
    assert (is_suspect(once), is_to_be_set_aside(once)) == (True, False)
    assert is_to_be_set_aside(after_ends(PreviousEnd.CRASHED, 1, once))
    assert not is_to_be_set_aside(after_ends(PreviousEnd.KILLED, 5, once))
    assert not is_to_be_set_aside(after_ends(PreviousEnd.CRASHED, 1, once, window=4))  # it has made progress


def test_kills_make_a_suspect_only_after_many_without_progress() -> None:
    assert not is_suspect(after_ends(PreviousEnd.KILLED, SUSPECT_AFTER - 1))
    many = after_ends(PreviousEnd.KILLED, SUSPECT_AFTER)
    assert is_suspect(many)
    assert not is_suspect(after_ends(PreviousEnd.KILLED, 1, many, window=4))
    assert not is_to_be_set_aside(after_ends(PreviousEnd.KILLED, MAX_INTERRUPTIONS - 1))
    assert is_to_be_set_aside(after_ends(PreviousEnd.KILLED, MAX_INTERRUPTIONS))


def test_a_finished_window_clears_a_suspect() -> None:
    assert not is_suspect(cleared(after_ends(PreviousEnd.CRASHED, 1)))
    assert not is_suspect(cleared(after_ends(PreviousEnd.KILLED, MAX_INTERRUPTIONS)))
