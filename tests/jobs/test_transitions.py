"""The table of state changes, over all pairs of states, and what a change does to a job."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from localwhisper.errors import InvalidTransition
from localwhisper.jobs.job import MAX_HISTORY, Job, JobState
from localwhisper.jobs.transitions import MOVES, is_retryable, move
from localwhisper.messages import TEXTS, Message
from localwhisper.options import Options

NOW = datetime(2025, 6, 16, 10, 30, tzinfo=timezone.utc)
LATER = NOW + timedelta(seconds=5)
PENDING, QUEUED, PROCESSING = JobState.PENDING, JobState.QUEUED, JobState.PROCESSING
COMPLETED, FAILED, CANCELLED = JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED
ALLOWED = {
    (PENDING, QUEUED),
    (PENDING, FAILED),
    (PENDING, CANCELLED),
    (QUEUED, PROCESSING),
    (QUEUED, FAILED),
    (QUEUED, CANCELLED),
    (PROCESSING, COMPLETED),
    (PROCESSING, FAILED),
    (PROCESSING, CANCELLED),
    (PROCESSING, QUEUED),
    (FAILED, QUEUED),
    (CANCELLED, QUEUED),
}
PAIRS = [(old, new) for old in JobState for new in JobState]


def job(state: JobState, **fields: object) -> Job:
    default = Job(
        id="6b2c39e0-5d1e-4bb6-a0a6-3f6bf3f6d0a1",
        filename="a.mp3",
        audio_file="audio.mp3",
        audio_duration=60.0,
        options=Options(model="tiny"),
        state=state,
        created_at=NOW - timedelta(minutes=1),
        started_at=NOW,
        completed_at=NOW if state.ended else None,
        progress=40.0,
        message=Message("processing_segment"),
        error=Message("out_of_memory", {"model": "tiny"}) if state is FAILED else None,
        language="es",
        history=(PENDING,),
    )
    return replace(default, **fields)  # type: ignore[arg-type]


def test_the_six_states() -> None:
    assert [state.value for state in JobState] == [
        "pending",
        "queued",
        "processing",
        "completed",
        "failed",
        "cancelled",
    ]
    assert {state for state in JobState if state.ended} == {COMPLETED, FAILED, CANCELLED}
    assert set(MOVES) == set(JobState)


@pytest.mark.parametrize(("old", "new"), PAIRS, ids=lambda state: state.value)
def test_every_pair_of_states(old: JobState, new: JobState) -> None:
    before = job(old)
    if (old, new) not in ALLOWED:
        with pytest.raises(InvalidTransition) as caught:
            move(before, new, now=LATER)
        assert caught.value.params == {"job_id": before.id, "old": f"pending → {old.value}", "new": new.value}
        return
    after = move(before, new, now=LATER)
    assert after.state is new
    assert before == job(old)
    assert after.history == (PENDING, old)
    assert after.message == Message(f"job_{new.value}")
    unchanged = ("id", "filename", "audio_file", "audio_duration", "options", "created_at", "language")
    assert all(getattr(after, name) == getattr(before, name) for name in unchanged)
    if new.ended:
        assert (after.completed_at, after.started_at) == (LATER, NOW)
        assert after.progress == (100.0 if new is COMPLETED else 40.0)
    elif new is PROCESSING:
        assert (after.started_at, after.completed_at, after.progress) == (LATER, None, 40.0)
    else:
        assert (after.started_at, after.completed_at, after.error) == (None, None, None)
        assert after.progress == 40.0  # what has been decoded is kept


def test_failed_and_cancelled_jobs_may_be_retried() -> None:
    assert {state for state in JobState if is_retryable(state)} == {FAILED, CANCELLED}


def test_every_state_has_its_message() -> None:
    assert all(f"job_{state.value}" in TEXTS for state in JobState)


def test_a_failure_keeps_its_error_until_a_retry() -> None:
    error = Message("audio_unreadable", {"reason": "torn"})
    failed = move(job(PROCESSING), FAILED, now=LATER, error=error)
    assert failed.error == error
    assert move(failed, QUEUED, now=LATER).error is None


def test_only_completed_jobs_are_at_100_percent() -> None:
    for state in JobState:
        for new in MOVES[state]:
            assert (move(job(state), new, now=LATER).progress == 100.0) == (new is COMPLETED)


def test_an_interrupted_job_keeps_its_progress_across_restarts() -> None:
    running = job(PROCESSING)
    for _ in range(20):
        running = move(move(running, QUEUED, now=LATER), PROCESSING, now=LATER)
    assert running.progress == 40.0
    assert len(running.history) == MAX_HISTORY
    assert running.history[-2:] == (PROCESSING, QUEUED)
