"""The workers that the server knows of: how much each may do, what it does, and which of them gets the next job."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from localwhisper.jobqueue.job_execution import Lost, Outcome
from localwhisper.messages import Message

STALLED_S = 30.0  # without a sign of life, after which a worker or the scheduler counts as lost
RUNNING = ("running", "paused")  # dask pauses a worker that is short of memory; it takes the next task afterwards


class Occupant(Protocol):
    """An execution at a place."""

    @property
    def is_paused(self) -> bool: ...

    def stop(self) -> None: ...

    def end(self, outcome: Outcome) -> None:
        """End without waiting for the worker."""


@dataclass(eq=False)
class Place:
    """One worker."""

    address: str
    name: str
    capacity: int = 0  # jobs at once; as many more may be paused
    problem: Message | None = None  # why it gets no jobs
    is_closing: bool = False
    is_stalled: bool = False  # it gives no sign of life
    last_seen: float = 0.0  # by the scheduler, on its clock
    seen_at_s: float = 0.0  # when that last changed, on the monotonic clock
    occupants: set[Occupant] = field(default_factory=set)
    helpers: set[Occupant] = field(default_factory=set)  # of executions elsewhere; they give way to occupants

    @property
    def takes_work(self) -> bool:
        return self.problem is None and not self.is_closing and not self.is_stalled

    @property
    def n_running(self) -> int:
        return sum(not each.is_paused for each in self.occupants)

    @property
    def n_free(self) -> int:
        """How many more jobs may run here at once."""
        return self.capacity - self.n_running if self.takes_work else 0

    @property
    def n_idle(self) -> int:
        """How many more jobs or helpers may run here without taking the place of any."""
        return self.n_free - len(self.helpers)

    def make_room(self) -> None:
        """Stop the helpers whose place is needed by jobs."""
        for helper in list(self.helpers)[: max(-self.n_idle, 0)]:
            helper.stop()

    def observe(self, last_seen: float, status: str, now_s: float) -> None:
        """What the scheduler knows of the worker. One that stalls is left by its jobs, and gets new ones afterwards."""
        if last_seen != self.last_seen:
            self.last_seen, self.seen_at_s = last_seen, now_s
        self.is_closing = self.is_closing or status not in RUNNING
        self.is_stalled = now_s - self.seen_at_s > STALLED_S
        if self.is_stalled:
            self.lose(Lost())

    def lose(self, outcome: Outcome) -> None:
        """End all executions here."""
        for occupant in (*self.occupants, *self.helpers):
            occupant.end(outcome)


def freest(places: Iterable[Place]) -> Place | None:
    """The worker with the most room to start a job; None if there is none at all."""
    open_places = [each for each in places if each.takes_work and len(each.occupants) < 2 * each.capacity]
    return max(open_places, key=lambda each: (each.n_idle, each.n_free, -len(each.occupants)), default=None)
