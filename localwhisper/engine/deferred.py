"""An engine that is built by its first work, so that starting the server imports no torch."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from localwhisper.engine.base import Control, Engine
from localwhisper.jobs.model import Options, Transcript, Window


class DeferredEngine:
    """Threading: SAFE."""

    def __init__(self, build: Callable[[], Engine]) -> None:
        self._build = build
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    def transcribe(self, audio: Path, options: Options, control: Control, *, done: Sequence[Window] = ()) -> Transcript:
        with self._lock:
            if self._engine is None:
                self._engine = self._build()
        return self._engine.transcribe(audio, options, control, done=done)

    def close(self) -> None:
        with self._lock:
            if self._engine is not None:
                self._engine.close()
                self._engine = None
