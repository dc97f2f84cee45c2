"""What runs in a worker: one job, from start to exactly one outcome, whatever is raised.

A worker gets a WorkItem and returns an Outcome; both are plain data and can be pickled. It knows no event loop and no
store. The engine, the signals and the reporter belong to the worker's side: see workers.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from localwhisper import paths
from localwhisper.atomic import DISK_FULL_ERRNOS
from localwhisper.engine.base import BatchSource, Engine, Helpers
from localwhisper.errors import LocalWhisperError, ModelTooLarge, Stopped, StorageFull, is_memory_error
from localwhisper.jobs.suspicion import Footprint
from localwhisper.jobs.transcript import Transcript, Window
from localwhisper.logs import log_internal_error, request_id
from localwhisper.messages import Message
from localwhisper.options import Options

CHECK_EVERY_S = 0.1  # while paused
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class WorkItem:
    """One execution of one job; a job that was interrupted and continues gets a new execution."""

    execution_id: str
    job_id: str
    audio: Path
    options: Options
    done: Sequence[Window] = ()  # decoded by earlier executions
    footprint: Footprint = Footprint.USUAL  # another one: interrupted after one window, as a suspect of a crash
    duration_s: float = 0.0  # of the recording, as far as known
    is_help: bool = False  # for another execution, see Engine.help()


@dataclass(frozen=True)
class Finished:
    transcript: Transcript
    helped_s: float = 0.0  # seconds of work by other workers


@dataclass(frozen=True)
class Failed:
    error: Message


@dataclass(frozen=True)
class Interrupted:
    """The worker was told to stop, and did."""


@dataclass(frozen=True)
class Lost:
    """The worker has ended, or can't be reached; said by others, never by itself."""


Outcome = Finished | Failed | Interrupted | Lost


class Receiver(Protocol):
    """Receives what the workers report of their executions."""

    def measured(self, execution_id: str, duration_s: float, track: int) -> None: ...

    def progress(self, execution_id: str, done_s: float, message: Message) -> None: ...

    def window(self, execution_id: str, window: Window) -> None: ...


class Reporter(Receiver, Protocol):
    """The worker's end. Threading: SAFE. May be called on any thread."""

    def yield_to_loop(self) -> None:
        """Wait a moment if the receiver of the reports is busy."""


class PauseGate:
    """Pauses the work between two windows. Each pause ends only by its own resume(): work that is paused again at once
    still gets one window done each time, so it is never held up for ever. Threading: SAFE."""

    def __init__(self) -> None:
        self._is_over = threading.Event()
        self._is_over.set()

    def pause(self) -> None:
        """Pause the work at the end of the current window."""
        self._is_over = threading.Event()

    def resume(self) -> None:
        self._is_over.set()

    def wait(self, check: Callable[[], None]) -> None:
        """Wait, on the worker's thread, until the current pause is over; `check` may raise."""
        is_over = self._is_over
        while not is_over.wait(CHECK_EVERY_S):
            check()


@dataclass(frozen=True)
class ExecutionSignals:
    """Polled by the worker while it works. Threading: SAFE."""

    stop: threading.Event = field(default_factory=threading.Event)
    ends_after_window: threading.Event = field(default_factory=threading.Event)  # as stop, after the current window
    pause_gate: PauseGate = field(default_factory=PauseGate)


class WorkerControl:
    """The engine's Control: stops and pauses when signalled, and passes everything else to the reporter."""

    def __init__(
        self, item: WorkItem, signals: ExecutionSignals, reporter: Reporter, helpers: Helpers | None = None
    ) -> None:
        self._execution_id = item.execution_id
        self._signals = signals
        if item.footprint is not Footprint.USUAL:
            signals.ends_after_window.set()
        self._reporter = reporter
        self.helpers = helpers if item.footprint is Footprint.USUAL else None
        self.speakers_file = paths.speaker_chunks(item.audio)

    def check(self) -> None:
        if self._signals.stop.is_set():
            raise Stopped
        self._reporter.yield_to_loop()

    def measured(self, duration_s: float, track: int) -> None:
        self._reporter.measured(self._execution_id, duration_s, track)

    def progress(self, done_s: float, message: Message) -> None:
        self.check()
        self._reporter.progress(self._execution_id, done_s, message)

    def window(self, window: Window) -> None:
        self._reporter.window(self._execution_id, window)
        self._signals.pause_gate.wait(self._check_between_windows)
        self._check_between_windows()

    def _check_between_windows(self) -> None:
        if self._signals.ends_after_window.is_set():
            raise Stopped
        self.check()


def execute(
    item: WorkItem, engine: Engine, signals: ExecutionSignals, reporter: Reporter, helpers: Helpers | None = None
) -> Outcome:
    """Transcribe; never raises."""
    control = WorkerControl(item, signals, reporter, helpers)

    def transcribe() -> Finished:
        footprint = item.footprint
        return Finished(engine.transcribe(item.audio, item.options, control, done=item.done, footprint=footprint))

    return _outcome_of(transcribe, item, control)


def help_out(
    item: WorkItem, engine: Engine, signals: ExecutionSignals, reporter: Reporter, batches: BatchSource
) -> Outcome:
    """Decode windows for another execution, until that ends; never raises, and never finishes."""
    control = WorkerControl(item, signals, reporter)

    def decode() -> Interrupted:
        engine.help(item.audio, item.options, batches, control)
        return Interrupted()

    return _outcome_of(decode, item, control)


def _outcome_of(work: Callable[[], Outcome], item: WorkItem, control: WorkerControl) -> Outcome:
    request_id.set(item.job_id)
    log.info("model %s starts on %s", item.options.model, item.job_id)
    try:
        control.check()
        return work()
    except Stopped:
        return Interrupted()
    except LocalWhisperError as error:
        return Failed(error.message)
    except BaseException as error:
        if is_memory_error(error):
            return Failed(ModelTooLarge(model=item.options.model).message)
        if isinstance(error, OSError) and error.errno in DISK_FULL_ERRNOS:  # while writing temporary files
            return Failed(StorageFull().message)
        return Failed(log_internal_error(log, error, "job %s failed", item.job_id).message)
