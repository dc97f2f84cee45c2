"""What runs in a worker."""

import pickle
import threading
from pathlib import Path

import pytest

from localwhisper.errors import AudioTimeout, JobCrashed
from localwhisper.jobqueue.job_execution import (
    ExecutionSignals,
    Failed,
    Finished,
    Interrupted,
    Outcome,
    PauseGate,
    WorkItem,
    execute,
)
from localwhisper.jobs.transcript import Window
from localwhisper.messages import Message
from tests.step_engine import StepEngine, window
from tests.store import samples


class Reports:
    """A Reporter that remembers the windows."""

    def __init__(self) -> None:
        self.windows: list[tuple[str, Window]] = []

    def measured(self, execution_id: str, duration_s: float, track: int) -> None:
        pass

    def progress(self, execution_id: str, done_s: float, message: Message) -> None:
        pass

    def window(self, execution_id: str, window: Window) -> None:
        self.windows.append((execution_id, window))

    def yield_to_loop(self) -> None:
        pass


def item(done: tuple[Window, ...] = ()) -> WorkItem:
    return WorkItem(
        execution_id="e1", job_id="j1", audio=Path("jobs/j1/audio.wav"), options=samples.options(), done=done
    )


def test_a_work_item_is_plain_data() -> None:
    work = item(done=(samples.window(0), samples.window(1)))
    assert pickle.loads(pickle.dumps(work)) == work


@pytest.mark.parametrize(
    "outcome",
    [Finished(samples.transcript()), Failed(AudioTimeout(timeout_s=5).message), Interrupted()],
    ids=lambda outcome: type(outcome).__name__,
)
def test_an_outcome_is_plain_data(outcome: Outcome) -> None:
    assert pickle.loads(pickle.dumps(outcome)) == outcome


def test_windows_are_reported_and_earlier_ones_are_in_the_transcript() -> None:
    engine, reports = StepEngine(), Reports()
    engine.release()
    outcome = execute(item(done=(window(0),)), engine, ExecutionSignals(), reports)
    assert reports.windows == [("e1", window(1)), ("e1", window(2))]
    assert isinstance(outcome, Finished)
    assert outcome.transcript.text == " part 0 part 1 part 2"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (JobCrashed(), "job_crashed"),
        (MemoryError(), "out_of_memory"),
        (OSError(28, "No space left on device"), "storage_full"),
        (ZeroDivisionError(), "internal_error"),
        (KeyboardInterrupt(), "internal_error"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_exception_becomes_an_outcome(error: BaseException, code: str) -> None:
    engine = StepEngine()
    engine.release()
    engine.fails_with = error
    outcome = execute(item(), engine, ExecutionSignals(), Reports())
    assert isinstance(outcome, Failed)
    assert outcome.error.code == code


def test_a_stopped_worker_is_interrupted() -> None:
    signals = ExecutionSignals()
    signals.stop.set()
    assert execute(item(), StepEngine(), signals, Reports()) == Interrupted()


def test_one_window_is_done_between_two_pauses() -> None:
    gate, passed = PauseGate(), threading.Semaphore(0)
    gate.pause()
    thread = threading.Thread(target=lambda: [(gate.wait(lambda: None), passed.release()) for _ in range(2)])
    thread.start()
    assert not passed.acquire(timeout=0.05)
    gate.resume()
    gate.pause()
    assert passed.acquire(timeout=60)
    assert not passed.acquire(timeout=0.05)
    gate.resume()
    thread.join()
