"""/metrics: what Prometheus watches. Counted from events as they come, measured where it is asked."""

import asyncio
import os
from collections import Counter as Count
from collections.abc import Callable, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import generate_latest

from localwhisper import __version__
from localwhisper.jobqueue.eta import EtaEstimator
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.jobs.events import Event, JobChanged
from localwhisper.jobs.model import JobState
from localwhisper.server.socket_counts import Connections

STORED_EVERY_S = 60.0  # walking the data folder takes a while
WAIT_BUCKETS_S = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400)
FACTOR_BUCKETS = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10)
LAG_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)


class Metrics:
    """Threading: the event loop's thread only."""

    def __init__(
        self,
        *,
        bus: EventBus,
        index: JobIndex,
        eta: EtaEstimator,
        connections: Connections,
        model_bytes: Callable[[], Mapping[str, int]],
        data_dir: Path,
    ) -> None:
        self._index = index
        self._eta = eta
        self._connections = connections
        self._model_bytes = model_bytes
        self._data_dir = data_dir
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        Gauge("localwhisper_info", "The running version.", ["version"], registry=registry).labels(__version__).set(1)
        self._jobs = Gauge("localwhisper_jobs", "Jobs that are kept, by state.", ["state"], registry=registry)
        self._sockets = Gauge("localwhisper_websockets", "Open WebSockets.", registry=registry)
        self._stored = Gauge("localwhisper_stored_bytes", "Bytes in the data folder.", registry=registry)
        self._speed = Gauge(
            "localwhisper_expected_real_time_factor",
            "Seconds of work for a second of audio, as expected.",
            ["model"],
            registry=registry,
        )
        self._ended = Counter("localwhisper_jobs_ended", "Jobs that ended, by state.", ["state"], registry=registry)
        self._wait = Histogram(
            "localwhisper_queue_wait_seconds",
            "From a job's creation to its start.",
            buckets=WAIT_BUCKETS_S,
            registry=registry,
        )
        self._factor = Histogram(
            "localwhisper_real_time_factor",
            "Seconds of work for a second of audio.",
            ["model"],
            buckets=FACTOR_BUCKETS,
            registry=registry,
        )
        self._lag = Histogram(
            "localwhisper_loop_lag_seconds",
            "How late the event loop runs what was due.",
            buckets=LAG_BUCKETS_S,
            registry=registry,
        )
        self._memory = Gauge(
            "localwhisper_model_memory_bytes",
            "About what the weights of a loaded model take.",
            ["model"],
            registry=registry,
        )
        self._stored_at_s = -STORED_EVERY_S
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

    def loop_was_late(self, lag_s: float) -> None:
        self._lag.observe(lag_s)

    async def text(self) -> bytes:
        states = Count(job.state for job in self._index)
        for state in JobState:
            self._jobs.labels(state.value).set(states[state])
        self._sockets.set(self._connections.total)
        for model, factor in self._eta.factors.items():
            self._speed.labels(model).set(factor)
        self._memory.clear()  # a model that was given back is in it no more
        for model, size_bytes in self._model_bytes().items():
            self._memory.labels(model).set(size_bytes)
        loop = asyncio.get_running_loop()
        if loop.time() - self._stored_at_s >= STORED_EVERY_S:
            self._stored_at_s = loop.time()
            self._stored.set(await loop.run_in_executor(None, _bytes_in, self._data_dir))
        return generate_latest(self._registry)


def _bytes_in(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size
            except OSError:  # gone meanwhile
                continue
    return total
