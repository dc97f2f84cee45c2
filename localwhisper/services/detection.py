"""Language detection on a dedicated thread, bypassing the queue: the answer does not wait for transcriptions."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from localwhisper.engine.base import Engine, NoControl
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.checkpoints.model_choice import ModelChooser
from localwhisper.errors import Stopped
from localwhisper.jobs.transcript import Detection
from localwhisper.messages import Message
from localwhisper.options import Options


class StopControl(NoControl):
    """An engine's Control that can stop the work, and ignores what it reports. Threading: SAFE."""

    def __init__(self, is_gone: Callable[[], bool] = lambda: False) -> None:
        """`is_gone`: whether what is worked on has been removed; called on the engine's thread."""
        self._stop = threading.Event()
        self._is_gone = is_gone

    def stop(self) -> None:
        self._stop.set()

    def check(self) -> None:
        if self._stop.is_set() or self._is_gone():
            raise Stopped

    def progress(self, done_s: float, message: Message) -> None:
        self.check()


class LanguageDetector:
    """One detection at a time. Threading: the event loop's thread only."""

    def __init__(self, engine: Engine, library: ModelLibrary, chooser: ModelChooser) -> None:
        self._engine = engine
        self._library = library
        self._chooser = chooser
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="detector")
        self._controls: set[StopControl] = set()

    async def detect(self, audio: Path) -> Detection:
        """Detect the language with the model that a job gets which names none.

        Raises NoModel, and what reading the audio and loading the model raise. When cancelled, it stops the engine, and
        ends once that no longer uses the file.
        """
        control = StopControl()
        self._controls.add(control)
        work = self._thread.submit(self._detect, audio, control)
        detection = asyncio.wrap_future(work)
        try:
            return await asyncio.shield(detection)
        except asyncio.CancelledError:
            control.stop()
            work.cancel()
            await asyncio.gather(detection, return_exceptions=True)
            raise
        finally:
            self._controls.discard(control)

    def _detect(self, audio: Path, control: StopControl) -> Detection:
        """On the detector's thread."""
        options = Options(model=self._chooser.default_model)
        choice = self._chooser.choose(options, self._library.entries())
        return self._chooser.run(
            replace(options, model=choice.model),
            choice.reason,
            self._library.entries,
            lambda options, _: self._engine.detect_language(audio, options.model, control),
        )

    def stop(self) -> None:
        for control in self._controls:
            control.stop()
        self._thread.shutdown(wait=False, cancel_futures=True)
