"""Language detection in a lane of its own: answered at once, however long the queue is."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from localwhisper.engine.base import Engine
from localwhisper.errors import Stopped
from localwhisper.jobs.model import Detection, Window
from localwhisper.messages import Message


class _Flag:
    """An engine's Control that only knows when to stop."""

    def __init__(self) -> None:
        self._stop = threading.Event()

    def stop(self) -> None:
        self._stop.set()

    def check(self) -> None:
        if self._stop.is_set():
            raise Stopped

    def progress(self, done_s: float, message: Message) -> None:
        self.check()

    def window(self, window: Window) -> None:
        pass


class LanguageDetector:
    """Threading: the event loop's thread only; the work is done on a thread beside the workers'."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="detector")
        self._running: set[_Flag] = set()

    async def detect(self, audio: Path, model: str) -> Detection:
        """Raises what reading the audio and loading the model raise. Stops when it is cancelled."""
        flag = _Flag()
        self._running.add(flag)
        try:
            work = asyncio.get_running_loop().run_in_executor(
                self._thread, self._engine.detect_language, audio, model, flag
            )
            return await work
        finally:
            flag.stop()
            self._running.discard(flag)

    def stop(self) -> None:
        for flag in self._running:
            flag.stop()
        self._thread.shutdown(wait=False, cancel_futures=True)
