"""A file's sound on disk, and its log-mel spectrogram in pieces: memory doesn't grow with the length.

The values are those of `whisper.audio.log_mel_spectrogram` on the whole file, which clamps at the whole
file's loudest value minus 8: a first pass finds that value.
"""

import tempfile
from collections.abc import Callable, Iterable
from types import TracebackType

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from whisper.audio import HOP_LENGTH, N_FFT, N_FRAMES, SAMPLE_RATE, mel_filters

PIECE_FRAMES = 6000  # one minute
_FLOOR = 1e-10
_SAMPLE_BYTES = 2
_SHIFT_SAMPLES = N_FFT // 2  # frame i is centred on sample i * HOP_LENGTH


class Recording:
    """Mono 16 kHz samples, int16, in an unnamed temporary file that goes with this object."""

    def __init__(self, blocks: Iterable[NDArray[np.int16]]) -> None:
        self._file = tempfile.TemporaryFile(prefix="localwhisper-")  # noqa: SIM115  # __exit__ closes it
        self.n_samples = 0
        try:
            for block in blocks:
                self._file.write(block.tobytes())
                self.n_samples += len(block)
            self._file.flush()
        except BaseException:
            self._file.close()
            raise

    @property
    def n_frames(self) -> int:
        """Whole log-mel frames of 10 ms."""
        return self.n_samples // int(HOP_LENGTH)

    @property
    def duration_s(self) -> float:
        return self.n_samples / float(SAMPLE_RATE)

    def samples(self, start: int, end: int) -> NDArray[np.float32]:
        """float32, shape (end - start,), in [-1, 1]; zeros behind the end, mirrored before the start, which is not
        behind `end`. Threading: one thread at a time."""
        out = np.zeros(end - start, np.float32)
        first, last = max(start, 0), min(end, self.n_samples)
        if last > first:
            out[first - start : last - start] = self._read(first, last)
        n_before = min(-start, self.n_samples - 1)
        if n_before > 0:
            out[-start - n_before : -start] = self._read(1, n_before + 1)[::-1]
        return out

    def _read(self, first: int, last: int) -> NDArray[np.float32]:
        # not mapped: what was read of a mapped file counts as this process's memory
        self._file.seek(first * _SAMPLE_BYTES)
        found = np.frombuffer(self._file.read((last - first) * _SAMPLE_BYTES), np.int16)
        samples: NDArray[np.float32] = found.astype(np.float32) / np.float32(32768.0)
        return samples

    def __enter__(self) -> "Recording":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


class LogMel:
    """The log-mel spectrogram of a recording."""

    def __init__(self, recording: Recording, n_mels: int, check: Callable[[], None]) -> None:
        """Goes through the whole recording once; `check` may raise between pieces."""
        self._recording = recording
        self._filters = mel_filters("cpu", n_mels)
        self._window = torch.hann_window(N_FFT)
        loudest = -10.0
        for start in range(0, max(recording.n_frames + 2, 1), PIECE_FRAMES):
            check()
            loudest = max(loudest, float(self._log(start, min(PIECE_FRAMES, recording.n_frames + 2 - start)).max()))
        self._floor = loudest - 8.0

    def window(self, start: int, n: int, length: int = N_FRAMES) -> torch.Tensor:
        """`n` frames from `start` on, zero-padded to whisper's window or less: float32, shape (n_mels, length)."""
        return F.pad(self.frames(start, n), (0, length - n))

    def is_even(self, start: int, n: int) -> bool:
        """Whether nothing in these frames is louder than the floor."""
        frames = self.frames(start, n)
        return bool((frames == frames[0, 0]).all())

    def frames(self, start: int, n: int) -> torch.Tensor:
        """float32, shape (n_mels, n); what lies behind the end is silence."""
        return (torch.clamp(self._log(start, n), min=self._floor) + 4.0) / 4.0

    def _log(self, start: int, n: int) -> torch.Tensor:
        first = start * HOP_LENGTH - _SHIFT_SAMPLES
        samples = torch.from_numpy(self._recording.samples(first, first + (n - 1) * HOP_LENGTH + N_FFT))
        spectrum = torch.stft(samples, N_FFT, HOP_LENGTH, window=self._window, center=False, return_complex=True)
        return torch.clamp(self._filters @ (spectrum.abs() ** 2), min=_FLOOR).log10()
