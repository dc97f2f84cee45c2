"""Figures about the running server: Prometheus metrics, open sockets, the event loop's lag."""

import asyncio
import os
from collections import Counter as Count
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import generate_latest

from localwhisper import __version__
from localwhisper.jobqueue.eta import EtaEstimator
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.jobqueue.workers import WorkerStatus
from localwhisper.jobs.events import Event, JobChanged
from localwhisper.jobs.job import JobState

STORED_BYTES_EVERY_S = 60.0  # walking the data folder takes a while
LAG_EVERY_S = 0.25
WAIT_BUCKETS_S = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400)
FACTOR_BUCKETS = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10)
LAG_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)


class SocketCounts:
    """How many WebSockets are open, and for which jobs."""

    def __init__(self) -> None:
        self.total = 0
        self._by_job: Count[str] = Count()

    @property
    def job_ids(self) -> list[str]:
        return list(self._by_job)

    def add(self, job_id: str | None) -> None:
        self.total += 1
        if job_id is not None:
            self._by_job[job_id] += 1

    def remove(self, job_id: str | None) -> None:
        self.total -= 1
        if job_id is not None:
            self._by_job[job_id] -= 1
            if not self._by_job[job_id]:
                del self._by_job[job_id]


class LoopLag:
    """A timer that measures how late the event loop calls it. Threading: the event loop's thread only."""

    def __init__(self, observe: Callable[[float], None]) -> None:
        """`observe` gets each measurement, in seconds."""
        self._observe = observe
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._due_s = loop.time() + LAG_EVERY_S
        self._timer = loop.call_at(self._due_s, self._measure)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _measure(self) -> None:
        self._observe(max(asyncio.get_running_loop().time() - self._due_s, 0.0))
        self.start()


class Metrics:
    """What /metrics answers: counters kept up to date by events, gauges set when the text is requested.

    Threading: the event loop's thread only.
    """

    def __init__(
        self,
        *,
        bus: EventBus,
        index: JobIndex,
        eta: EtaEstimator,
        sockets: SocketCounts,
        members: Callable[[], Sequence[tuple[WorkerStatus, Sequence[str]]] | None],
        model_bytes: Callable[[], Mapping[str, int]],
        data_dir: Path,
    ) -> None:
        self._index = index
        self._eta = eta
        self._socket_counts = sockets
        self._members = members
        self._model_bytes = model_bytes
        self._data_dir = data_dir
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        gauge, histogram = partial(Gauge, registry=registry), partial(Histogram, registry=registry)
        gauge("localwhisper_info", "The running version.", ["version"]).labels(__version__).set(1)
        self._jobs = gauge("localwhisper_jobs", "Jobs in the store, by state.", ["state"])
        self._sockets = gauge("localwhisper_websockets", "Open WebSockets.")
        self._stored = gauge("localwhisper_stored_bytes", "Bytes in the data folder.")
        expected = (
            "Expected seconds of work per second of audio. variant: quality and batch where they are not the defaults, "
            "and 'clip' for audio shorter than a window."
        )
        self._speed = gauge("localwhisper_expected_real_time_factor", expected, ["model", "variant"])
        self._ended = Counter("localwhisper_jobs_ended", "Jobs that ended, by state.", ["state"], registry=registry)
        wait = "Seconds from a job's creation to its start."
        self._wait = histogram("localwhisper_queue_wait_seconds", wait, buckets=WAIT_BUCKETS_S)
        measured = "Measured seconds of work per second of audio."
        self._factor = histogram("localwhisper_real_time_factor", measured, ["model"], buckets=FACTOR_BUCKETS)
        lag = "How late the event loop runs scheduled callbacks."
        self._lag = histogram("localwhisper_loop_lag_seconds", lag, buckets=LAG_BUCKETS_S)
        memory = "Approximate size of a loaded model's weights."
        self._memory = gauge("localwhisper_model_memory_bytes", memory, ["model"])
        self._worker_jobs = gauge("localwhisper_worker_jobs", "Jobs that a worker of a cluster is at.", ["worker"])
        capacity = "Jobs that a worker does at once; 0 while it gets none."
        self._worker_capacity = gauge("localwhisper_worker_max_concurrent_jobs", capacity, ["worker"])
        worker_speed = "Expected seconds of work per second of audio on a worker, once measured there."
        labels = ["worker", "model", "variant"]
        self._worker_speed = gauge("localwhisper_worker_real_time_factor", worker_speed, labels)
        self._stored_at_s = -STORED_BYTES_EVERY_S
        bus.subscribe(self._on_event)

    def _on_event(self, event: Event) -> None:
        if not isinstance(event, JobChanged):
            return
        job = event.job
        if job.state is JobState.PROCESSING and job.started_at is not None:
            self._wait.observe(max(0.0, (job.started_at - job.created_at).total_seconds()))
        elif job.state.ended:
            self._ended.labels(job.state.value).inc()
            if event.transcript is not None and job.audio_duration > 1:
                factor = event.transcript.processing_time / job.audio_duration
                self._factor.labels(job.options.model).observe(factor)

    def observe_loop_lag(self, lag_s: float) -> None:
        self._lag.observe(lag_s)

    async def text(self) -> bytes:
        states = Count(job.state for job in self._index)
        for state in JobState:
            self._jobs.labels(state.value).set(states[state])
        self._sockets.set(self._socket_counts.total)
        for key, factor in self._eta.measured_factors.items():
            self._speed.labels(key.model, key.variant).set(factor)
        self._set_workers()
        self._memory.clear()  # drops models that have been unloaded
        for model, size_bytes in self._model_bytes().items():
            self._memory.labels(model).set(size_bytes)
        loop = asyncio.get_running_loop()
        if loop.time() - self._stored_at_s >= STORED_BYTES_EVERY_S:
            self._stored_at_s = loop.time()
            self._stored.set(await loop.run_in_executor(None, _bytes_in, self._data_dir))
        return await loop.run_in_executor(None, generate_latest, self._registry)  # reads files of /proc

    def _set_workers(self) -> None:
        for each in (self._worker_jobs, self._worker_capacity, self._worker_speed):
            each.clear()  # drops workers that are gone
        for worker, job_ids in self._members() or ():
            self._worker_jobs.labels(worker.name).set(len(job_ids))
            self._worker_capacity.labels(worker.name).set(worker.capacity if worker.problem is None else 0)
            for key, factor in self._eta.worker_factors.get(worker.name, {}).items():
                self._worker_speed.labels(worker.name, key.model, key.variant).set(factor)


def _bytes_in(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size
            except OSError:  # removed meanwhile
                continue
    return total
