"""The worker's side: a dask plugin that transcribes jobs, and the functions by which the server calls it.

The engine is built from the worker's own settings, once in a process, and outlives the connection to a scheduler.
"""

import asyncio
import logging
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from distributed import Worker, WorkerPlugin, get_worker

from localwhisper.atomic import make_private_folder, storage_errors
from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.distributed.audio_copies import AudioFile, append_piece
from localwhisper.distributed.help_on_worker import Inbox, RemoteHelpers
from localwhisper.distributed.protocol import (
    TASK_PREFIX,
    TOPIC,
    Measured,
    ModelWanted,
    Progress,
    Refused,
    Report,
    draining_event,
    report_event,
)
from localwhisper.distributed.server_models import ModelFile, ModelFiles, ServerModels
from localwhisper.distributed.versions import own_versions
from localwhisper.engine.base import Engine
from localwhisper.engine_setup import model_library, whisper_engine
from localwhisper.errors import LocalWhisperError, WorkerModel
from localwhisper.jobqueue.job_execution import (
    ExecutionSignals,
    Failed,
    Interrupted,
    Outcome,
    WorkItem,
    execute,
    help_out,
)
from localwhisper.jobqueue.thread_bridge import ThreadBridge
from localwhisper.jobs.transcript import Window
from localwhisper.messages import Message
from localwhisper.settings import Settings

IDLE_S = 60.0  # after which an execution that doesn't begin, and whose audio doesn't come, is forgotten
RELEASE_S = 5.0  # for the server to fetch the outcomes of a worker that ends
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerFacts:
    host: str
    capacity: int
    versions: dict[str, str]


@dataclass(eq=False)
class _Execution:
    item: WorkItem
    copy: Path | None  # of the audio, if it isn't used where it is
    signals: ExecutionSignals
    helpers: RemoteHelpers
    inbox: Inbox  # where this is help for another execution
    expiry: asyncio.TimerHandle | None = None  # None: it has begun

    @property
    def receivers(self) -> dict[str, Callable[..., None]]:
        """Of signals, by their names."""
        gate, helpers = self.signals.pause_gate, self.helpers
        return {
            "pause": gate.pause,
            "resume": gate.resume,
            "joined": helpers.joined,
            "left": helpers.left,
            "decoded": helpers.decoded,
            "batch": self.inbox.put,
        }


class _TopicReceiver:
    """A Receiver that logs what is reported as events. Threading: the event loop's thread only."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def measured(self, execution_id: str, duration_s: float, track: int) -> None:
        self._log(execution_id, Measured(duration_s, track))

    def progress(self, execution_id: str, done_s: float, message: Message) -> None:
        self._log(execution_id, Progress(done_s, message))

    def window(self, execution_id: str, window: Window) -> None:
        self._log(execution_id, window)

    def _log(self, execution_id: str, report: Report) -> None:
        self._worker.log_event(TOPIC, report_event(execution_id, report))


class JobPlugin(WorkerPlugin):
    """Threading: the event loop's thread only, but for run()."""

    name = "localwhisper"
    idempotent = True

    def __init__(self, settings: Settings, engine: Engine | None = None) -> None:
        self.capacity = settings.max_concurrent_jobs
        self._refusal: str | None = None  # why the last server gives this worker no work
        self._models = ServerModels()
        library = model_library(settings, [self._models])
        self._own_models = ModelFiles(library.path)
        self._engine = engine or whisper_engine(settings, library, Ffmpeg())
        self._executions: dict[str, _Execution] = {}
        self._is_draining = False

    # -- called by dask ------------------------------------------------------------------

    def setup(self, worker: Worker) -> None:
        self._worker = worker
        self._audio = Path(worker.local_directory) / "audio"
        self._bridge = ThreadBridge(asyncio.get_running_loop(), _TopicReceiver(worker))

    def teardown(self, worker: Worker) -> None:
        """The worker ends, because its scheduler did, for example: all work ends with it."""
        for execution in list(self._executions.values()):
            execution.signals.stop.set()

    def transition(self, key: Any, start: str, finish: str, **kwargs: Any) -> None:
        """dask has let go of a task: its server is gone, or doesn't wait for it any longer."""
        execution = self._executions.get(str(key).removeprefix(TASK_PREFIX))
        if execution is not None and finish in ("cancelled", "released", "forgotten"):
            execution.signals.stop.set()

    # -- called by the server ------------------------------------------------------------

    async def accept(self, item: WorkItem, audio: AudioFile, model: ModelFile | None) -> bool:
        """Take over an execution that will begin soon. Returns whether its audio has to be sent. `model`: what the
        server has.

        Raises WorkerModel, StorageFull, StorageUnwritable.
        """
        if model is not None:
            await asyncio.to_thread(self._own_models.compare, model)
        if await asyncio.to_thread(audio.is_here):
            self._add(item, None, model)
            return False
        folder = self._audio / item.execution_id
        with storage_errors(folder):
            make_private_folder(folder)
        self._add(item, folder / audio.path.name, model)
        return True

    async def receive(self, execution_id: str, offset: int, piece: bytes) -> None:
        """Append a piece to an execution's copy of the audio. Raises StorageFull, StorageUnwritable."""
        execution = self._executions.get(execution_id)
        if execution is not None and execution.copy is not None:
            await asyncio.to_thread(append_piece, execution.copy, offset, piece)
            self._expect(execution)

    def signal(self, execution_id: str, name: str, *values: Any) -> None:
        """`name`: stop, or one of _Execution.receivers, which gets the values."""
        execution = self._executions.get(execution_id)
        if execution is None:
            return
        if name == "stop":
            execution.signals.stop.set()
            if execution.expiry is not None:
                self._forget(execution)
        else:
            (execution.receivers | {"model_piece": self._models.answered})[name](*values)

    def facts(self) -> WorkerFacts:
        return WorkerFacts(socket.gethostname(), self.capacity, own_versions())

    def refuse(self, reason: str) -> None:
        if reason != self._refusal:
            self._refusal = reason
            log.error("The server gives this worker no jobs. %s", reason)

    # -- work ----------------------------------------------------------------------------

    def run(self, execution_id: str) -> Outcome:
        """Transcribe, on a thread of dask's; never raises."""
        execution = self._executions.get(execution_id)
        if execution is None or self._is_draining:
            return Interrupted()
        if execution.expiry is not None:
            self._worker.loop.add_callback(execution.expiry.cancel)
            execution.expiry = None
        item = execution.item if execution.copy is None else replace(execution.item, audio=execution.copy)
        try:
            if item.is_help:
                return help_out(item, self._engine, execution.signals, self._bridge, execution.inbox.batches)
            return execute(item, self._engine, execution.signals, self._bridge, execution.helpers)
        finally:
            self._forget(execution)

    async def drain(self, grace_s: float) -> None:
        """Take no more work, let each job finish its window, and hand the jobs over to other workers."""
        self._is_draining = True
        self._worker.log_event(TOPIC, draining_event(self._worker.address))
        for execution in list(self._executions.values()):
            signals = execution.signals
            (signals.stop if execution.item.is_help else signals.ends_after_window).set()
        await self._until_idle(grace_s)
        self.teardown(self._worker)
        await self._until_idle(RELEASE_S)

    async def _until_idle(self, at_most_s: float) -> None:
        """Wait until all has ended, and the server has fetched the outcomes."""
        until_s = asyncio.get_running_loop().time() + at_most_s
        while (self._executions or self._worker.data) and asyncio.get_running_loop().time() < until_s:
            await asyncio.sleep(0.05)

    def _add(self, item: WorkItem, copy: Path | None, model: ModelFile | None) -> None:
        def report(report: Report) -> None:
            event = report_event(item.execution_id, report)
            self._worker.loop.add_callback(self._worker.log_event, TOPIC, event)

        signals = ExecutionSignals()
        helpers = RemoteHelpers(report, signals.pause_gate.wait)
        execution = _Execution(item, copy, signals, helpers, Inbox(report))
        self._executions[item.execution_id] = execution
        if model is not None:
            self._models.offer(item.execution_id, model, lambda offset: report(ModelWanted(offset)))
        self._expect(execution)

    def _expect(self, execution: _Execution) -> None:
        if execution.expiry is not None:
            execution.expiry.cancel()
        execution.expiry = asyncio.get_running_loop().call_later(IDLE_S, self._forget, execution)

    def _forget(self, execution: _Execution) -> None:
        """Threading: SAFE."""
        self._executions.pop(execution.item.execution_id, None)
        self._models.withdraw(execution.item.execution_id)
        if execution.copy is not None:
            shutil.rmtree(execution.copy.parent, ignore_errors=True)


# -- the functions that the server has a worker call; dask fills in `dask_worker` -----------


def run_job(execution_id: str) -> Outcome:
    """The task of dask's that is one execution."""
    return _plugin(get_worker()).run(execution_id)


async def accept(
    item: WorkItem, audio: AudioFile, model: ModelFile | None, dask_worker: Worker
) -> bool | Failed | Refused:
    """See JobPlugin, as for the following."""
    try:
        return await _plugin(dask_worker).accept(item, audio, model)
    except WorkerModel as error:
        refuse(str(error), dask_worker)
        return Refused(error.message)
    except LocalWhisperError as error:
        return Failed(error.message)


async def receive(execution_id: str, offset: int, piece: bytes, dask_worker: Worker) -> Failed | None:
    try:
        await _plugin(dask_worker).receive(execution_id, offset, piece)
    except LocalWhisperError as error:
        return Failed(error.message)
    return None


def signal(execution_id: str, name: str, *values: Any, dask_worker: Worker) -> None:
    _plugin(dask_worker).signal(execution_id, name, *values)


def facts(dask_worker: Worker) -> WorkerFacts:
    return _plugin(dask_worker).facts()


def refuse(reason: str, dask_worker: Worker) -> None:
    _plugin(dask_worker).refuse(reason)


def _plugin(worker: Worker) -> JobPlugin:
    plugin = worker.plugins[JobPlugin.name]
    assert isinstance(plugin, JobPlugin)
    return plugin
