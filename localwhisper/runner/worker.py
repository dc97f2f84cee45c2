"""What runs in a worker: one job's work, ended by exactly one outcome, whatever is raised.

Knows no loop and no store: it gets data and a reporter, so that another executor can run it.
"""

import logging
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from localwhisper.engine.base import Engine
from localwhisper.errors import InternalError, LocalWhisperError, OutOfMemory, Stopped, StorageFull, lacks_memory
from localwhisper.jobs.model import Options, Transcript, Window
from localwhisper.logs import request_id
from localwhisper.messages import Message
from localwhisper.store.atomic import FULL

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
    work_s: float  # of this run, without what an earlier one had done


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

    def give_way(self) -> None:
        """Wait while whoever is reported to has something to do, for a moment."""


class WorkerControl:
    """The engine's Control: stops at a flag, hands everything else to the reporter."""

    def __init__(self, run_id: str, stop: threading.Event, reporter: Reporter) -> None:
        self._run_id = run_id
        self._stop = stop
        self._reporter = reporter

    def check(self) -> None:
        if self._stop.is_set():
            raise Stopped
        self._reporter.give_way()

    def progress(self, done_s: float, message: Message) -> None:
        self.check()
        self._reporter.progress(self._run_id, done_s, message)

    def window(self, window: Window) -> None:
        self._reporter.window(self._run_id, window)


def run(engine: Engine, work: Work, stop: threading.Event, reporter: Reporter) -> Outcome:
    """Do the work; never raises."""
    request_id.set(work.job_id)
    log.info("model %s begins with %s", work.options.model, work.job_id)
    control = WorkerControl(work.run_id, stop, reporter)
    started_s = time.monotonic()
    try:
        control.check()
        transcript = engine.transcribe(work.audio, work.options, control, done=work.done)
        return Finished(transcript, time.monotonic() - started_s)
    except Stopped:
        return Interrupted()
    except LocalWhisperError as error:
        return Failed(error.message)
    except BaseException as error:
        if lacks_memory(error):
            return Failed(OutOfMemory(model=work.options.model).message)
        if isinstance(error, OSError) and error.errno in FULL:  # of the temporary files
            return Failed(StorageFull().message)
        return _unexpected(work)


def _unexpected(work: Work) -> Failed:
    log_id = uuid.uuid4().hex[:8]
    log.exception("job %s failed [%s]", work.job_id, log_id)
    return Failed(InternalError(log_id=log_id).message)
