"""What handlers may use, in one group per subject; built in app.py."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from localwhisper.audio.probe import AudioInfo
from localwhisper.engine.checkpoints.found_models import FoundModels
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.checkpoints.model_choice import ModelChooser
from localwhisper.jobqueue.eta import EtaEstimator
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.server.metrics import Metrics, SocketCounts
from localwhisper.server.ws_outbox import FrameCache
from localwhisper.services.clips import Clips
from localwhisper.services.corrections import Corrections
from localwhisper.services.detection import LanguageDetector
from localwhisper.services.downloads import Downloads
from localwhisper.services.drafts import Drafts
from localwhisper.services.health import Health
from localwhisper.services.known_voices import KnownVoices
from localwhisper.services.live_text import LiveTexts
from localwhisper.services.option_reader import OptionReader
from localwhisper.services.recordings import Recordings
from localwhisper.services.scripts import Scripts
from localwhisper.services.search import Search
from localwhisper.services.second_texts import SecondTexts
from localwhisper.services.speakers import Speakers
from localwhisper.services.transcripts import Transcripts
from localwhisper.services.watched_folders import WatchedFolders
from localwhisper.services.waveforms import Waveforms
from localwhisper.services.word_times import WordTimes
from localwhisper.settings import Settings
from localwhisper.store.term_lists import TermLists


@dataclass(frozen=True, kw_only=True)
class JobDependencies:
    queue: JobQueue
    index: JobIndex
    eta: EtaEstimator
    transcripts: Transcripts
    corrections: Corrections
    waveforms: Waveforms
    clips: Clips
    recordings: Recordings
    live_texts: LiveTexts
    drafts: Drafts
    search: Search
    word_times: WordTimes
    second_texts: SecondTexts
    scripts: Scripts
    speakers: Speakers
    known_voices: KnownVoices


@dataclass(frozen=True, kw_only=True)
class ModelDependencies:
    library: ModelLibrary
    found: FoundModels
    chooser: ModelChooser
    downloads: Downloads
    detector: LanguageDetector
    languages: Mapping[str, str]  # code → English name


@dataclass(frozen=True, kw_only=True)
class UploadDependencies:
    folder: Path  # where files are kept while they are received and checked
    executor: Executor  # parses and writes bodies
    probe_executor: Executor  # runs probe(); separate, because a hostile file can keep a thread busy for long
    probe: Callable[[Path], AudioInfo]  # blocking
    max_descriptors: int  # in use while another upload is accepted


@dataclass(frozen=True, kw_only=True)
class SocketDependencies:
    counts: SocketCounts
    frame_cache: FrameCache
    now: Callable[[], datetime]


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    settings: Settings
    health: Health
    bus: EventBus
    metrics: Metrics
    jobs: JobDependencies
    models: ModelDependencies
    uploads: UploadDependencies
    sockets: SocketDependencies
    options: OptionReader
    term_lists: TermLists
    watched_folders: WatchedFolders
