"""The jobs that the workers are running: starts them, stops them, saves what they report, and concludes each once.

What runs in the worker is in job_execution; which job runs next is decided in scheduling.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace

from localwhisper.engine.checkpoints.model_choice import NAMED, ModelChoice
from localwhisper.errors import LocalWhisperError, MemoryFull, ModelDownloadFailed, NoModel, is_memory_error
from localwhisper.jobqueue.execution import Execution
from localwhisper.jobqueue.job_execution import (
    Failed,
    Finished,
    Interrupted,
    Lost,
    Outcome,
    WorkItem,
)
from localwhisper.jobqueue.job_repository import JobRepository
from localwhisper.jobqueue.workers import Workers, WorkerStatus
from localwhisper.jobs.drafts import with_draft_corrections, without_draft
from localwhisper.jobs.estimates import FactorKey
from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.suspicion import footprint
from localwhisper.jobs.terms import parse
from localwhisper.jobs.transcript import FRAMES_PER_SECOND, Transcript, Window
from localwhisper.logs import log_internal_error
from localwhisper.messages import Message
from localwhisper.options import Options
from localwhisper.store.real_time_factors import RealTimeFactors

log = logging.getLogger(__name__)


class WorkerPool:
    """The job_execution.Receiver of what its workers report. Threading: the event loop's thread only."""

    def __init__(
        self,
        repository: JobRepository,
        workers: Workers,
        factors: RealTimeFactors,
        on_free: Callable[[], None],
        other_model: Callable[[Options, str], ModelChoice | None],
    ) -> None:
        """`on_free` is called whenever another job may start.

        `other_model` is called on a thread when the model of a job that names none can't be fetched, with the reason;
        it returns None if there is no other.
        """
        self._repository = repository
        self._workers = workers
        self._factors = factors
        self._on_free = on_free
        self._other_model = other_model
        self._executions: dict[str, Execution] = {}  # by execution id; at most one per job
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        self._workers.open(self, self._on_free)

    async def close(self, grace_s: float) -> None:
        """Interrupt all work. Workers that haven't stopped after `grace_s` are abandoned; what they have reported by
        then is still saved."""
        executions = list(self._executions.values())
        for execution in executions:
            execution.channel.stop()
        endings = [asyncio.ensure_future(execution.ended.wait()) for execution in executions]
        if endings:
            await asyncio.wait(endings, timeout=grace_s)
            for execution in executions:
                execution.abandon()
            await asyncio.wait(endings)
        await self._workers.close()

    def running(self) -> list[Job]:
        """Return the jobs in the pool that aren't paused."""
        return [self._job(execution) for execution in self._executions.values() if not execution.is_paused]

    def paused(self) -> list[Job]:
        return [self._job(execution) for execution in self._executions.values() if execution.is_paused]

    def members(self) -> list[tuple[WorkerStatus, list[str]]] | None:
        """Return the workers, each with the ids of its jobs; None if they are this process's own threads."""
        members = self._workers.members()
        if members is None:
            return None
        jobs = {execution.id: execution.job_id for execution in self._executions.values()}
        return [(each, [jobs[id] for id in jobs.keys() & each.execution_ids]) for each in members]

    def worker_names(self, job_id: str) -> Sequence[str] | None:
        """Return the names of the workers that are at a job; None as members()."""
        execution = self._execution_of(job_id)
        return None if execution is None else self._workers.names(execution.id)

    def work(self, job_id: str) -> tuple[float, float]:
        """Return the seconds of work since the job started, and those of audio done before; 0 if it isn't here."""
        execution = self._execution_of(job_id)
        return (0.0, 0.0) if execution is None else (execution.worked_s(), execution.done_before_s)

    def start(self, job_id: str) -> None:
        execution_id = uuid.uuid4().hex
        execution = Execution(execution_id, job_id, self._workers.channel(execution_id))
        self._executions[execution.id] = execution
        task = asyncio.ensure_future(self._drive(execution))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def cancel(self, job_id: str) -> None:
        """Tell a job's worker to stop, and wait for its outcome, which decides."""
        execution = self._execution_of(job_id)
        if execution is None:  # lost by a program error
            await self._repository.move(self._repository.index.get(job_id), JobState.CANCELLED)
            return
        execution.is_cancelled = True
        execution.channel.stop()
        self._repository.progress(job_id, Message("cancelling"))
        await execution.ended.wait()

    def pause(self, job_id: str) -> None:
        """Pause a job at the end of its current window."""
        execution = self._execution_of(job_id)
        if execution is not None:
            execution.channel.pause()
            execution.paused_at_s = time.monotonic()
            execution.message_before_pause = self._job(execution).message
            self._repository.progress(job_id, Message("job_resting"))

    def resume(self, job_id: str) -> None:
        execution = self._execution_of(job_id)
        if execution is not None and execution.paused_at_s is not None:
            execution.channel.resume()
            execution.total_pause_s += time.monotonic() - execution.paused_at_s
            execution.paused_at_s = None
            if execution.message_before_pause is not None and not execution.is_cancelled:
                self._repository.progress(job_id, execution.message_before_pause)

    def _execution_of(self, job_id: str) -> Execution | None:
        return next((execution for execution in self._executions.values() if execution.job_id == job_id), None)

    def _job(self, execution: Execution) -> Job:
        return self._repository.index.get(execution.job_id)

    async def _drive(self, execution: Execution) -> None:
        """Carry a job from its start to its outcome; the only place where an execution ends."""
        try:
            outcome = await self._run(execution)
        except LocalWhisperError as error:  # from the store
            execution.channel.stop()
            outcome = Failed(error.message)
        except Exception as error:
            execution.channel.stop()
            outcome = _internal_error(error)
        try:
            await self._conclude(execution, outcome)
        finally:
            del self._executions[execution.id]
            execution.ended.set()
            self._on_free()

    async def _run(self, execution: Execution) -> Outcome:
        """Give the job to a worker and save its windows until it reports the outcome."""
        store, job = self._repository.store, self._job(execution)
        await self._repository.save(job)
        done = await store.windows(job.id)
        execution.done_before_s = done[-1].after.seek / FRAMES_PER_SECOND if done else 0.0
        audio = await store.audio_path(job)
        if execution.is_abandoned:
            return Interrupted()
        item = WorkItem(
            execution_id=execution.id,
            job_id=job.id,
            audio=audio,
            options=job.options,
            done=done,
            footprint=footprint(job),
            duration_s=job.audio_duration,
        )
        execution.run = asyncio.ensure_future(execution.channel.run(item))
        execution.run.add_done_callback(lambda ended: execution.reports.put_nowait(_outcome(ended)))
        while True:
            report = await execution.reports.get()
            if not isinstance(report, Window):
                return report
            await self._repository.add_window(execution.job_id, report)
            execution.n_unsaved -= 1
            self._show_progress(execution)

    async def _conclude(self, execution: Execution, outcome: Outcome) -> None:
        async with self._repository.outcome_lock(execution.job_id):
            await self._save_outcome(execution, outcome)

    async def _save_outcome(self, execution: Execution, outcome: Outcome) -> None:
        job = self._job(execution)
        match outcome:
            case Finished(transcript, helped_s):
                try:
                    await self._repository.store.save_transcript(job.id, transcript)
                    transcript = await self._with_corrections(job, transcript)
                except LocalWhisperError as error:
                    await self._repository.move(job, JobState.FAILED, error=error.message)
                    return
                audio_s = job.options.selected_s(execution.done_before_s, job.audio_duration)
                work_s, names = transcript.processing_time + helped_s, self._workers.names(execution.id)
                worker = names[0] if names else None
                self._factors.record(FactorKey.of(job.options), work_s=work_s, audio_s=audio_s, worker=worker)
                job = without_draft(job, transcript)
                languages = transcript.channel_languages
                job = replace(
                    job, language=transcript.language, channel_languages=languages, warnings=transcript.warnings
                )
                await self._repository.move(job, JobState.COMPLETED, transcript=transcript)
            case Failed(error_message):
                if error_message.code == ModelDownloadFailed.code and job.model_reason != NAMED:
                    await self._without_model(job, execution, str(error_message.params.get("reason", "")))
                else:
                    await self._repository.move(job, JobState.FAILED, error=error_message)
            case Interrupted():
                await self._repository.move(job, JobState.CANCELLED if execution.is_cancelled else JobState.QUEUED)
            case Lost() if execution.is_cancelled:
                await self._repository.move(job, JobState.CANCELLED)
            case Lost():
                await self._repository.queue_lost(job)

    async def _with_corrections(self, job: Job, transcript: Transcript) -> Transcript:
        """Replace what the job's names and terms say, and what a person corrected in its draft, as corrections of the
        machine's text, which is kept."""

        def correct() -> Transcript:
            return with_draft_corrections(parse(job.options.terms).applied_to(transcript), job.draft_corrections)

        corrected = await asyncio.to_thread(correct)
        if corrected is not transcript:
            await self._repository.store.save_transcript(job.id, corrected)
        return corrected

    async def _without_model(self, job: Job, execution: Execution, reason: str) -> None:
        """Queue the job again with another model; a text that has begun isn't continued with another one."""
        choice = None
        if not execution.done_before_s:
            choice = await asyncio.to_thread(self._other_model, job.options, reason)
        if choice is None:
            error = NoModel(model=job.options.model, reason=reason)
            await self._repository.move(job, JobState.FAILED, error=error.message)
            return
        log.info("job %s gets the model %s", job.id, choice.model)
        job = replace(job, options=replace(job.options, model=choice.model), model_reason=choice.reason)
        await self._repository.move(job, JobState.QUEUED)

    def window(self, execution_id: str, window: Window) -> None:
        execution = self._executions.get(execution_id)
        if execution is not None and not execution.is_abandoned:
            execution.n_unsaved += 1
            execution.reports.put_nowait(window)

    def measured(self, execution_id: str, duration_s: float, track: int) -> None:
        execution = self._executions.get(execution_id)
        if execution is not None:
            self._repository.set_duration(execution.job_id, duration_s, track)

    def progress(self, execution_id: str, done_s: float, message: Message) -> None:
        execution = self._executions.get(execution_id)
        if execution is not None:
            execution.next_progress = (done_s, message)
            self._show_progress(execution)

    def _show_progress(self, execution: Execution) -> None:
        """Publish the last reported progress, once the segments it includes are published."""
        if execution.next_progress is None or execution.n_unsaved or execution.is_cancelled or execution.is_abandoned:
            return
        done_s, message = execution.next_progress
        execution.next_progress = None
        if execution.is_paused:  # about the window at whose end the pause begins
            execution.message_before_pause = message
            message = Message("job_resting")
        self._repository.progress(execution.job_id, message, done_s)


def _outcome(ended: asyncio.Future[Outcome]) -> Outcome:
    """Return the outcome; Interrupted if the worker was given up."""
    if ended.cancelled():
        return Interrupted()
    error = ended.exception()
    return ended.result() if error is None else _internal_error(error)


def _internal_error(error: BaseException) -> Failed:
    if is_memory_error(error):
        return Failed(MemoryFull().message)
    return Failed(log_internal_error(log, error, "an execution was lost").message)
