"""Which job starts, pauses or resumes next: a pure function of the queue's state.

The caller carries out the instructions; see job_queue.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from localwhisper.jobs.job import Job
from localwhisper.jobs.priority import N_CLASSES, may_preempt, priority_class, scheduling_key
from localwhisper.jobs.suspicion import is_suspect

MAX_PASSED_BY = timedelta(seconds=30)  # how long more urgent jobs may go before a queued job


@dataclass(frozen=True)
class Start:
    """Give a queued job to a worker."""

    job: Job


@dataclass(frozen=True)
class Pause:
    """Pause a running job after its current window."""

    job: Job


@dataclass(frozen=True)
class Resume:
    """Let a paused job continue, for at least one window."""

    job: Job


Instruction = Start | Pause | Resume


def schedule(
    queued: Iterable[Job], running: Iterable[Job], paused: Iterable[Job], max_running: int, now: datetime
) -> list[Instruction]:
    """Return what to do now, in this order. `queued` is in scheduling order.

    A paused job resumes before any queued job starts, also if one of those may preempt it: it then pauses again after
    one more window, so that a stream of urgent jobs never holds it up for ever. At most `max_running` jobs are paused.
    For the same reason a job that has been queued for long starts before more urgent ones, and may then be paused.
    Suspects of a crash run alone: see jobs.suspicion.
    """
    if not max_running:  # no worker is there
        return []
    waiting, working, suspended = list(queued), list(running), list(paused)
    suspects = [job for job in (*working, *waiting) if is_suspect(job)]
    if suspects:  # found at the program's start, so nothing else runs
        return [] if working or suspended else [Start(suspects[0])]
    instructions: list[Instruction] = []
    while True:
        if suspended and len(working) < max_running:
            job = min(suspended, key=scheduling_key)
            suspended.remove(job)
            working.append(job)
            instructions.append(Resume(job))
            continue
        if not waiting:
            return instructions
        candidate = waiting[0]
        if len(working) < max_running and len(suspended) < max_running:
            candidate = _overdue(waiting, now) or candidate
        if len(working) >= max_running:
            last = max(working, key=scheduling_key)
            if len(suspended) >= max_running or not may_preempt(candidate, last):
                return instructions
            working.remove(last)
            suspended.append(last)
            instructions.append(Pause(last))
        waiting.remove(candidate)
        working.append(candidate)
        instructions.append(Start(candidate))


def _overdue(waiting: Sequence[Job], now: datetime) -> Job | None:
    """Return the oldest job of a less urgent class than the first, if it has waited for long."""
    later_classes = range(priority_class(waiting[0]) + 1, N_CLASSES)
    heads = {bisect_left(waiting, number, key=priority_class) for number in later_classes}
    oldest = min((waiting[at] for at in heads if at < len(waiting)), key=lambda job: job.created_at, default=None)
    return oldest if oldest is not None and now - oldest.created_at >= MAX_PASSED_BY else None
