"""Recordings made for the tests, of tones and silence."""

import subprocess
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from localwhisper.audio.ffmpeg import ffmpeg_path

RATE = 16000


def tone(duration_s: float, *, frequency: float = 440, level: float = 0.3) -> NDArray[np.int16]:
    """int16, shape (n,), 16 kHz."""
    times_s = np.arange(round(duration_s * RATE)) / RATE
    return (level * 32767 * np.sin(2 * np.pi * frequency * times_s)).astype(np.int16)


def write(path: Path, *channels: NDArray[np.int16]) -> Path:
    """A WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setparams((len(channels), 2, RATE, 0, "NONE", ""))
        file.writeframes(np.stack(channels, axis=1).astype("<i2").tobytes())
    return path


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run([ffmpeg_path(), "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True)
