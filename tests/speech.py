"""The bundled clips, and longer recordings made of them."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from localwhisper.app import SAMPLES
from localwhisper.audio.decode import AudioDecoder
from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.commands.selftest import words
from tests.audio.recordings import RATE, joined


def samples() -> dict[Path, str]:
    """The bundled clips, with their texts."""
    rows = json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))
    return {SAMPLES / row["filename"]: row["text"] for row in rows}


def decoded(path: Path, max_audio_s: float = 3600) -> NDArray[np.int16]:
    """The samples of a recording's mix, shape (n,), 16 kHz, without its gaps."""
    decoder = AudioDecoder(Ffmpeg(), path, check=lambda: None, max_audio_s=max_audio_s)
    return np.concatenate([block.samples for block in decoder])


CLIP = SAMPLES / "en-greeting.opus"
SPANISH_CLIP = SAMPLES / "es-saludo.opus"


def is_text_of(clip: Path, text: str) -> bool:
    """Whether the words are those of a bundled clip."""
    return words(text) == words(samples()[clip])


def long_speech(folder: Path, duration_s: float) -> Path:
    """A recording that repeats the bundled clips."""
    target = folder / "long.wav"
    once = joined(*samples()).set_frame_rate(RATE)
    repeated = once * (round(duration_s / once.duration_seconds) + 1)
    repeated[: round(1000 * duration_s)].export(target, format="wav").close()
    return target
