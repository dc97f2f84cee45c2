"""What runs in a worker: one job's work, ended by exactly one outcome, whatever is raised.

Knows no loop and no store: it gets data and a reporter, so that another executor can run it.
"""

import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from localwhisper.atomic import DISK_FULL_ERRNOS
from localwhisper.engine.base import Engine
from localwhisper.errors import InternalError, LocalWhisperError, OutOfMemory, Stopped, StorageFull, lacks_memory
from localwhisper.jobs.model import Transcript, Window
from localwhisper.logs import request_id
from localwhisper.messages import Message
from localwhisper.options import Options

CHECK_EVERY_S = 0.1
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Work:
    """One run of one job; a job that is interrupted and goes on gets a new run."""

    run_id: str
    job_id: str
    audio: Path
    options: Options
    done: Sequence[Window] = ()


@dataclass(frozen=True)
class Finished:
    transcript: Transcript


@dataclass(frozen=True)
class Failed:
    error: Message


@dataclass(frozen=True)
class Interrupted:
    """The work was told to stop, and did."""


Outcome = Finished | Failed | Interrupted


class Reporter(Protocol):
    """Threading: SAFE. May be called on any thread."""

    def progress(self, run_id: str, done_s: float, message: Message) -> None: ...

    def window(self, run_id: str, window: Window) -> None: ...

    def yield_to_loop(self) -> None:
        """Wait while whoever is reported to has something to do, for a moment."""


class PauseGate:
    """Makes work rest between two windows. Each rest ends at its own end(): work that rests again and again
    gets on by a window each time, so that it is never held up for ever."""

    def __init__(self) -> None:
        self._is_over = threading.Event()
        self._is_over.set()

    def begin(self) -> None:
        """From the next window's end on."""
        self._is_over = threading.Event()

    def end(self) -> None:
        self._is_over.set()

    def wait(self, check: Callable[[], None]) -> None:
        """On the worker's thread, until the rest that has begun is over; `check` may raise."""
        is_over = self._is_over
        while not is_over.wait(CHECK_EVERY_S):
            check()


@dataclass(frozen=True)
class ExecutionSignals:
    """What a worker minds while it works. Threading: SAFE."""

    stop: threading.Event = field(default_factory=threading.Event)
    rest: PauseGate = field(default_factory=PauseGate)


class WorkerControl:
    """The engine's Control: stops at a flag, rests between windows, hands everything else to the reporter."""

    def __init__(self, run_id: str, signals: ExecutionSignals, reporter: Reporter) -> None:
        self._run_id = run_id
        self._reins = signals
        self._reporter = reporter

    def check(self) -> None:
        if self._reins.stop.is_set():
            raise Stopped
        self._reporter.yield_to_loop()

    def progress(self, done_s: float, message: Message) -> None:
        self.check()
        self._reporter.progress(self._run_id, done_s, message)

    def window(self, window: Window) -> None:
        self._reporter.window(self._run_id, window)
        self._reins.rest.wait(self.check)


def run(engine: Engine, work: Work, signals: ExecutionSignals, reporter: Reporter) -> Outcome:
    """Do the work; never raises."""
    request_id.set(work.job_id)
    log.info("model %s begins with %s", work.options.model, work.job_id)
    control = WorkerControl(work.run_id, signals, reporter)
    try:
        control.check()
        return Finished(engine.transcribe(work.audio, work.options, control, done=work.done))
    except Stopped:
        return Interrupted()
    except LocalWhisperError as error:
        return Failed(error.message)
    except BaseException as error:
        if lacks_memory(error):
            return Failed(OutOfMemory(model=work.options.model).message)
        if isinstance(error, OSError) and error.errno in DISK_FULL_ERRNOS:  # of the temporary files
            return Failed(StorageFull().message)
        return _unexpected(work)


def _unexpected(work: Work) -> Failed:
    log_id = uuid.uuid4().hex[:8]
    log.exception("job %s failed [%s]", work.job_id, log_id)
    return Failed(InternalError(log_id=log_id).message)
