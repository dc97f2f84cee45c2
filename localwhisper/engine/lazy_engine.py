"""An engine that is built when it is first used, so that starting the server doesn't import torch."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from pathlib import Path

from localwhisper.audio.waveform import SpeechSink
from localwhisper.engine.base import BatchSource, Control, Engine, LiveTranscriber
from localwhisper.errors import EngineNotLoaded
from localwhisper.jobs.suspicion import Footprint
from localwhisper.jobs.transcript import Detection, Diarization, Segment, Transcript, Window
from localwhisper.options import Options

CHECK_EVERY_S = 0.1
log = logging.getLogger(__name__)


class LazyEngine:
    """An Engine. Threading: SAFE."""

    def __init__(self, build: Callable[[], Engine]) -> None:
        self._build = build
        self._lock = threading.Lock()
        self._building: Future[Engine] | None = None

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
        return self._built(control.check).transcribe(audio, options, control, done=done, footprint=footprint)

    def help(self, audio: Path, options: Options, batches: BatchSource, control: Control) -> None:
        """See base.Engine. Also raises EngineNotLoaded."""
        self._built(control.check).help(audio, options, batches, control)

    def detect_language(self, audio: Path, model: str, control: Control) -> Detection:
        """See base.Engine. Also raises EngineNotLoaded."""
        return self._built(control.check).detect_language(audio, model, control)

    def align(
        self, audio: Path, options: Options, language: str, segments: Sequence[Segment], control: Control
    ) -> tuple[Segment, ...]:
        """See base.Engine. Also raises EngineNotLoaded."""
        return self._built(control.check).align(audio, options, language, segments, control)

    def find_speakers(self, audio: Path, options: Options, control: Control) -> Diarization:
        """See base.Engine. Also raises EngineNotLoaded."""
        return self._built(control.check).find_speakers(audio, options, control)

    def voiceprints(
        self, audio: Path, spans: Mapping[str, Sequence[tuple[float, float]]], options: Options, control: Control
    ) -> Mapping[str, tuple[float, ...]]:
        """See base.Engine. Also raises EngineNotLoaded."""
        return self._built(control.check).voiceprints(audio, spans, options, control)

    def open_live(self, options: Options, control: Control) -> LiveTranscriber:
        """See base.Engine. Also raises EngineNotLoaded."""
        return self._built(control.check).open_live(options, control)

    def speech_sink(self) -> SpeechSink:
        """See base.Engine. Also raises EngineNotLoaded."""
        return self._built().speech_sink()

    def model_bytes(self) -> Mapping[str, int]:
        building = self._building
        if building is None or not building.done() or building.exception() is not None:
            return {}
        return building.result().model_bytes()

    def prepare(self) -> None:
        """Build the engine on another thread, while the caller does something else."""
        self._begin()

    def _begin(self) -> "Future[Engine]":
        """Build it if nobody has; a failure is forgotten, so that the next use tries again."""
        with self._lock:
            if self._building is None:
                self._building = Future()
                threading.Thread(target=self._run, args=[self._building], name="engine", daemon=True).start()
            return self._building

    def _run(self, building: "Future[Engine]") -> None:
        try:
            building.set_result(self._build())
        except Exception:  # importing torch may raise anything
            log.exception("the engine could not be loaded")
            with self._lock:
                self._building = None
            building.set_exception(EngineNotLoaded())

    def _built(self, check: Callable[[], None] = lambda: None) -> Engine:
        """`check` is called several times a second while the engine is built, which takes seconds; it may raise."""
        building = self._begin()
        while not wait([building], CHECK_EVERY_S).done:
            check()
        return building.result()

    def close(self) -> None:
        building = self._building
        if building is not None and building.exception() is None:  # once it is built
            building.result().close()
            self._building = None
