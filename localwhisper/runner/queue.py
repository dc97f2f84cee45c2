"""The job queue on the event loop: submit, cancel, retry, recover; move → save → publish.

The only place that decides a job's next state. The work itself happens in an executor
(runner/worker.py), blocking I/O on the store's own thread (runner/storing.py).
"""

import asyncio
import logging
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from localwhisper.engine.base import Engine
from localwhisper.errors import (
    JobAlreadyFinished,
    InternalError,
    JobDamaged,
    JobNotRetryable,
    LocalWhisperError,
    QueueNotRunning,
)
from localwhisper.jobs.events import JobChanged, JobRemoved, ProgressMade, SegmentDone
from localwhisper.jobs.model import (
    FRAMES_PER_SECOND,
    Job,
    JobState,
    Options,
    Segment,
    Transcript,
    Window,
    joined,
)
from localwhisper.jobs.transitions import move
from localwhisper.messages import Message
from localwhisper.runner import worker
from localwhisper.runner.bridge import Bridge
from localwhisper.runner.bus import Bus
from localwhisper.runner.index import JobIndex
from localwhisper.runner.speeds import Speeds
from localwhisper.runner.storing import AsyncStore
from localwhisper.store.base import Damaged

log = logging.getLogger(__name__)
STOP_GRACE_S = 1.5  # a stop promises to end within 2 s


@dataclass(eq=False)
class Run:
    """One job while a worker has it."""

    job_id: str
    stop: threading.Event = field(default_factory=threading.Event)
    cancelled: bool = False  # by the user; else a stop means: back into the queue
    reports: asyncio.Queue[Window | worker.Outcome] = field(default_factory=asyncio.Queue)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    done_before_s: float = 0.0  # seconds of audio that earlier runs had done


def _outcome(ended: asyncio.Future[worker.Outcome]) -> worker.Outcome:
    """What came of a run, also where the executor gave it up."""
    if ended.cancelled():
        return worker.Interrupted()
    if ended.exception() is not None:
        log.error("the executor lost a run", exc_info=ended.exception())
        return worker.Failed(InternalError(log_id="executor").message)
    return ended.result()


def _stand_in(damaged: Damaged, now: datetime) -> Job:
    """A job whose record can't be read, so that it is seen and can be removed."""
    return Job(
        id=damaged.job_id, filename=damaged.job_id, audio_file="", audio_duration=0.0,
        options=Options(model="demo"), state=JobState.FAILED, created_at=now, completed_at=now,
        message=Message("job_failed"), error=JobDamaged(file=damaged.file).message,
    )  # fmt: skip


class JobQueue:
    """Threading: the event loop's thread only."""

    def __init__(
        self, *, store: AsyncStore, engine: Engine, bus: Bus, speeds: Speeds,
        new_executor: Callable[[], Executor], max_concurrent_jobs: int, now: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self.index = JobIndex()
        self.max_concurrent_jobs = max_concurrent_jobs
        self.is_running = False
        self._store = store
        self._engine = engine
        self._bus = bus
        self._speeds = speeds
        self._new_executor = new_executor
        self._executor: Executor | None = None
        self._now = now
        self._runs: dict[str, Run] = {}  # by run id
        self._tasks: set[asyncio.Task[None]] = set()

    # -- start and stop ------------------------------------------------------------------

    async def start(self) -> None:
        """Take up every job where it was; jobs that ran when the program ended are queued again."""
        jobs, damaged = await self._store.load_all()
        for job in jobs:
            self.index.put(job)
            if job.state is JobState.PROCESSING:
                await self._change(move(job, JobState.QUEUED, now=self._now()))
        for broken in damaged:
            log.warning("job %s: %s is damaged", broken.job_id, broken.file)
            self.index.put(_stand_in(broken, self._now()))
        self._resume()

    async def stop(self) -> None:
        """Interrupt all work; what runs is queued again at the next start."""
        self.is_running = False
        runs = list(self._runs.values())
        for run in runs:
            run.stop.set()
        waits = [asyncio.ensure_future(run.ended.wait()) for run in runs]
        if waits:
            _, late = await asyncio.wait(waits, timeout=STOP_GRACE_S)
            for wait in late:
                wait.cancel()
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)

    async def restart(self) -> None:
        """A fresh start of a stuck queue: no job is lost, workers that don't answer are left behind."""
        await self.stop()
        for run_id in list(self._runs):
            run = self._runs.pop(run_id)  # its late reports are ignored from here on
            job = self.index.get(run.job_id)
            await self._change(move(job, JobState.QUEUED, now=self._now()))
            run.ended.set()
        self._resume()

    def _resume(self) -> None:
        self._executor = self._new_executor()
        self._bridge = Bridge(
            asyncio.get_running_loop(), on_progress=self._on_progress, on_window=self._on_window
        )
        self.is_running = True
        self._dispatch()

    # -- what people ask for -------------------------------------------------------------

    async def submit(
        self, *, job_id: str, filename: str, upload: Path, audio_file: str, audio_duration: float,
        options: Options,
    ) -> Job:  # fmt: skip
        """Keep the job and its audio, durably, and queue it. Raises StorageFull, QueueNotRunning."""
        if not self.is_running:
            raise QueueNotRunning
        now = self.index.next_created_at(self._now())
        pending = Job(
            id=job_id, filename=filename, audio_file=audio_file, audio_duration=audio_duration,
            options=options, state=JobState.PENDING, created_at=now, language=options.language,
        )  # fmt: skip
        job = move(pending, JobState.QUEUED, now=now)
        await self._store.create(job, upload)
        self.index.put(job)
        self._bus.publish(JobChanged(job=job))
        self._dispatch()
        return self.index.get(job_id)

    async def cancel(self, job_id: str) -> Job:
        """End a waiting or running job. Raises JobNotFound, JobAlreadyFinished."""
        await self._end(self.index.get(job_id))
        job = self.index.get(job_id)
        if job.state is not JobState.CANCELLED:  # it was finished before the worker saw the flag
            raise JobAlreadyFinished(state=job.state.value)
        return job

    async def remove(self, job_id: str) -> Job:
        """Cancel if need be, then remove the job with all its files. Raises JobNotFound."""
        job = self.index.get(job_id)
        if not job.state.ended:
            await self._end(job)
        job = self.index.get(job_id)
        await self._store.remove(job_id)
        self.index.discard(job_id)
        self._bus.publish(JobRemoved(job_id=job_id))
        return job

    async def retry(self, job_id: str) -> Job:
        """Run a failed or cancelled job again with its own options. Raises JobNotRetryable."""
        job = self.index.get(job_id)
        if job.state not in (JobState.FAILED, JobState.CANCELLED):
            raise JobNotRetryable(state=job.state.value)
        await self._store.audio_path(job)
        await self._store.clear_windows(job_id)
        await self._change(move(job, JobState.QUEUED, now=self._now()))
        self._dispatch()
        return self.index.get(job_id)

    # -- what people see -----------------------------------------------------------------

    def waiting(self) -> list[Job]:
        """Queued jobs in the order they will run."""
        queued = [job for job in self.index if job.state is JobState.QUEUED]
        return sorted(queued, key=lambda job: (job.options.priority != "high", job.created_at))

    def active(self) -> list[Job]:
        """Jobs that a worker has."""
        return [self.index.get(run.job_id) for run in self._runs.values()]

    async def segments(self, job_id: str) -> tuple[Segment, ...]:
        """The segments decoded so far."""
        return joined(await self._store.windows(job_id))

    async def transcript(self, job_id: str) -> Transcript:
        """Raises JobDamaged."""
        return await self._store.transcript(job_id)

    async def audio_path(self, job_id: str) -> Path:
        """Raises JobNotFound, JobDamaged."""
        return await self._store.audio_path(self.index.get(job_id))

    # -- running -------------------------------------------------------------------------

    def _dispatch(self) -> None:
        while self.is_running and len(self._runs) < self.max_concurrent_jobs:
            waiting = self.waiting()
            if not waiting:
                return
            job = move(waiting[0], JobState.PROCESSING, now=self._now())
            self.index.put(job)
            run_id = uuid.uuid4().hex
            self._runs[run_id] = Run(job.id)
            task = asyncio.ensure_future(self._drive(run_id, self._runs[run_id]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _drive(self, run_id: str, run: Run) -> None:
        """Everything between a job's start and its outcome, in the order in which it happens."""
        try:
            outcome = await self._work(run_id, run)
        except LocalWhisperError as error:  # the store failed under it
            run.stop.set()
            outcome = worker.Failed(error.message)
        if self._runs.get(run_id) is not run:
            return  # left behind by a restart
        try:
            await self._conclude(run, outcome)
        finally:
            del self._runs[run_id]
            run.ended.set()
            self._dispatch()

    async def _work(self, run_id: str, run: Run) -> worker.Outcome:
        job = self.index.get(run.job_id)
        await self._change(job)
        done = await self._store.windows(job.id)
        run.done_before_s = done[-1].after.seek / FRAMES_PER_SECOND if done else 0.0
        work = worker.Work(
            run_id=run_id, job_id=job.id, audio=await self._store.audio_path(job), options=job.options,
            done=done,
        )  # fmt: skip
        assert self._executor is not None
        future = asyncio.wrap_future(
            self._executor.submit(worker.run, self._engine, work, run.stop, self._bridge)
        )
        future.add_done_callback(lambda ended: run.reports.put_nowait(_outcome(ended)))
        while True:
            report = await run.reports.get()
            if not isinstance(report, Window):
                return report
            await self._keep(run, report)

    async def _keep(self, run: Run, window: Window) -> None:
        await self._store.append_window(run.job_id, window)
        job = self.index.get(run.job_id)
        if window.after.language != job.language:
            self.index.put(replace(job, language=window.after.language))
        for segment in window.segments:
            self._bus.publish(SegmentDone(job_id=run.job_id, segment=segment))

    async def _conclude(self, run: Run, outcome: worker.Outcome) -> None:
        """Exactly one outcome: saved, then seen, then published."""
        job = self.index.get(run.job_id)
        match outcome:
            case worker.Finished(transcript, work_s):
                job = replace(job, language=transcript.language)
                job = move(job, JobState.COMPLETED, now=self._now())
                try:
                    await self._store.save_transcript(job.id, transcript)
                except LocalWhisperError as error:
                    await self._conclude(run, worker.Failed(error.message))
                    return
                self._speeds.record(
                    job.options.model, work_s=work_s, audio_s=job.audio_duration - run.done_before_s
                )
                await self._settle(JobChanged(job=job, transcript=transcript))
            case worker.Failed(error):
                await self._settle(
                    JobChanged(job=move(job, JobState.FAILED, now=self._now(), error=error))
                )
            case worker.Interrupted():
                to = JobState.CANCELLED if run.cancelled else JobState.QUEUED
                await self._settle(JobChanged(job=move(job, to, now=self._now())))

    async def _end(self, job: Job) -> None:
        if job.state is JobState.PROCESSING:
            run = next(run for run in self._runs.values() if run.job_id == job.id)
            run.cancelled = True
            run.stop.set()
            self._on_progress_message(job, Message("cancelling"))
            await run.ended.wait()
        elif not job.state.ended:
            await self._change(move(job, JobState.CANCELLED, now=self._now()))
        else:
            raise JobAlreadyFinished(state=job.state.value)

    async def _change(self, job: Job) -> None:
        """For changes that must be seen at once, so that nothing else takes the job meanwhile."""
        self.index.put(job)
        await self._settle(JobChanged(job=job))

    async def _settle(self, event: JobChanged) -> None:
        try:
            await self._store.save(event.job)
        except LocalWhisperError:
            log.exception("job %s is %s, but that could not be saved", event.job.id, event.job.state.value)
        self.index.put(event.job)
        self._bus.publish(event)

    # -- reports of the workers ----------------------------------------------------------

    def _on_window(self, run_id: str, window: Window) -> None:
        if run_id in self._runs:
            self._runs[run_id].reports.put_nowait(window)

    def _on_progress(self, run_id: str, done_s: float, message: Message) -> None:
        run = self._runs.get(run_id)
        if run is None or run.cancelled:
            return
        job = self.index.get(run.job_id)
        percent = min(100 * done_s / max(job.audio_duration, 0.01), 99.9)
        self._on_progress_message(replace(job, progress=max(job.progress, percent)), message)

    def _on_progress_message(self, job: Job, message: Message) -> None:
        job = replace(job, message=message)
        self.index.put(job)
        self._bus.publish(ProgressMade(job=job))
