"""Jobs in memory: look-up, the order of the queue, paging."""

import random
import uuid
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from localwhisper.errors import JobNotFound
from localwhisper.jobqueue.job_index import JobIndex, Page
from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.priority import scheduling_key
from tests.jobs import samples
from tests.jobs.samples import NOON


def job(minute: int = 0, state: JobState = JobState.QUEUED, duration_s: float = 60.0) -> Job:
    return samples.job(str(uuid.uuid4()), minute=minute, state=state, duration_s=duration_s)


def filled(*jobs: Job) -> JobIndex:
    index = JobIndex()
    for each in jobs:
        index.put(each)
    return index


def test_an_unknown_job_is_not_found() -> None:
    index = filled(job())
    with pytest.raises(JobNotFound):
        index.get(str(uuid.uuid4()))
    index.discard(str(uuid.uuid4()))
    assert len(index) == 1


def test_any_sequence_of_changes_leaves_both_orders_right() -> None:
    choice = random.Random(7)
    index, jobs = JobIndex(), dict[str, Job]()
    for _ in range(800):
        action = choice.random()
        if action < 0.4 or not jobs:
            changed = job(choice.randrange(50), choice.choice(list(JobState)), choice.choice([5.0, 60.0]))
        else:
            changed = jobs[choice.choice(list(jobs))]
            changed = replace(changed, state=choice.choice(list(JobState)), progress=choice.random())
        if action > 0.8:
            index.discard(changed.id)
            jobs.pop(changed.id, None)
        else:
            index.put(changed)
            jobs[changed.id] = changed
        by_age = sorted(jobs.values(), key=lambda each: (each.created_at, each.id), reverse=True)
        queued = [each for each in jobs.values() if each.state is JobState.QUEUED]
        queued.sort(key=lambda each: (scheduling_key(each), each.id))
        assert list(index) == by_age
        assert list(index.queued()) == queued
        positions = {each.id: number for number, each in enumerate(queued, 1)}
        assert [index.queue_position(each) for each in by_age] == [positions.get(each.id) for each in by_age]


def test_the_queue_is_the_same_object_until_it_changes() -> None:
    running, queued = job(0, JobState.PROCESSING), job(1)
    index = filled(running, queued)
    before = index.queued()
    index.put(replace(running, progress=50.0))
    index.put(replace(running, state=JobState.COMPLETED))
    assert index.queued() is before
    index.put(job(2))
    assert index.queued() is not before


def test_pages_follow_each_other_while_jobs_come_and_go() -> None:
    jobs = [job(minute) for minute in range(7)]
    index = filled(*jobs)
    first = index.page(limit=3)
    assert list(first.jobs) == jobs[:3:-1]
    index.put(job(100))
    index.discard(jobs[4].id)  # the last one of the first page
    second = index.page(limit=3, cursor=first.next_cursor)
    assert list(second.jobs) == jobs[3:0:-1]
    assert index.page(limit=3, cursor=second.next_cursor) == Page((jobs[0],), None)


def test_a_page_has_only_the_jobs_that_match() -> None:
    failed, queued, other = job(0, JobState.FAILED), job(1), job(2)
    index = filled(failed, queued, other)
    assert index.page(limit=5, states=frozenset({JobState.FAILED})).jobs == (failed,)
    assert index.page(limit=5, among={queued.id, failed.id}).jobs == (queued, failed)
    with pytest.raises(ValueError, match="UUID"):
        index.page(limit=5, cursor="1_x")


def test_times_for_new_jobs_increase_even_if_the_clock_stands_still_or_is_set_back() -> None:
    index = filled(job(5))
    times = [index.next_created_at(NOON + timedelta(minutes=minute)) for minute in (6, 6, 0)]
    assert times == sorted(set(times))
    assert times[0] == NOON + timedelta(minutes=6)


def test_a_job_dated_far_in_the_future_does_not_date_others() -> None:
    year_9999 = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=timezone.utc)
    index = filled(job(0), replace(job(1), created_at=year_9999), replace(job(2), created_at=NOON + timedelta(days=2)))
    assert index.next_created_at(NOON) == NOON + timedelta(microseconds=1)
    hours_ahead = NOON + timedelta(hours=9)
    index.put(replace(job(3), created_at=hours_ahead))
    assert index.next_created_at(NOON) == hours_ahead + timedelta(microseconds=1)
    index = filled()
    index.next_created_at(NOON + timedelta(days=900))  # the clock was wrong, and has been set right
    assert index.next_created_at(NOON) == NOON
