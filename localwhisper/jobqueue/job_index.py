"""All jobs in memory, newest first: look-up, paging. Event loop's thread only."""

import bisect
import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from localwhisper.errors import JobNotFound
from localwhisper.jobs.model import Job, JobState
from localwhisper.jobs.priority import order

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Page:
    jobs: tuple[Job, ...]
    next_cursor: str | None  # None: this was the last page


class JobIndex:
    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._order: list[tuple[datetime, str]] = []  # oldest first
        self._queued: set[str] = set()
        self._waiting: list[Job] | None = None  # the queued in their order, until one comes or goes
        self._positions: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._jobs)

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._jobs

    def __iter__(self) -> Iterator[Job]:
        """Newest first."""
        return (self._jobs[job_id] for _, job_id in reversed(self._order))

    def get(self, job_id: str) -> Job:
        """Raises JobNotFound."""
        try:
            return self._jobs[job_id]
        except KeyError:
            raise JobNotFound(job_id=job_id) from None

    def put(self, job: Job) -> None:
        if job.id not in self._jobs:
            bisect.insort(self._order, (job.created_at, job.id))
        self._jobs[job.id] = job
        is_queued = job.state is JobState.QUEUED
        if is_queued or job.id in self._queued:
            self._waiting = None
        (self._queued.add if is_queued else self._queued.discard)(job.id)

    def waiting(self) -> Sequence[Job]:
        """Queued jobs in the order in which they will run."""
        if self._waiting is None:
            queued = (self._jobs[job_id] for job_id in self._queued)
            self._waiting = sorted(queued, key=order)
            self._positions = {job.id: n for n, job in enumerate(self._waiting, 1)}
        return self._waiting

    def position(self, job_id: str) -> int | None:
        """1 for the job that is next; None where it doesn't wait."""
        self.waiting()
        return self._positions.get(job_id)

    def discard(self, job_id: str) -> None:
        job = self._jobs.pop(job_id, None)
        if job is not None:
            self._order.remove((job.created_at, job_id))
            self._queued.discard(job_id)
            self._waiting = None

    def next_created_at(self, now: datetime) -> datetime:
        """A time for a new job that keeps the order also when the clock was set back."""
        if not self._order:
            return now
        return max(now, self._order[-1][0] + timedelta(microseconds=1))

    def page(
        self,
        *,
        limit: int,
        cursor: str | None = None,
        states: frozenset[JobState] | None = None,
        among: Collection[str] | None = None,
    ) -> Page:
        """The newest jobs behind the one the cursor names, that match.

        Raises ValueError or OverflowError for a cursor that page() didn't give.
        """
        end = len(self._order)
        if cursor is not None:
            created_at, _, job_id = cursor.partition("_")
            uuid.UUID(job_id)
            end = bisect.bisect_left(self._order, (EPOCH + timedelta(microseconds=int(created_at)), job_id))
        found: list[Job] = []
        for at in range(end - 1, -1, -1):
            job = self._jobs[self._order[at][1]]
            if (states is None or job.state in states) and (among is None or job.id in among):
                if len(found) == limit:
                    created_at = str((found[-1].created_at - EPOCH) // timedelta(microseconds=1))
                    return Page(tuple(found), f"{created_at}_{found[-1].id}")
                found.append(job)
        return Page(tuple(found), None)
