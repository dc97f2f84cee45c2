"""A file's audio as a row of peaks, from which the page draws a waveform."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from localwhisper.audio.decode import decode_audio
from localwhisper.audio.ffmpeg import SAMPLE_RATE, Ffmpeg
from localwhisper.jobs.transcript import Waveform

N_PEAKS = 1600  # about two for each pixel on a common screen


def compute_waveform(
    ffmpeg: Ffmpeg, path: Path, duration_s: float, check: Callable[[], None], *, max_audio_s: float
) -> Waveform:
    """The peaks of the first `duration_s` seconds, in bounded memory. Raises what decode_audio() raises."""
    n_samples = max(round(duration_s * SAMPLE_RATE), 1)
    peaks = np.zeros(N_PEAKS, np.int32)
    position = 0
    for block in decode_audio(ffmpeg, path, check=check, max_audio_s=max_audio_s):
        samples = np.arange(position, position + len(block), dtype=np.int64)
        bins = np.minimum(samples * N_PEAKS // n_samples, N_PEAKS - 1)
        np.maximum.at(peaks, bins, np.abs(block.astype(np.int32)))
        position += len(block)
    return Waveform(duration=duration_s, peaks=tuple(int(peak) for peak in np.minimum(peaks >> 7, 255)))
