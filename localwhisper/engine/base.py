"""The interface of an engine, and what it calls back while it works."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from localwhisper.audio.waveform import SpeechSink
from localwhisper.jobs.live import LiveText
from localwhisper.jobs.suspicion import Footprint
from localwhisper.jobs.transcript import Detection, Diarization, Segment, Transcript, Window
from localwhisper.messages import Message
from localwhisper.options import Options


class Helpers(Protocol):
    """Engines of other processes that decode windows of the same recording: see Engine.help(). Threading: SAFE."""

    def offer(self) -> None:
        """Ask for helpers: called as soon as the recording begins to be read."""

    @property
    def n_cores(self) -> int:
        """Of all helpers that are there."""

    @property
    def has_room(self) -> bool:
        """Whether a helper is free for one more batch of windows."""

    def take(self) -> Callable[[bytes, Callable[[], None]], bytes | None] | None:
        """Reserve a helper for one batch, if one is free: a function that has it decoded, and waits for that. It
        returns None if the helper was lost; `check` is called meanwhile, and may raise."""


class Control(Protocol):
    """Called by an engine while it works, on the thread that called the engine."""

    @property
    def speakers_file(self) -> Path | None:
        """Where a search for speakers keeps what it has computed, to continue after a crash; None: nowhere."""

    @property
    def helpers(self) -> Helpers | None:
        """None: all windows are decoded by the engine that is called."""

    def check(self) -> None:
        """Raises errors.Stopped once the work has to stop. Called at least once per decoded token."""

    def measured(self, duration_s: float, track: int) -> None:
        """The recording's real length, once all of it is decoded; called before anything is transcribed.

        `track`: the number of the audio track that is read, from 1.
        """

    def progress(self, done_s: float, message: Message) -> None:
        """`done_s`: seconds of audio done so far; `message`: what is being done. May raise as check()."""

    def window(self, window: Window) -> None:
        """Takes over a decoded window; the engine goes on when it returns. May raise as check()."""


Batch = tuple[bytes, Callable[[bytes], None]]  # windows, and what takes them back decoded
# gives the batches to an engine of so many cores; raises what the second parameter raises while it waits
BatchSource = Callable[[int, Callable[[], None]], Iterator[Batch]]


class NoControl:
    """A Control that ignores what is reported, and never stops the work."""

    speakers_file: Path | None = None
    helpers: Helpers | None = None

    def check(self) -> None: ...

    def measured(self, duration_s: float, track: int) -> None: ...

    def progress(self, done_s: float, message: Message) -> None: ...

    def window(self, window: Window) -> None: ...


class LiveTranscriber(Protocol):
    """Transcribes one recording while it is being made. Threading: one thread at a time."""

    def update(self, pcm: bytes, *, ends: bool = False) -> LiveText:
        """Take the next samples, mono, 16 kHz, signed 16-bit little-endian; return what is known of them.

        `ends`: what is being said ends here.

        Raises what `check` of its Control raises.
        """

    def close(self) -> None:
        """Give back the model."""


class Engine(Protocol):
    """Threading: SAFE. transcribe() may run on any number of threads at once."""

    def transcribe(
        self,
        audio: Path,
        options: Options,
        control: Control,
        *,
        done: Sequence[Window] = (),
        footprint: Footprint = Footprint.USUAL,
    ) -> Transcript:
        """Transcribe an audio file.

        `done`: the windows of an earlier, interrupted run. Decoding continues after them, and the transcript contains
        them. `footprint`: how many windows at once, on how many cores, in which formats.
        Raises Stopped, or a LocalWhisperError.
        """

    def help(self, audio: Path, options: Options, batches: BatchSource, control: Control) -> None:
        """Decode windows for another engine that transcribes the same audio with the same options, until
        `control` raises. Raises Stopped, or a LocalWhisperError.
        """

    def detect_language(self, audio: Path, model: str, control: Control) -> Detection:
        """The language spoken in the first 30 s of an audio file. Raises Stopped, or a LocalWhisperError."""

    def align(
        self, audio: Path, options: Options, language: str, segments: Sequence[Segment], control: Control
    ) -> tuple[Segment, ...]:
        """Find the times of the words of a text that is known; nothing is decoded.

        `options`: those of the job whose text this is; `segments`: in the order of time, with or without tokens.
        Returns them with `words`, and with the times of these. Raises Stopped, or a LocalWhisperError.
        """

    def find_speakers(self, audio: Path, options: Options, control: Control) -> Diarization:
        """Who speaks when in an audio file, as the options say. Raises Stopped, or a LocalWhisperError."""

    def voiceprints(
        self, audio: Path, spans: Mapping[str, Sequence[tuple[float, float]]], options: Options, control: Control
    ) -> Mapping[str, tuple[float, ...]]:
        """A unit vector for each speaker, by which voices of several recordings are compared.

        `spans`: where each speaker is heard alone, in seconds. Raises Stopped, or a LocalWhisperError.
        """

    def open_live(self, options: Options, control: Control) -> LiveTranscriber:
        """Load the model for a recording that is being made. Raises Stopped, or a LocalWhisperError."""

    def speech_sink(self) -> SpeechSink:
        """Return a sink for decoded audio, 16 kHz mono, which finds where somebody speaks in it."""

    def model_bytes(self) -> Mapping[str, int]:
        """The approximate size of the weights of each model in memory, by name."""

    def close(self) -> None:
        """Give back all memory."""
