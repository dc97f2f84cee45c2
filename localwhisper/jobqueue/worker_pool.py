"""The jobs that an executor has: start one, stop it, hand on what it reports, conclude it once.

What runs in the worker itself is worker.py; which job is next is decided in queue.py.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

from localwhisper.engine.base import Engine
from localwhisper.errors import InternalError, LocalWhisperError, MemoryFull, lacks_memory
from localwhisper.jobqueue import job_execution
from localwhisper.jobqueue.job_repository import JobRepository
from localwhisper.jobqueue.thread_bridge import ThreadBridge
from localwhisper.jobs.estimates import speed_key
from localwhisper.jobs.model import FRAMES_PER_SECOND, Job, JobState, Window
from localwhisper.messages import Message
from localwhisper.store.speeds import RealTimeFactors

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Run:
    """One job while a worker has it."""

    id: str
    job_id: str
    signals: job_execution.ExecutionSignals = field(default_factory=job_execution.ExecutionSignals)
    cancelled: bool = False  # by the user; else a stop means: back into the queue
    reports: asyncio.Queue[Window | job_execution.Outcome] = field(default_factory=asyncio.Queue)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    started_s: float = field(default_factory=time.monotonic)
    done_before_s: float = 0.0  # seconds of audio that earlier runs had done
    rests_since_s: float | None = None  # None: it doesn't rest
    rested_s: float = 0.0
    message: Message | None = None  # before it rested

    def worked_s(self) -> float:
        """Seconds since it began, without its rests."""
        now_s = time.monotonic() if self.rests_since_s is None else self.rests_since_s
        return now_s - self.started_s - self.rested_s


class WorkerPool:
    """Threading: the event loop's thread only."""

    def __init__(
        self,
        repository: JobRepository,
        engine: Engine,
        speeds: RealTimeFactors,
        new_executor: Callable[[], Executor],
        on_free: Callable[[], None],
        yield_to_loop: Callable[[], None],
    ) -> None:
        """`on_free` is called whenever a worker has become free; `yield_to_loop`: see ThreadBridge."""
        self._repository = repository
        self._engine = engine
        self._speeds = speeds
        self._new_executor = new_executor
        self._on_free = on_free
        self._yield_to_loop = yield_to_loop
        self._runs: dict[str, Run] = {}  # by run id
        self._tasks: set[asyncio.Task[None]] = set()

    def jobs(self, *, resting: bool | None = None) -> list[Job]:
        """All, or those that rest, or those that don't."""
        return [
            self._repository.index.get(run.job_id)
            for run in self._runs.values()
            if resting in (None, run.rests_since_s is not None)
        ]

    def running_s(self, job_id: str) -> float:
        return next((run.worked_s() for run in self._runs.values() if run.job_id == job_id), 0.0)

    def rest(self, job_id: str) -> None:
        """From the end of its window on, until go_on()."""
        for run in self._of(job_id):
            run.signals.rest.begin()
            run.rests_since_s = time.monotonic()
            run.message = self._repository.index.get(job_id).message
            self._repository.progress(job_id, Message("job_resting"))

    def go_on(self, job_id: str) -> None:
        for run in self._of(job_id):
            run.signals.rest.end()
            run.rested_s += time.monotonic() - (run.rests_since_s or 0.0)
            run.rests_since_s = None
            if run.message is not None and not run.cancelled:
                self._repository.progress(job_id, run.message)

    def _of(self, job_id: str) -> list[Run]:
        return [run for run in self._runs.values() if run.job_id == job_id]

    def open(self) -> None:
        self._executor = self._new_executor()
        self._bridge = ThreadBridge(
            asyncio.get_running_loop(),
            on_progress=self._on_progress,
            on_window=self._on_window,
            yield_to_loop=self._yield_to_loop,
        )

    def start(self, job_id: str) -> None:
        run = Run(uuid.uuid4().hex, job_id)
        self._runs[run.id] = run
        task = asyncio.ensure_future(self._drive(run))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def cancel(self, job_id: str) -> None:
        """Tell a job's worker to stop and wait for its outcome, which decides."""
        for run in self._of(job_id):
            run.cancelled = True
            run.signals.stop.set()
            self._repository.progress(job_id, Message("cancelling"))
            await run.ended.wait()

    async def close(self, grace_s: float) -> None:
        """Interrupt all work; what hasn't stopped after `grace_s` is left behind, its reports unheard."""
        for run in self._runs.values():
            run.signals.stop.set()
        waits = [asyncio.ensure_future(run.ended.wait()) for run in self._runs.values()]
        if waits:
            _, late = await asyncio.wait(waits, timeout=grace_s)
            for wait in late:
                wait.cancel()
        self._executor.shutdown(wait=False, cancel_futures=True)
        for run in list(self._runs.values()):
            del self._runs[run.id]
            await self._repository.move(self._repository.index.get(run.job_id), JobState.QUEUED)
            run.ended.set()

    async def _drive(self, run: Run) -> None:
        """Everything between a job's start and its outcome, in the order in which it happens."""
        try:
            outcome = await self._work(run)
        except LocalWhisperError as error:  # the store failed under it
            run.signals.stop.set()
            outcome = job_execution.Failed(error.message)
        except Exception as error:
            run.signals.stop.set()
            outcome = _unexpected(error)
        if run.id not in self._runs:
            return
        try:
            await self._conclude(run, outcome)
        finally:
            del self._runs[run.id]
            run.ended.set()
            self._on_free()

    async def _work(self, run: Run) -> job_execution.Outcome:
        store = self._repository.store
        job = self._repository.index.get(run.job_id)
        await self._repository.save(job)
        done = await store.windows(job.id)
        run.done_before_s = done[-1].after.seek / FRAMES_PER_SECOND if done else 0.0
        audio = await store.audio_path(job)
        work = job_execution.Work(run_id=run.id, job_id=job.id, audio=audio, options=job.options, done=done)
        future = asyncio.wrap_future(
            self._executor.submit(job_execution.run, self._engine, work, run.signals, self._bridge)
        )
        future.add_done_callback(lambda ended: run.reports.put_nowait(_outcome(ended)))
        while True:
            report = await run.reports.get()
            if not isinstance(report, Window):
                return report
            was_suspect = self._repository.index.get(run.job_id).crashes > 0
            await self._repository.add_window(run.job_id, report)
            if was_suspect:
                self._on_free()  # the next of them may run

    async def _conclude(self, run: Run, outcome: job_execution.Outcome) -> None:
        job = self._repository.index.get(run.job_id)
        match outcome:
            case job_execution.Finished(transcript):
                try:
                    await self._repository.store.save_transcript(job.id, transcript)
                except LocalWhisperError as error:
                    await self._repository.move(job, JobState.FAILED, error=error.message)
                    return
                audio_s = job.audio_duration - run.done_before_s
                self._speeds.record(speed_key(job.options), work_s=transcript.processing_time, audio_s=audio_s)
                job = replace(job, language=transcript.language)
                await self._repository.move(job, JobState.COMPLETED, transcript=transcript)
            case job_execution.Failed(error_message):
                await self._repository.move(job, JobState.FAILED, error=error_message)
            case job_execution.Interrupted():
                await self._repository.move(job, JobState.CANCELLED if run.cancelled else JobState.QUEUED)

    def _on_window(self, run_id: str, window: Window) -> None:
        if run_id in self._runs:
            self._runs[run_id].reports.put_nowait(window)

    def _on_progress(self, run_id: str, done_s: float, message: Message) -> None:
        run = self._runs.get(run_id)
        if run is None or run.cancelled:
            return
        if run.rests_since_s is not None:  # the end of the window before its rest
            run.message = message
            message = Message("job_resting")
        duration_s = max(self._repository.index.get(run.job_id).audio_duration, 0.01)
        self._repository.progress(run.job_id, message, 100 * done_s / duration_s)


def _outcome(ended: asyncio.Future[job_execution.Outcome]) -> job_execution.Outcome:
    """What came of a run, also where the executor gave it up."""
    if ended.cancelled():
        return job_execution.Interrupted()
    error = ended.exception()
    return ended.result() if error is None else _unexpected(error)


def _unexpected(error: BaseException) -> job_execution.Failed:
    if lacks_memory(error):
        return job_execution.Failed(MemoryFull().message)
    log_id = uuid.uuid4().hex[:8]
    log.error("a run was lost [%s]", log_id, exc_info=error)
    return job_execution.Failed(InternalError(log_id=log_id).message)
