"""Generated recordings in which nobody speaks: models tend to invent text for them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.accuracy.recordings import SpeechRecording
from tests.audio.recordings import write

RATE = 16000
DURATION_S = 10.0
CHORDS = ((220, 262, 330), (175, 220, 262), (196, 247, 294), (131, 165, 196))  # Hz


def recordings_without_speech(folder: Path) -> list[SpeechRecording]:
    """Write them into a folder."""
    return [
        SpeechRecording(
            path=write(folder / f"{name}.wav", (np.clip(samples, -1, 1) * 32767).astype(np.int16)),
            corpus="generated",
            language="",
            kind=name.split(" ")[-1],
            text=None,
            is_trusted=False,
            expects_no_text=True,
            duration_s=DURATION_S,
        )
        for name, samples in _signals().items()
    ]


def _signals() -> dict[str, NDArray[np.float64]]:
    n = round(DURATION_S * RATE)
    at_s = np.arange(n) / RATE
    white = np.random.default_rng(0).standard_normal(n)
    pink = np.fft.irfft(np.fft.rfft(white) / np.sqrt(np.maximum(np.arange(n // 2 + 1), 1)), n)
    pink /= pink.std()
    return {
        "silence": np.zeros(n),
        "room tone as silence": 0.003 * pink,
        "white noise": 0.03 * white,
        "pink noise": 0.1 * pink,
        "mains hum noise": sum(0.2 / k * np.sin(2 * np.pi * 50 * k * at_s) for k in (1, 2, 3)) + 0.001 * white,
        "clicks noise": np.where(np.arange(n) % (RATE // 2) < 40, 0.5, 0.0) + 0.002 * white,
        "music": _music(at_s),
    }


def _music(at_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Plucked chords, one every 0.6 s."""
    since_s = at_s % 0.6
    chords = np.array(CHORDS)[(at_s // 0.6).astype(int) % len(CHORDS)]
    harmonics = [np.sin(2 * np.pi * k * chords * since_s[:, None]).sum(axis=1) / k for k in (1, 2, 3, 4)]
    music: NDArray[np.float64] = 0.08 * np.sum(harmonics, axis=0) * np.exp(-3 * since_s)
    return music
