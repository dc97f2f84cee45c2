"""How long jobs will take, as the queue stands now, and which workers are at them."""

import operator
from collections.abc import Mapping, Sequence

from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.jobs import estimates
from localwhisper.jobs.estimates import FactorKey, Factors
from localwhisper.jobs.job import Job, JobState
from localwhisper.store.real_time_factors import RealTimeFactors

MAX_SPARE = 1000  # works of jobs that have left the queue


class EtaEstimator:
    """Threading: the event loop's thread only."""

    def __init__(self, queue: JobQueue, factors: RealTimeFactors) -> None:
        self._queue = queue
        self._factors = factors
        self._waits_s: Mapping[str, float] = {}
        self._waits_inputs: tuple[object, ...] = ()  # the immutable objects from which _waits_s was computed
        self._work_s: dict[str, tuple[Job, Factors, float]] = {}  # of the queued jobs, by id, with what it depends on

    @property
    def measured_factors(self) -> Factors:
        """The real-time factors measured on this machine."""
        return self._factors.measured

    @property
    def worker_factors(self) -> Mapping[str, Factors]:
        """Those measured on each worker of a cluster, by its name."""
        return self._factors.by_worker

    def worker_names(self, job: Job) -> Sequence[str] | None:
        """Return the workers of a cluster that are at a job; None if it doesn't run, or there is no cluster."""
        return self._queue.worker_names(job.id) if job.state is JobState.PROCESSING else None

    def work_s(self, job: Job) -> float:
        """Estimate the seconds of work left in a job, without its wait."""
        return estimates.work_s(job, self._factors.measured)

    def real_time_factor(self, model: str) -> tuple[float, bool]:
        """Return a model's real-time factor, and whether it was measured on this machine."""
        key, measured = FactorKey(model=model), self._factors.measured
        return estimates.real_time_factor(key, measured), estimates.measured_factor(key, measured) is not None

    def queue_position(self, job: Job) -> int | None:
        """Return 1 for the job that starts next; None if it isn't queued."""
        return self._queue.index.queue_position(job)

    def remaining_s(self, job: Job) -> float | None:
        """Estimate the seconds until the job is done; None once it has ended."""
        if job.state.ended:
            return None
        if job.state is JobState.PROCESSING:
            return self._running_s(job)
        return self._wait_s(job) + self.work_s(job)

    def _running_s(self, job: Job) -> float:
        worked_s, done_before_s = self._queue.work(job.id)
        names = self.worker_names(job)
        measured = self._factors.of(names[0]) if names else self._factors.measured
        return estimates.running_s(job, worked_s, done_before_s, measured)

    def _known_work_s(self, job: Job) -> float:
        """As work_s(), which is computed again only for a job that has changed, or after a measurement."""
        measured = self._factors.measured
        known = self._work_s.get(job.id)
        if known is None or known[0] is not job or known[1] is not measured:
            known = self._work_s[job.id] = (job, measured, self.work_s(job))
        return known[2]

    def _wait_s(self, job: Job) -> float:
        """Estimate the seconds until a queued job starts; 0 if it has left the queue meanwhile.

        The waits of all queued jobs are computed at once, when the queue or a running job has changed.
        """
        queued, active, measured = self._queue.waiting(), self._queue.active(), self._factors.measured
        inputs = (queued, measured, *active)
        if len(inputs) != len(self._waits_inputs) or not all(map(operator.is_, inputs, self._waits_inputs)):
            n_workers = self._queue.max_concurrent_jobs
            self._waits_s = estimates.waits_s(queued, active, n_workers, self._known_work_s)
            self._waits_inputs = inputs
            if len(self._work_s) > 2 * len(queued) + MAX_SPARE:
                self._work_s.clear()
        return self._waits_s.get(job.id, 0.0)
