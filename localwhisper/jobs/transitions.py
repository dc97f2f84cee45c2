"""The only place where a job's state changes: MOVES lists the allowed changes, move() makes one."""

from dataclasses import replace
from datetime import datetime

from localwhisper.errors import InvalidTransition
from localwhisper.jobs.job import MAX_HISTORY, Job, JobState
from localwhisper.messages import Message

MOVES: dict[JobState, frozenset[JobState]] = {
    JobState.PENDING: frozenset({JobState.QUEUED, JobState.FAILED, JobState.CANCELLED}),
    JobState.QUEUED: frozenset({JobState.PROCESSING, JobState.FAILED, JobState.CANCELLED}),
    # back to QUEUED: the server was stopped or restarted while the job ran
    JobState.PROCESSING: frozenset({JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED, JobState.QUEUED}),
    JobState.COMPLETED: frozenset(),
    JobState.FAILED: frozenset({JobState.QUEUED}),  # retry
    JobState.CANCELLED: frozenset({JobState.QUEUED}),  # retry
}


def is_retryable(state: JobState) -> bool:
    """Whether a job that has ended may be queued again."""
    return state.ended and JobState.QUEUED in MOVES[state]


def move(job: Job, to: JobState, *, now: datetime, error: Message | None = None) -> Job:
    """Return the job in its new state, with the times and the message that belong to it.

    A job never ends before it started, nor starts before it was created, even if the clock was set back. Raises
    InvalidTransition, which lists the job's last states.
    """
    if to not in MOVES[job.state]:
        raise InvalidTransition(job_id=job.id, old=" → ".join(s.value for s in (*job.history, job.state)), new=to.value)
    now = max(now, job.started_at or job.created_at)
    moved = replace(job, state=to, message=Message(f"job_{to.value}"), history=(*job.history, job.state)[-MAX_HISTORY:])
    if to is JobState.PROCESSING:
        return replace(moved, started_at=now)
    if to is JobState.QUEUED:
        return replace(moved, started_at=None, completed_at=None, error=None, warnings=())
    progress = 100.0 if to is JobState.COMPLETED else job.progress
    return replace(moved, completed_at=now, progress=progress, error=error)
