"""The composition root: builds all parts of a server from its settings, and starts and stops them in order."""

from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import ExitStack
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from localwhisper import distributed, paths
from localwhisper.audio.clip import cut_clip
from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.audio.probe import probe
from localwhisper.audio.recording import RecordingReader
from localwhisper.audio.waveform import compute_waveform
from localwhisper.engine.base import Engine
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.checkpoints.model_choice import ModelChooser, live_options
from localwhisper.engine_setup import ASSETS, found_models, model_library, whisper_engine
from localwhisper.jobqueue.eta import EtaEstimator
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.jobqueue.thread_workers import ThreadWorkers
from localwhisper.jobqueue.workers import Workers
from localwhisper.languages import languages
from localwhisper.server import serializers
from localwhisper.server.application import Application
from localwhisper.server.connection_limit import (
    CONNECTIONS_BESIDE_UPLOADS,
    LimitedHTTPServer,
    descriptors_for_clients,
    raise_descriptor_limit,
)
from localwhisper.server.dependencies import (
    Dependencies,
    JobDependencies,
    ModelDependencies,
    SocketDependencies,
    UploadDependencies,
)
from localwhisper.server.listening import bind
from localwhisper.server.metrics import LoopLag, Metrics, SocketCounts
from localwhisper.server.prestarted_executor import prestarted_executor
from localwhisper.server.ws_outbox import FrameCache
from localwhisper.services.clips import Clips
from localwhisper.services.corrections import Corrections
from localwhisper.services.detection import LanguageDetector
from localwhisper.services.downloads import Downloads
from localwhisper.services.drafts import Drafts
from localwhisper.services.file_jobs import FileJobs
from localwhisper.services.health import Health
from localwhisper.services.job_notices import JobNotices
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
from localwhisper.store.async_store import AsyncStore
from localwhisper.store.data_dir import DataDir
from localwhisper.store.files import FileStore
from localwhisper.store.notices import NoticeStore
from localwhisper.store.real_time_factors import RealTimeFactors, load_factors, save_factors
from localwhisper.store.term_lists import TermLists
from localwhisper.store.text_index import TextIndex
from localwhisper.watching.finished import FinishedRecordings
from localwhisper.watching.watched_folders import WatchedFolderFile

PACKAGE = Path(__file__).parent
SAMPLES = ASSETS / "samples"
UPLOAD_THREADS = 8
PROBE_THREADS = 4
BODY_TIMEOUT_S = 60  # of requests other than uploads
IDLE_CONNECTION_TIMEOUT_S = 120
MAX_BODY_BYTES = 1024 * 1024  # of requests other than uploads
MAX_HEADER_BYTES = 1024 * 1024  # with the URL: its query may hold a prompt, up to 12 bytes for each character
CHUNK_BYTES = 256 * 1024


def web_folder() -> Path:
    """The page's files: inside the installed package, or beside the package in a checkout."""
    installed = PACKAGE / "web"
    return installed if installed.is_dir() else PACKAGE.parent / "web"


def utc_now() -> datetime:
    return datetime.now(timezone.utc)


class App:
    """One server on one data directory."""

    def __init__(
        self,
        settings: Settings,
        *,
        engine: Engine | None = None,
        now: Callable[[], datetime] = utc_now,
        new_executor: Callable[[], Executor] | None = None,
        yield_to_loop: Callable[[], None] = lambda: None,
        faults_to_file: bool = False,
    ) -> None:
        """`engine`, `now` and `new_executor` are replaced in tests; `yield_to_loop`: see jobqueue.loop_priority.
        `faults_to_file`: the process belongs to this server, so its crashes are recorded in the data directory."""
        self.settings = settings
        self._max_descriptors = descriptors_for_clients(raise_descriptor_limit(), settings.max_concurrent_jobs)
        self._data_dir = DataDir(settings.data_dir, faults_to_file=faults_to_file)
        self._ffmpeg = Ffmpeg()
        self._probe = partial(probe, self._ffmpeg, max_audio_s=settings.max_audio_seconds)
        self._upload_executor = prestarted_executor(UPLOAD_THREADS, "upload")
        self._probe_executor = prestarted_executor(PROBE_THREADS, "probe")
        self.store = AsyncStore(FileStore(settings.data_dir))
        self._bus = EventBus()
        library = model_library(settings)
        chooser = ModelChooser(settings.default_model)
        engine = engine or whisper_engine(settings, library, self._ffmpeg)
        factors_file = paths.real_time_factors(settings.data_dir)
        factors = RealTimeFactors(load_factors(factors_file), partial(self.store.later, save_factors, factors_file))
        workers: Workers = ThreadWorkers(engine, settings.max_concurrent_jobs, yield_to_loop, new_executor)
        if settings.scheduler is not None:
            workers = distributed.cluster_workers(settings.scheduler, settings, library.path)
        self.queue = JobQueue(
            store=self.store,
            workers=workers,
            bus=self._bus,
            factors=factors,
            now=now,
            default_model=chooser.default_model,
            other_model=lambda options, reason: chooser.after_failure(options, library.entries(), reason),
            tells_ends=bool(settings.webhooks or settings.job_end_command),
        )
        eta, socket_counts = EtaEstimator(self.queue, factors), SocketCounts()
        metrics = Metrics(
            bus=self._bus,
            index=self.queue.index,
            eta=eta,
            sockets=socket_counts,
            members=self.queue.members,
            model_bytes=engine.model_bytes,
            data_dir=settings.data_dir,
        )
        self._notices = JobNotices(
            self._bus,
            NoticeStore(paths.notices(settings.data_dir)),
            urls=settings.webhooks,
            secret=settings.webhook_secret,
            command=settings.job_end_command,
            describe=lambda job: serializers.job_body(job, eta, "en"),
            note_told=partial(self.queue.note_done, notice_due=False),
        )
        self._loop_lag = LoopLag(metrics.observe_loop_lag)
        jobs = self._job_dependencies(eta, engine, library)
        term_lists = TermLists(paths.term_lists(settings.data_dir))
        options = OptionReader(library, chooser, term_lists, settings.option_defaults)
        self.dependencies = Dependencies(
            settings=settings,
            health=Health(self.queue, settings.data_dir, self._data_dir.problem),
            bus=self._bus,
            metrics=metrics,
            jobs=jobs,
            models=ModelDependencies(
                library=library,
                found=found_models(settings, library),
                chooser=chooser,
                downloads=Downloads(library, self._bus),
                detector=LanguageDetector(engine, library, chooser),
                languages=languages(),
            ),
            uploads=UploadDependencies(
                folder=paths.incoming(settings.data_dir),
                executor=self._upload_executor,
                probe_executor=self._probe_executor,
                max_descriptors=self._max_descriptors - CONNECTIONS_BESIDE_UPLOADS,
                probe=self._probe,
            ),
            sockets=SocketDependencies(counts=socket_counts, frame_cache=FrameCache(), now=now),
            term_lists=term_lists,
            options=options,
            watched_folders=self._watched_folders(jobs.transcripts, options),
        )

    def _watched_folders(self, transcripts: Transcripts, read_options: OptionReader) -> WatchedFolders:
        data_dir = self.settings.data_dir
        return WatchedFolders(
            self.queue,
            transcripts,
            self._bus,
            WatchedFolderFile(paths.watched_folders(data_dir)),
            data_dir=data_dir,
            finished=lambda: FinishedRecordings(paths.finished_recordings(data_dir)),
            new_jobs=FileJobs(self.queue, incoming=paths.incoming(data_dir), probe=self._probe, options=read_options),
        )

    def _job_dependencies(self, eta: EtaEstimator, engine: Engine, library: ModelLibrary) -> JobDependencies:
        settings, index, store = self.settings, self.queue.index, self.store
        transcripts = Transcripts(index, store)
        reader = RecordingReader(self._ffmpeg, max_audio_s=settings.max_audio_seconds)
        incoming = paths.incoming(settings.data_dir)
        compute = partial(compute_waveform, reader, engine.speech_sink)
        corrections = Corrections(transcripts, store, self._bus)
        word_times = WordTimes(index, transcripts, corrections, engine, self._bus)
        options_for = partial(live_options, models=library.entries, real_time_factor=eta.real_time_factor)
        return JobDependencies(
            queue=self.queue,
            index=index,
            eta=eta,
            transcripts=transcripts,
            corrections=corrections,
            waveforms=Waveforms(index, store, compute),
            clips=Clips(index, transcripts, partial(cut_clip, self._ffmpeg, max_audio_s=settings.max_audio_seconds)),
            recordings=Recordings(
                self.queue,
                transcripts,
                incoming=incoming,
                max_bytes=settings.max_upload_bytes,
                max_audio_s=settings.max_audio_seconds,
                ffmpeg=self._ffmpeg,
            ),
            known_voices=KnownVoices(index, transcripts, engine, paths.known_voices(settings.data_dir)),
            speakers=Speakers(
                index, transcripts, corrections, word_times, engine, paths.speaker_searches(settings.data_dir)
            ),
            drafts=Drafts(self.queue, corrections),
            live_texts=LiveTexts(engine, index, transcripts, self._bus, options_for=options_for),
            search=Search(index, store, TextIndex(paths.search_index(settings.data_dir)), self._bus),
            second_texts=SecondTexts(self.queue, transcripts, corrections, self._bus, incoming=incoming),
            word_times=word_times,
            scripts=Scripts(index, transcripts, corrections, word_times),
        )

    async def start(self) -> int:
        """Read all jobs, run those that are queued, and listen; returns the port.

        Raises DataDirInUse, StorageUnwritable, StoreTooNew, PortInUse or PortForbidden.
        """
        with ExitStack() as on_failure:
            previous_end = self._data_dir.open()
            on_failure.callback(self._data_dir.close)
            self._server = self._http_server()
            sockets = bind(self.settings.host, self.settings.port)
            for listening in sockets:
                on_failure.callback(listening.close)
            await self.queue.start(previous_end)
            await self.dependencies.jobs.recordings.load()
            self.dependencies.jobs.second_texts.load()
            on_failure.pop_all()
        self.dependencies.jobs.search.start()
        await self.dependencies.jobs.speakers.resume()
        await self._notices.start(list(self.queue.index))
        await self.dependencies.watched_folders.start()
        self._server.add_sockets(sockets)
        self._loop_lag.start()
        port: int = sockets[0].getsockname()[1]
        return port

    def _http_server(self) -> LimitedHTTPServer:
        return LimitedHTTPServer(
            Application(self.dependencies, web=web_folder(), samples=SAMPLES),
            max_descriptors=self._max_descriptors,
            chunk_size=CHUNK_BYTES,
            max_body_size=MAX_BODY_BYTES,
            max_header_size=MAX_HEADER_BYTES,
            no_keep_alive=False,
            idle_connection_timeout=IDLE_CONNECTION_TIMEOUT_S,
            body_timeout=BODY_TIMEOUT_S,
        )

    async def stop(self) -> None:
        """Stop listening, interrupt all work and close everything. Interrupted jobs continue at the next start."""
        jobs, models = self.dependencies.jobs, self.dependencies.models
        self._server.stop()
        self._loop_lag.stop()
        self.dependencies.health.stop()
        models.downloads.stop()
        models.detector.stop()
        jobs.waveforms.stop()
        jobs.clips.stop()
        jobs.known_voices.stop()
        self._notices.stop()
        await self.dependencies.watched_folders.stop()
        jobs.word_times.stop()
        await jobs.speakers.stop()
        await jobs.recordings.stop()
        await jobs.live_texts.stop()
        await jobs.queue.stop()
        await self._server.close_all_connections()
        await jobs.search.stop()
        self._upload_executor.shutdown(wait=False, cancel_futures=True)
        self._probe_executor.shutdown(wait=False, cancel_futures=True)
        self._ffmpeg.close()
        await self.store.close()
        self._data_dir.close()
