"""What the runner asks of an engine, and what an engine asks of whoever runs it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from localwhisper.jobs.model import Detection, Transcript, Window
from localwhisper.messages import Message
from localwhisper.options import Options


class Control(Protocol):
    """The other end of the work. Threading: called on the worker's thread only."""

    def check(self) -> None:
        """Raise errors.Stopped once the work is to stop. Called at least once a token."""

    def progress(self, done_s: float, message: Message) -> None:
        """Seconds of audio done so far, and what is going on."""

    def window(self, window: Window) -> None:
        """One more window is decoded; returns when it is handed over and the work may go on. May raise as check()."""


class Engine(Protocol):
    """Threading: SAFE. transcribe() may run on any number of threads at once."""

    def transcribe(self, audio: Path, options: Options, control: Control, *, done: Sequence[Window] = ()) -> Transcript:
        """The transcript of an audio file.

        `done` are the windows of an earlier run that was interrupted: the work goes on behind
        them, and the transcript contains them. Raises Stopped, or a LocalWhisperError.
        """

    def detect_language(self, audio: Path, model: str, control: Control) -> Detection:
        """What is spoken in the first 30 s of an audio file. Raises Stopped, or a LocalWhisperError."""

    def model_bytes(self) -> Mapping[str, int]:
        """About how much memory the weights of each loaded model take."""

    def close(self) -> None:
        """Give all memory back."""
