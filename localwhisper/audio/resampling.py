"""Samples of a stream at another rate → 16 kHz, piece by piece."""

import math

import numpy as np
from numpy.typing import NDArray

from localwhisper.audio.ffmpeg import SAMPLE_RATE

N_ZEROS = 16  # of the windowed sinc, on each side, at the lower of the two rates
CUTOFF = 0.92  # of the lower rate's Nyquist frequency


class StreamResampler:
    """Mono samples, int16. Its delay is N_ZEROS samples of the lower rate. Threading: one thread at a time."""

    def __init__(self, rate: int) -> None:
        """`rate`: of the samples that come."""
        divisor = math.gcd(rate, SAMPLE_RATE)
        self._up, self._down = SAMPLE_RATE // divisor, rate // divisor
        slower = max(self._up, self._down)
        half = N_ZEROS * slower  # of the filter, in steps of 1 / (rate * up)
        at = np.arange(-half, half + 1) * CUTOFF / slower
        taps = np.sinc(at) * np.blackman(len(at))
        self._taps = np.pad(taps * self._up / taps.sum(), (0, -len(taps) % self._up))
        self._n_before = len(self._taps) // self._up - 1  # samples that the first output needs before it
        self._waiting = np.zeros(self._n_before, np.float64)
        self._phase = 0  # of the next output: steps after the first sample that isn't in its past

    def resample(self, samples: NDArray[np.int16]) -> NDArray[np.int16]:
        """The next samples at 16 kHz, shape (n,)."""
        if self._up == self._down:
            return samples
        buffer = np.concatenate([self._waiting, samples.astype(np.float64)])
        n_steps = len(samples) * self._up
        steps = np.arange(self._phase, n_steps, self._down)
        self._phase += len(steps) * self._down - n_steps
        self._waiting = buffer[len(buffer) - self._n_before :]
        if not len(steps):
            return np.empty(0, np.int16)
        ends, phases = np.divmod(steps, self._up)
        windows = np.lib.stride_tricks.sliding_window_view(buffer, self._n_before + 1)[ends]
        by_phase = self._taps.reshape(-1, self._up).T[:, ::-1]  # (up, n_before + 1): for a window, oldest first
        resampled = (windows * by_phase[phases]).sum(axis=1)
        rounded: NDArray[np.int16] = np.clip(np.rint(resampled), -32768, 32767).astype(np.int16)
        return rounded
