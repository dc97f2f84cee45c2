"""What handlers may use, put together in app.py."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from localwhisper.audio.probe import AudioInfo
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.runner.bus import Bus
from localwhisper.runner.corrections import Corrections
from localwhisper.runner.detection import Detector
from localwhisper.runner.downloads import Downloads
from localwhisper.runner.outlook import Outlook
from localwhisper.runner.queue import JobQueue
from localwhisper.runner.search import Search
from localwhisper.runner.waveforms import Waveforms
from localwhisper.server.connections import Connections
from localwhisper.server.door import Door
from localwhisper.server.metrics import Metrics
from localwhisper.server.rendered import Rendered
from localwhisper.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Services:
    settings: Settings
    queue: JobQueue
    outlook: Outlook
    bus: Bus
    corrections: Corrections
    waveforms: Waveforms
    search: Search
    library: ModelLibrary
    downloads: Downloads
    detector: Detector
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
