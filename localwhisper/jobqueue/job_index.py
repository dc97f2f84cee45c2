"""All jobs in memory: look-up, the order of the queue, paging. Threading: the event loop's thread only."""

import bisect
import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from localwhisper.errors import JobNotFound
from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.priority import scheduling_key

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MICROSECOND = timedelta(microseconds=1)
# A new job gets a later time than all others up to this far in the future. Those beyond, of a clock that was far ahead,
# don't count: they would date all jobs to come.
MAX_CLOCK_ERROR = timedelta(days=1)
QueueKey = tuple[tuple[int, datetime], str]  # scheduling key, job id


@dataclass(frozen=True)
class Page:
    jobs: tuple[Job, ...]
    next_cursor: str | None  # None: this was the last page


class JobIndex:
    """Only iteration, page(), and queued() after a change walk through jobs; all else is fast with any number."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._by_age: list[tuple[datetime, str]] = []  # oldest first
        self._queue: list[QueueKey] = []  # in scheduling order
        self._queued: tuple[Job, ...] | None = ()  # the jobs of _queue; None: to be looked up again
        self._last_given = EPOCH  # by next_created_at()

    def __len__(self) -> int:
        return len(self._jobs)

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._jobs

    def __iter__(self) -> Iterator[Job]:
        """Iterate over all jobs, newest first."""
        return (self._jobs[job_id] for _, job_id in reversed(self._by_age))

    def get(self, job_id: str) -> Job:
        """Return a job. Raises JobNotFound."""
        try:
            return self._jobs[job_id]
        except KeyError:
            raise JobNotFound(job_id=job_id) from None

    def put(self, job: Job) -> None:
        """Add the job or replace it."""
        previous = self._jobs.get(job.id)
        if previous is None:
            bisect.insort(self._by_age, (job.created_at, job.id))
        else:
            self._dequeue(previous)
        self._jobs[job.id] = job
        if job.state is JobState.QUEUED:
            bisect.insort(self._queue, _queue_key(job))
            self._queued = None

    def discard(self, job_id: str) -> None:
        """Remove the job; does nothing if there is none."""
        job = self._jobs.pop(job_id, None)
        if job is not None:
            self._dequeue(job)
            del self._by_age[bisect.bisect_left(self._by_age, (job.created_at, job_id))]

    def _dequeue(self, job: Job) -> None:
        if job.state is JobState.QUEUED:
            del self._queue[bisect.bisect_left(self._queue, _queue_key(job))]
            self._queued = None

    def queued(self) -> Sequence[Job]:
        """Return the queued jobs in scheduling order: the same object until the queue changes."""
        if self._queued is None:
            self._queued = tuple(self._jobs[job_id] for _, job_id in self._queue)
        return self._queued

    def queue_position(self, job: Job) -> int | None:
        """Return 1 for the job that starts next; None if it isn't queued."""
        key = _queue_key(job)
        position = bisect.bisect_left(self._queue, key)
        return position + 1 if self._queue[position : position + 1] == [key] else None

    def next_created_at(self, now: datetime) -> datetime:
        """Return a time for a new job, later than that of every other job, even if the clock was set back by hours."""
        horizon = now + MAX_CLOCK_ERROR
        n_before = bisect.bisect_left(self._by_age, (horizon, ""))
        latest = [created_at for created_at, _ in self._by_age[max(n_before - 1, 0) : n_before]]
        if self._last_given < horizon:  # also to a job that isn't saved yet
            latest.append(self._last_given)
        self._last_given = max([now, *(created_at + MICROSECOND for created_at in latest)])
        return self._last_given

    def page(
        self,
        *,
        limit: int,
        cursor: str | None = None,
        states: frozenset[JobState] | None = None,
        among: Collection[str] | None = None,
    ) -> Page:
        """Return the newest jobs that match, starting after the one that the cursor names.

        Raises ValueError or OverflowError for a cursor that doesn't come from a Page.
        """
        end = len(self._by_age)
        if cursor is not None:
            created_at_us, _, job_id = cursor.partition("_")
            uuid.UUID(job_id)
            end = bisect.bisect_left(self._by_age, (EPOCH + int(created_at_us) * MICROSECOND, job_id))
        jobs: list[Job] = []
        for position in range(end - 1, -1, -1):
            job = self._jobs[self._by_age[position][1]]
            if (states is None or job.state in states) and (among is None or job.id in among):
                if len(jobs) == limit:
                    return Page(tuple(jobs), f"{(jobs[-1].created_at - EPOCH) // MICROSECOND}_{jobs[-1].id}")
                jobs.append(job)
        return Page(tuple(jobs), None)


def _queue_key(job: Job) -> QueueKey:
    return scheduling_key(job), job.id
