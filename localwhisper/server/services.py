"""What handlers may use, put together in app.py."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from localwhisper.audio.probe import AudioInfo
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.jobqueue.eta import EtaEstimator
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.server.auth import Door
from localwhisper.server.metrics import Metrics
from localwhisper.server.socket_counts import Connections
from localwhisper.server.ws_outbox import Rendered
from localwhisper.services.corrections import Corrections
from localwhisper.services.detection import LanguageDetector
from localwhisper.services.downloads import Downloads
from localwhisper.services.search import Search
from localwhisper.services.transcripts import Transcripts
from localwhisper.services.waveforms import Waveforms
from localwhisper.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Services:
    settings: Settings
    queue: JobQueue
    eta: EtaEstimator
    bus: EventBus
    transcripts: Transcripts
    corrections: Corrections
    waveforms: Waveforms
    search: Search
    library: ModelLibrary
    downloads: Downloads
    detector: LanguageDetector
    connections: Connections
    door: Door
    metrics: Metrics
    rendered: Rendered
    incoming: Path  # where uploads are received
    samples: Path
    uploads: Executor  # for parsing and writing what is uploaded
    probes: Executor  # for reading their sound: apart, since a hostile file takes its time
    probe: Callable[[Path], AudioInfo]  # blocking
    languages: Mapping[str, str]  # code → English name
    now: Callable[[], datetime]
    api: Mapping[str, Any]  # the OpenAPI document
