"""A file's sound as a row of peaks, for a picture of it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from localwhisper.audio.decode import decode
from localwhisper.audio.ffmpeg import SAMPLE_RATE
from localwhisper.jobs.model import Waveform

N_PEAKS = 1600  # about two a pixel on a common screen


def waveform(path: Path, duration_s: float, check: Callable[[], None], *, max_audio_s: float) -> Waveform:
    """The peaks of `duration_s` seconds of sound, in bounded memory. Raises as decode() does."""
    n_samples = max(round(duration_s * SAMPLE_RATE), 1)
    loudest = np.zeros(N_PEAKS, np.int32)
    at = 0
    for block in decode(path, check=check, max_audio_s=max_audio_s):
        places = np.minimum(np.arange(at, at + len(block), dtype=np.int64) * N_PEAKS // n_samples, N_PEAKS - 1)
        np.maximum.at(loudest, places, np.abs(block.astype(np.int32)))
        at += len(block)
    return Waveform(duration=duration_s, peaks=tuple(int(peak) for peak in np.minimum(loudest >> 7, 255)))
