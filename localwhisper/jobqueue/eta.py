"""How long jobs will take, as the queue stands now."""

from collections.abc import Callable, Mapping
from datetime import datetime

from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.jobs import estimates
from localwhisper.jobs.model import Job, JobState
from localwhisper.jobs.priority import may_preempt
from localwhisper.store.speeds import RealTimeFactors

PACE_FROM_PERCENT = 10.0  # below it the job's own speed_key says too little


class EtaEstimator:
    def __init__(self, queue: JobQueue, speeds: RealTimeFactors, now: Callable[[], datetime]) -> None:
        self._queue = queue
        self._speeds = speeds
        self._now = now

    @property
    def factors(self) -> Mapping[str, float]:
        """The real-time factor measured for each model."""
        return self._speeds.factors

    def work_s(self, job: Job) -> float:
        """Estimated seconds of work left, without the wait."""
        return estimates.work_s(job, self._speeds.factors)

    def speed(self, model: str) -> tuple[float, bool]:
        """Seconds of work for one of audio, and whether that was measured here."""
        factors = self._speeds.factors
        return estimates.real_time_factor(model, factors), estimates.measured_factor(model, factors) is not None

    def queue_position(self, job: Job) -> int | None:
        """1 for the job that is next; None where it doesn't wait."""
        if job.state is not JobState.QUEUED:
            return None
        return self._queue.index.position(job.id)

    def remaining_s(self, job: Job) -> float | None:
        """Estimated seconds until the job is done; None once it has ended."""
        if job.state.ended:
            return None
        if job.state is JobState.PROCESSING:
            return self._running_s(job)
        waiting = self._queue.waiting()
        position = self.queue_position(job) or len(waiting) + 1
        ahead = [one for one in (*self._queue.active(), *waiting[: position - 1]) if not may_preempt(job, one)]
        wait_s = estimates.wait_s(ahead, self._queue.max_concurrent_jobs, self._speeds.factors)
        return wait_s + self.work_s(job)

    def _running_s(self, job: Job) -> float:
        if job.progress < PACE_FROM_PERCENT:
            return self.work_s(job)
        elapsed_s = self._queue.running_s(job.id)
        return elapsed_s * (100 - job.progress) / job.progress
