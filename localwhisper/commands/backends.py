"""Who does the work of `transcribe` and `watch`: this process, or a running server."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from localwhisper.app import model_library, whisper_engine
from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.audio.probe import probe
from localwhisper.client import Client, Progress, ServerError
from localwhisper.errors import Stopped
from localwhisper.export.registry import EXPORTERS
from localwhisper.jobs.model import Window
from localwhisper.messages import Message, render
from localwhisper.options import Layout, options_from_texts
from localwhisper.settings import Settings

Report = Callable[[float, str], None]  # fraction of the recording done, what is going on


@dataclass(frozen=True)
class Made:
    """A transcript: its lines, and its content in any format."""

    lines: Sequence[str]
    export: Callable[[str], bytes]


class Backend(Protocol):
    """Threading: SAFE."""

    def transcribe(self, source: Path, report: Report) -> Made:
        """Raises Stopped once told to stop, else a LocalWhisperError or a ServerError."""

    def stop(self) -> None:
        """End all work as soon as can be."""

    def close(self) -> None: ...


class Here:
    """This process, with the same engine as the server's."""

    def __init__(self, settings: Settings, fields: Mapping[str, str], layout: Layout) -> None:
        """Raises InvalidOption, ModelCannotTranslate."""
        library = model_library(settings)
        self._options = options_from_texts(fields, defaults=settings.option_defaults, models=library.entries())
        self._ffmpeg = Ffmpeg()
        self._engine = whisper_engine(settings, library, self._ffmpeg)
        self._max_audio_s = settings.max_audio_seconds
        self._layout = layout
        self._stop = threading.Event()

    def transcribe(self, source: Path, report: Report) -> Made:
        duration_s = probe(self._ffmpeg, source, max_audio_s=self._max_audio_s).duration_s
        transcript = self._engine.transcribe(source, self._options, _Control(self._stop, duration_s, report))
        lines = [segment.text.strip() for segment in transcript.segments if segment.text.strip()]
        return Made(lines, lambda name: EXPORTERS[name].to_bytes(transcript, self._layout))

    def stop(self) -> None:
        self._stop.set()

    def close(self) -> None:
        self._engine.close()


class _Control:
    """An engine's Control."""

    def __init__(self, stop: threading.Event, duration_s: float, report: Report) -> None:
        self._stop = stop
        self._duration_s = duration_s
        self._report = report

    def check(self) -> None:
        if self._stop.is_set():
            raise Stopped

    def progress(self, done_s: float, message: Message) -> None:
        self._report(min(done_s / self._duration_s, 1.0), render(message))

    def window(self, window: Window) -> None:
        pass


class There:
    """A running server: each file is a job of its, seen on its page like any other."""

    def __init__(self, url: str, token: str | None, fields: Mapping[str, str], layout: Layout) -> None:
        self._client = Client(url, token=token)
        self._fields = fields
        self._layout = {name: value for name, value in asdict(layout).items() if value}
        self._running: set[str] = set()  # job ids
        self._stopping = False

    def transcribe(self, source: Path, report: Report) -> Made:
        job_id = ""

        def on_progress(progress: Progress) -> None:
            nonlocal job_id
            job_id = progress.job_id
            self._running.add(job_id)
            if self._stopping:
                raise Stopped
            report(progress.percent / 100, progress.message)

        try:
            result = self._client.transcribe(source, on_progress=on_progress, **self._fields)  # type: ignore[arg-type]
        except ServerError as error:
            if self._stopping and error.code == "cancelled":
                raise Stopped from None
            raise
        finally:
            self._running.discard(job_id)
        lines = [segment.text.strip() for segment in result.segments if segment.text.strip()]
        return Made(lines, lambda name: self._client.export(result.job_id, name, **self._layout))

    def stop(self) -> None:
        self._stopping = True
        for job_id in tuple(self._running):
            self._client.cancel(job_id)

    def close(self) -> None:
        self._client.close()
