"""Where `transcribe` and `watch` have recordings transcribed: here, or on a running server (server_backend.py)."""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Protocol

from localwhisper import paths
from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.audio.probe import probe
from localwhisper.engine.base import NoControl
from localwhisper.engine.checkpoints.model_choice import ModelChooser, requested_options
from localwhisper.engine_setup import model_library, whisper_engine
from localwhisper.errors import Stopped
from localwhisper.export.about import About
from localwhisper.export.registry import EXPORTERS
from localwhisper.jobs.script_alignment import align_script
from localwhisper.jobs.scripts import lines_of
from localwhisper.jobs.terms import parse
from localwhisper.jobs.transcript import Segment, Transcript
from localwhisper.languages import languages
from localwhisper.messages import Message, render
from localwhisper.options import Layout, Options
from localwhisper.settings import Settings
from localwhisper.store.term_lists import TermLists


class ServerFailed(Exception):
    """What a server answered instead of a transcript. The text is for people."""


ProgressCallback = Callable[[float, str], None]  # fraction of the recording done, a message


@dataclass(frozen=True)
class BackendResult:
    """A transcript: its lines, a function from the name of a format to the file's content."""

    lines: Sequence[str]
    export: Callable[[str], bytes]  # raises as Backend.transcribe
    model: str
    model_reason: str  # why it was this one, for people
    warnings: Sequence[str]  # about the audio


class Backend(Protocol):
    """Threading: SAFE."""

    def transcribe(self, source: Path, on_progress: ProgressCallback) -> BackendResult:
        """Raises Stopped after stop(), otherwise a LocalWhisperError or ServerFailed."""

    def stop(self) -> None:
        """Cancel all running transcriptions."""

    def close(self) -> None: ...


class LocalBackend:
    """Transcribes in this process, with the server's engine."""

    def __init__(
        self, settings: Settings, options: Mapping[str, str], layout: Layout, script: str | None = None
    ) -> None:
        """`options`: texts by the names of the option table, with word times if there is a `script`: a text of the
        recording that replaces what is heard. Raises InvalidOption, ModelCannotTranslate."""
        self._library = library = model_library(settings)
        if os.path.isfile(options.get("model", "")):
            options = {**options, "model": library.add_file(Path(options["model"]))}
        options = TermLists(paths.term_lists(settings.data_dir)).included(options)
        self._chooser = ModelChooser(settings.default_model)
        self._options, self._model_reason = requested_options(
            options, defaults=settings.option_defaults, models=library.entries(), chooser=self._chooser
        )
        self._ffmpeg = Ffmpeg()
        preload = self._options.model, self._options.quality
        self._engine = whisper_engine(settings, library, self._ffmpeg, preload=preload)
        self._engine.prepare()  # while the recording is probed
        self._max_audio_s = settings.max_audio_seconds
        self._layout = layout
        self._script = script
        self._stop = threading.Event()

    def transcribe(self, source: Path, on_progress: ProgressCallback) -> BackendResult:
        duration_s = probe(self._ffmpeg, source, max_audio_s=self._max_audio_s).duration_s
        control = _EngineControl(self._stop, duration_s, on_progress)

        def transcribe(options: Options, reason: Message) -> BackendResult:
            transcript = self._engine.transcribe(source, options, control)
            transcript = parse(options.terms).applied_to(transcript)
            self._options, self._model_reason = options, reason  # for the next recordings, too
            lines = [segment.text.strip() for segment in transcript.segments if segment.text.strip()]
            warnings = [render(warning) for warning in transcript.warnings]
            if self._script is not None:
                transcript = self._aligned(transcript, self._script, source, options, control)
                lines = [segment.text.strip() for segment in transcript.segments]
            about = _about(source, duration_s, transcript)
            export = lambda name: EXPORTERS[name].to_bytes(transcript, self._layout, about)  # noqa: E731
            return BackendResult(lines, export, options.model, render(reason), warnings)

        return self._chooser.run(self._options, self._model_reason, self._library.entries, transcribe)

    def _aligned(
        self, transcript: Transcript, script: str, source: Path, options: Options, control: "_EngineControl"
    ) -> Transcript:
        """The script in place of the transcript, with the times of its words."""

        def align(segments: Sequence[Segment]) -> Sequence[Segment]:
            return self._engine.align(source, options, transcript.language, segments, control)

        aligned = align_script(lines_of(script), transcript, control.duration_s, align)
        text = "".join(segment.text for segment in aligned.segments)
        return replace(transcript, text=text, segments=aligned.segments)

    def stop(self) -> None:
        self._stop.set()

    def close(self) -> None:
        self._engine.close()


def _about(source: Path, duration_s: float, transcript: Transcript) -> About:
    try:
        created_at = datetime.fromtimestamp(source.stat().st_mtime, timezone.utc)
    except (OSError, OverflowError, ValueError):  # removed meanwhile, or an impossible time
        created_at = None
    language_name = languages().get(transcript.language, "")
    return About(filename=source.name, created_at=created_at, duration_s=duration_s, language_name=language_name)


class _EngineControl(NoControl):
    """The engine's Control of one transcription."""

    def __init__(self, stop: threading.Event, duration_s: float, on_progress: ProgressCallback) -> None:
        self._stop = stop
        self.duration_s = duration_s
        self._on_progress = on_progress

    def measured(self, duration_s: float, track: int) -> None:
        self.duration_s = duration_s

    def check(self) -> None:
        if self._stop.is_set():
            raise Stopped

    def progress(self, done_s: float, message: Message) -> None:
        self._on_progress(min(done_s / max(self.duration_s, 0.01), 1.0), render(message))
