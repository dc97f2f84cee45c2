"""An engine's Control for tests, and audio files for it to read."""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from localwhisper.errors import Stopped
from localwhisper.jobs.transcript import Window
from localwhisper.messages import Message


class Recorder:
    """A Control that records what the engine reports, and stops it at the n-th check."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.stop_at = stop_at
        self.checks = 0
        self.speakers_file: Path | None = None
        self.windows: list[Window] = []
        self.done_s: list[float] = []
        self.messages: list[Message] = []

    def check(self) -> None:
        self.checks += 1
        if self.stop_at is not None and self.checks >= self.stop_at:
            raise Stopped

    def measured(self, duration_s: float, track: int) -> None:
        self.duration_s = duration_s

    def progress(self, done_s: float, message: Message) -> None:
        self.done_s.append(done_s)
        self.messages.append(message)

    def window(self, window: Window) -> None:
        self.windows.append(window)


def write_wav(path: Path, samples: NDArray[np.int16], rate: int = 16000, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())
    return path
