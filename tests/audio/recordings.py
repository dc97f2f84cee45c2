"""Recordings made for the tests: tones, silence, and the bundled clips, joined. See also tests/speech.py."""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from localwhisper.audio.clip import audio_segment_class
from localwhisper.audio.ffmpeg import ffmpeg_path

RATE = 16000
AudioSegment = audio_segment_class()
AudioSegment.converter = ffmpeg_path()


def tone(duration_s: float, *, frequency: float = 440, level: float = 0.3) -> NDArray[np.int16]:
    """int16, shape (n,), 16 kHz."""
    times_s = np.arange(round(duration_s * RATE)) / RATE
    return (level * 32767 * np.sin(2 * np.pi * frequency * times_s)).astype(np.int16)


def write(path: Path, *channels: NDArray[np.int16], rate: int = RATE) -> Path:
    """A WAV file."""
    pcm = np.stack(channels, axis=1).astype("<i2").tobytes()
    AudioSegment(pcm, sample_width=2, frame_rate=rate, channels=len(channels)).export(path, format="wav").close()
    return path


def joined(*clips: Path, pause_s: float = 0.0) -> Any:
    """Some of the bundled clips, each followed by a pause, as an AudioSegment."""
    pause = AudioSegment.silent(round(1000 * pause_s))
    # with the codec given, pydub needs no ffprobe
    return sum((AudioSegment.from_file(clip, codec="libopus") + pause for clip in clips), AudioSegment.empty())


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run([ffmpeg_path(), "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True)
