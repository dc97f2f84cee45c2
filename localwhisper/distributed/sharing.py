"""One recording on several workers, from the server's side: which workers help the one that has the job.

Windows are cut, put in order and reported by the job's own worker alone. It sends batches of them to its helpers, and
takes them back decoded; what a helper doesn't give back, it decodes itself. So the server saves the windows in order,
as always. The workers' side is in help_on_worker.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol, TypeVar

from localwhisper.distributed.places import Place
from localwhisper.distributed.protocol import BatchDecoded, BatchSent, HelperReady, Measured, Offered, Report
from localwhisper.jobqueue.job_execution import Outcome, WorkItem
from localwhisper.jobs.transcript import FRAMES_PER_SECOND, Window

MIN_REMAINING_S = 120.0  # of the recording: what is left, it does sooner than a helper can begin
log = logging.getLogger(__name__)


class Execution(Protocol):
    """A DaskChannel."""

    id: str
    place: Place | None
    is_paused: bool
    is_stopping: bool
    sharing: "Sharing"

    async def run(self, item: WorkItem) -> Outcome: ...

    def stop(self) -> None: ...

    def send(self, name: str, *values: object) -> None: ...


T = TypeVar("T", bound=Execution)


class Sharing:
    """The helpers of one execution. Threading: the event loop's thread only."""

    def __init__(self, execution: Execution) -> None:
        self._item: WorkItem | None = None  # of the execution, once it runs
        self._execution = execution
        self._is_offered = False  # whether helpers can help
        self._helpers: dict[str, Execution] = {}  # by id
        self._asked: set[str] = set()  # addresses of workers that help, or couldn't
        self._tasks: set[asyncio.Task[None]] = set()
        self._duration_s = self._done_s = 0.0  # of the recording
        self._ready_at_s: dict[str, float] = {}  # since when each helper is ready
        self._helped_s = 0.0  # by those that have left
        self._now = asyncio.get_running_loop().time

    def begin(self, item: WorkItem) -> None:
        """The execution begins to run."""
        self._item, self._duration_s = item, item.duration_s
        self._done_s = item.done[-1].after.seek / FRAMES_PER_SECOND if item.done else 0.0

    def report(self, report: Report) -> None:
        """Take note of what the execution's worker reports."""
        match report:
            case Measured(duration_s, _):
                self._duration_s = duration_s
            case Window(after=after):
                self._done_s = after.seek / FRAMES_PER_SECOND
            case Offered():
                self._is_offered = True
            case BatchSent(helper_id, number, windows):
                if helper_id in self._helpers:
                    self._helpers[helper_id].send("batch", number, windows)

    def report_of_helper(self, helper_id: str, report: Report) -> None:
        match report:
            case HelperReady(n_cores):
                self._ready_at_s[helper_id] = self._now()
                self._execution.send("joined", helper_id, n_cores)
            case BatchDecoded(number, windows):
                self._execution.send("decoded", number, windows)

    @property
    def places(self) -> list[Place | None]:
        """Of the helpers."""
        return [helper.place for helper in self._helpers.values()]

    @property
    def helped_s(self) -> float:
        """The seconds for which helpers have been ready, in all."""
        return self._helped_s + sum(self._now() - each for each in self._ready_at_s.values())

    @property
    def remaining_s(self) -> float:
        """Of the recording, for each worker that is at it."""
        return (self._duration_s - self._done_s) / (1 + len(self._helpers))

    def needs(self, place: Place) -> bool:
        """Whether this worker may help, and would be of use."""
        execution = self._execution
        is_possible = self._is_offered and not execution.is_paused and not execution.is_stopping
        is_other = place is not execution.place and place.address not in self._asked
        return is_possible and is_other and self.remaining_s >= MIN_REMAINING_S

    def add(self, helper: Execution) -> None:
        """Have a new execution help, until it or this one ends."""
        assert self._item is not None
        assert helper.place is not None
        log.info("%s helps with %s", helper.place.name, self._item.job_id)
        self._asked.add(helper.place.address)
        self._helpers[helper.id] = helper
        item = replace(self._item, execution_id=helper.id, done=(), is_help=True)
        task = asyncio.ensure_future(self._help(helper, item))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _help(self, helper: Execution, item: WorkItem) -> None:
        try:
            outcome = await helper.run(item)
            log.info("the help with %s ends: %s", item.job_id, type(outcome).__name__)
        finally:
            self._helped_s += self._now() - self._ready_at_s.pop(helper.id, self._now())
            del self._helpers[helper.id]
            self._execution.send("left", helper.id)
            if helper.is_stopping and helper.place is not None:  # a job took its place; it may help again
                self._asked.discard(helper.place.address)

    def end(self) -> None:
        self._is_offered = False
        for helper in self._helpers.values():
            helper.stop()


def neediest(executions: Iterable[T], place: Place) -> T | None:
    """The execution that this worker should help: the one with most of its recording left; None if there is none, or
    the worker has something else to do."""
    needy = [each for each in executions if place.n_idle > 0 and each.sharing.needs(place)]
    return max(needy, key=lambda each: each.sharing.remaining_s, default=None)
