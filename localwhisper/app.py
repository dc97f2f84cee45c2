"""The composition root: the only file that builds everything, and knows in which order it starts and stops."""

import asyncio
import errno
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

import tornado.netutil

from localwhisper import paths
from localwhisper.atomic import make_private_folder, storage_errors
from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.audio.probe import probe
from localwhisper.audio.waveform import compute_waveform
from localwhisper.engine.base import Engine
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.lazy_engine import LazyEngine
from localwhisper.errors import PortInUse
from localwhisper.jobqueue.eta import EtaEstimator
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.jobqueue.loop_priority import lower_thread_priority
from localwhisper.languages import languages
from localwhisper.server.application import Application
from localwhisper.server.connection_limit import RESERVED_DESCRIPTORS, LimitedHTTPServer, raise_descriptor_limit
from localwhisper.server.metrics import LoopLag, Metrics, SocketCounts
from localwhisper.server.services import JobServices, ModelServices, Services, SocketServices, UploadServices
from localwhisper.server.ws_outbox import FrameCache
from localwhisper.services.corrections import Corrections
from localwhisper.services.detection import LanguageDetector
from localwhisper.services.downloads import Downloads
from localwhisper.services.search import Search
from localwhisper.services.transcripts import Transcripts
from localwhisper.services.waveforms import Waveforms
from localwhisper.settings import Settings
from localwhisper.store.async_store import AsyncStore
from localwhisper.store.files import FileStore
from localwhisper.store.lock import DataDirLock
from localwhisper.store.speeds import RealTimeFactors, load_factors, save_factors
from localwhisper.store.text_index import TextIndex

PACKAGE = Path(__file__).parent
ASSETS = PACKAGE / "assets"
SAMPLES = ASSETS / "samples"
UPLOAD_THREADS = 8
PROBE_THREADS = 4
BODY_TIMEOUT_S = 60  # of what isn't an upload
CHUNK_BYTES = 256 * 1024


def web_folder() -> Path:
    """The page's files: inside the installed package, else beside it in a checkout."""
    inside = PACKAGE / "web"
    return inside if inside.is_dir() else PACKAGE.parent / "web"


def utc_now() -> datetime:
    return datetime.now(timezone.utc)


def started_threads(n_threads: int, name: str) -> ThreadPoolExecutor:
    """An executor with all its threads, which otherwise come one by one: where memory is short then, submit() raises,
    and yet another thread may do the work later."""
    executor = ThreadPoolExecutor(n_threads, name)
    all_here = threading.Barrier(n_threads + 1)
    for _ in range(n_threads):
        executor.submit(all_here.wait)
    all_here.wait()
    return executor


def model_library(settings: Settings) -> ModelLibrary:
    return ModelLibrary(
        settings.model_dir,
        mirror=settings.model_mirror,
        unpack_dir=paths.bundled_model(settings.data_dir),
        assets=ASSETS,
    )


def whisper_engine(settings: Settings, library: ModelLibrary, ffmpeg: Ffmpeg) -> Engine:
    """The real engine; torch is imported by its first work."""

    def build() -> Engine:
        from localwhisper.engine.model_cache import ModelCache
        from localwhisper.engine.whisper_engine import WhisperEngine

        with suppress(OSError):  # who writes there says why it can't be
            make_private_folder(settings.data_dir)
        cache = ModelCache(library, idle_timeout_s=settings.model_idle_timeout)
        return WhisperEngine(library, cache, ffmpeg, max_audio_s=settings.max_audio_seconds)

    return LazyEngine(build)


class App:
    """One server on one data directory. `engine` stands in for the real one in tests."""

    def __init__(
        self,
        settings: Settings,
        *,
        engine: Engine | None = None,
        now: Callable[[], datetime] = utc_now,
        yield_to_loop: Callable[[], None] = lambda: None,
    ) -> None:
        """`yield_to_loop`: see jobqueue.loop_priority."""
        self.settings = settings
        self._lock = DataDirLock(settings.data_dir)
        library = model_library(settings)
        self._ffmpeg = Ffmpeg()
        self._engine = engine or whisper_engine(settings, library, self._ffmpeg)
        self._store = AsyncStore(FileStore(settings.data_dir))
        self._uploads = started_threads(UPLOAD_THREADS, "upload")
        self._probes = started_threads(PROBE_THREADS, "probe")
        factors_file = paths.speeds(settings.data_dir)
        factors = RealTimeFactors(load_factors(factors_file), partial(self._store.later, save_factors, factors_file))
        bus = EventBus()
        self._queue = JobQueue(
            store=self._store,
            engine=self._engine,
            bus=bus,
            factors=factors,
            new_executor=partial(ThreadPoolExecutor, 2 * settings.max_concurrent_jobs, "worker", lower_thread_priority),
            max_concurrent_jobs=settings.max_concurrent_jobs,
            now=now,
            default_model=settings.default_model,
            yield_to_loop=yield_to_loop,
        )
        self._downloads = Downloads(library, bus)
        self._detector = LanguageDetector(self._engine)
        index, eta, socket_counts = self._queue.index, EtaEstimator(self._queue, factors), SocketCounts()
        metrics = Metrics(
            bus=bus,
            index=index,
            eta=eta,
            sockets=socket_counts,
            model_bytes=self._engine.model_bytes,
            data_dir=settings.data_dir,
        )
        self._lag = LoopLag(metrics.observe_loop_lag)
        self._search = Search(index, self._store, TextIndex(paths.search_index(settings.data_dir)), bus)
        transcripts = Transcripts(index, self._store)
        self._waveforms = Waveforms(
            index, self._store, partial(compute_waveform, self._ffmpeg, max_audio_s=settings.max_audio_seconds)
        )
        self._services = Services(
            settings=settings,
            bus=bus,
            metrics=metrics,
            jobs=JobServices(
                queue=self._queue,
                index=index,
                eta=eta,
                transcripts=transcripts,
                corrections=Corrections(index, transcripts, self._store, bus),
                waveforms=self._waveforms,
                search=self._search,
            ),
            models=ModelServices(
                library=library,
                downloads=self._downloads,
                detector=self._detector,
                languages=languages(),
            ),
            uploads=UploadServices(
                folder=paths.incoming(settings.data_dir),
                executor=self._uploads,
                probe_executor=self._probes,
                probe=partial(probe, self._ffmpeg, max_audio_s=settings.max_audio_seconds),
            ),
            sockets=SocketServices(counts=socket_counts, frame_cache=FrameCache(), now=now),
        )

    async def start(self) -> int:
        """Listen, and take up the jobs; returns the port.

        Raises DataDirInUse, StorageUnwritable, StoreTooNew or PortInUse.
        """
        settings = self.settings
        with storage_errors(settings.data_dir):
            for folder in (settings.data_dir, paths.jobs(settings.data_dir), paths.incoming(settings.data_dir)):
                make_private_folder(folder)
        self._lock.acquire()
        self._server = LimitedHTTPServer(
            Application(self._services, web=web_folder(), samples=SAMPLES),
            max_descriptors=raise_descriptor_limit() - RESERVED_DESCRIPTORS,
            chunk_size=CHUNK_BYTES,
            max_body_size=1024 * 1024,
            no_keep_alive=False,
            idle_connection_timeout=120,
            body_timeout=BODY_TIMEOUT_S,
        )
        sockets = self._bind()
        try:
            await self._queue.start(after_crash=self._lock.found_crash)
        except BaseException:
            for opened in sockets:
                opened.close()
            self._lock.release()
            raise
        self._search.start()
        self._server.add_sockets(sockets)
        self._lag.start()
        port: int = sockets[0].getsockname()[1]
        return port

    def _bind(self) -> list[socket.socket]:
        settings = self.settings
        try:
            return tornado.netutil.bind_sockets(settings.port, settings.host)
        except OSError as error:
            self._lock.release()
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                raise PortInUse(port=settings.port, host=settings.host) from None
            raise

    async def stop(self) -> None:
        """Take nothing more, interrupt the work, close all. What was interrupted goes on at the next start."""
        self._server.stop()
        self._lag.stop()
        self._downloads.stop()
        self._detector.stop()
        self._waveforms.stop()
        await self._queue.stop()
        await self._server.close_all_connections()
        await self._search.stop()
        self._uploads.shutdown(wait=False, cancel_futures=True)
        self._probes.shutdown(wait=False, cancel_futures=True)
        self._ffmpeg.kill_all()
        await asyncio.get_running_loop().run_in_executor(None, self._store.close)
        self._lock.release()
