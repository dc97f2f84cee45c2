"""An engine that is built when it is first used, so that starting the server doesn't import torch."""

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from localwhisper.audio.waveform import SpeechSink
from localwhisper.engine.base import Control, Engine, LiveTranscriber
from localwhisper.errors import EngineNotLoaded
from localwhisper.jobs.suspicion import Footprint
from localwhisper.jobs.transcript import Detection, Diarization, Segment, Transcript, Window
from localwhisper.options import Options

log = logging.getLogger(__name__)


def configure_openmp() -> None:
    """Have OpenMP's threads sleep soon after a parallel operation. Only takes effect before torch is imported.

    By default they spin for milliseconds before they sleep. Other threads need the cores, such as those of a decoder
    step (threads.py), which would take twice as long. They spin for microseconds: sleeping at once would cost a tenth.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # for GNU's OpenMP, which torch uses on Linux


class LazyEngine:
    """An Engine. Threading: SAFE."""

    def __init__(self, build: Callable[[], Engine]) -> None:
        self._build = build
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    def transcribe(
        self,
        audio: Path,
        options: Options,
        control: Control,
        *,
        done: Sequence[Window] = (),
        footprint: Footprint = Footprint.USUAL,
    ) -> Transcript:
        """See base.Engine. Also raises EngineNotLoaded."""
        return self._built().transcribe(audio, options, control, done=done, footprint=footprint)

    def detect_language(self, audio: Path, model: str, control: Control) -> Detection:
        """See base.Engine. Also raises EngineNotLoaded."""
        return self._built().detect_language(audio, model, control)

    def align(
        self, audio: Path, options: Options, language: str, segments: Sequence[Segment], control: Control
    ) -> tuple[Segment, ...]:
        """See base.Engine. Also raises EngineNotLoaded."""
        return self._built().align(audio, options, language, segments, control)

    def find_speakers(self, audio: Path, options: Options, control: Control) -> Diarization:
        """See base.Engine. Also raises EngineNotLoaded."""
        return self._built().find_speakers(audio, options, control)

    def voiceprints(
        self, audio: Path, spans: Mapping[str, Sequence[tuple[float, float]]], options: Options, control: Control
    ) -> Mapping[str, tuple[float, ...]]:
        """See base.Engine. Also raises EngineNotLoaded."""
        return self._built().voiceprints(audio, spans, options, control)

    def open_live(self, options: Options, control: Control) -> LiveTranscriber:
        """See base.Engine. Also raises EngineNotLoaded."""
        return self._built().open_live(options, control)

    def speech_sink(self) -> SpeechSink:
        """See base.Engine. Also raises EngineNotLoaded."""
        return self._built().speech_sink()

    def model_bytes(self) -> Mapping[str, int]:
        engine = self._engine
        return {} if engine is None else engine.model_bytes()

    def prepare(self) -> None:
        """Build the engine on another thread, while the caller does something else."""

        def build() -> None:
            with suppress(EngineNotLoaded):  # raised again by the first use
                self._built()

        threading.Thread(target=build, name="prepare", daemon=True).start()

    def _built(self) -> Engine:
        with self._lock:
            if self._engine is None:
                try:
                    self._engine = self._build()
                except Exception:  # importing torch may raise anything
                    log.exception("the engine could not be loaded")
                    raise EngineNotLoaded from None
            return self._engine

    def close(self) -> None:
        with self._lock:
            if self._engine is not None:
                self._engine.close()
                self._engine = None
