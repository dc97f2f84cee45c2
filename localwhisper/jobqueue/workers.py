"""What the queue needs of the workers that do its jobs, wherever they are.

thread_workers: threads of this process, the default. distributed/dask_workers: processes on any number of machines.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from localwhisper.jobqueue.job_execution import Outcome, Receiver, WorkItem
from localwhisper.messages import Message


@dataclass(frozen=True, kw_only=True)
class WorkerStatus:
    """One worker, for people."""

    name: str
    capacity: int
    execution_ids: frozenset[str]
    problem: Message | None  # why it gets no jobs


class WorkerChannel(Protocol):
    """The link between the queue and the worker of one execution. Threading: the event loop's thread only."""

    async def run(self, item: WorkItem) -> Outcome:
        """Have the worker do the work, and return its outcome. Called once.

        Until then the worker's reports go to the receiver of Workers.open(). Cancelling this is giving the worker up.
        """

    def stop(self) -> None:
        """Have the worker end with Interrupted as soon as it can; also before run()."""

    def pause(self) -> None:
        """Have the worker pause at the end of its current window."""

    def resume(self) -> None:
        """End the pause."""


class Workers(Protocol):
    """Threading: the event loop's thread only."""

    @property
    def capacity(self) -> int:
        """How many jobs may run at once; beside each of them, another may be paused."""

    def open(self, receiver: Receiver, on_more_capacity: Callable[[], None]) -> None:
        """Begin to take work. Called again after close(); nothing of the time before that is in the way.

        `receiver` is called on the loop's thread, for each execution in order, and with all of its windows before run()
        returns. `on_more_capacity` is called after the capacity has grown.
        """

    def channel(self, execution_id: str) -> WorkerChannel:
        """Reserve a worker for an execution. Not more often than the capacity allows."""

    def members(self) -> Sequence[WorkerStatus] | None:
        """Return the workers that are there; None if they are this process's own threads."""

    def names(self, execution_id: str) -> Sequence[str] | None:
        """Return the names of the workers that are at an execution, first its own; None as members()."""

    async def close(self) -> None:
        """Give back the workers. No channel is used afterwards."""
