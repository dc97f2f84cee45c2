"""One run of a job, as the worker pool keeps track of it."""

import asyncio
import time
from dataclasses import dataclass, field

from localwhisper.jobqueue.job_execution import Interrupted, Outcome
from localwhisper.jobqueue.workers import WorkerChannel
from localwhisper.jobs.transcript import Window
from localwhisper.messages import Message


@dataclass(eq=False)
class Execution:
    """One run of a job, from its start until its outcome is saved."""

    id: str
    job_id: str
    channel: WorkerChannel
    reports: asyncio.Queue[Window | Outcome] = field(default_factory=asyncio.Queue)
    n_unsaved: int = 0  # windows that have been reported
    next_progress: tuple[float, Message] | None = None  # shown once those windows are saved
    run: asyncio.Future[Outcome] | None = None  # of the worker; None: not begun yet
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    is_cancelled: bool = False  # by the user; a job that was stopped otherwise returns to the queue
    is_abandoned: bool = False  # the worker didn't stop in time: what it still reports is ignored
    started_at_s: float = field(default_factory=time.monotonic)
    done_before_s: float = 0.0  # seconds of audio done by earlier executions
    paused_at_s: float | None = None  # None: not paused
    total_pause_s: float = 0.0  # of earlier pauses
    message_before_pause: Message | None = None

    @property
    def is_paused(self) -> bool:
        return self.paused_at_s is not None

    def worked_s(self) -> float:
        """Return the seconds since the start, without pauses."""
        until_s = time.monotonic() if self.paused_at_s is None else self.paused_at_s
        return until_s - self.started_at_s - self.total_pause_s

    def abandon(self) -> None:
        """Conclude without waiting for the worker. An outcome that has been reported already still counts."""
        self.is_abandoned = True
        if self.run is not None:
            self.run.cancel()
        self.reports.put_nowait(Interrupted())
