"""A decoded recording on disk, so that memory does not grow with its length. Its spectrogram: log_mel.py."""

import tempfile
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from whisper.audio import HOP_LENGTH, SAMPLE_RATE

from localwhisper.atomic import make_private_folder, storage_errors

SAMPLE_BYTES = 2
MIN_LONG_GAP_SAMPLES = 3 * int(SAMPLE_RATE)  # shorter ones are like pauses


class Gap(NamedTuple):
    """Where nothing is recorded. Frames of 10 ms."""

    start: int
    end: int


class PcmSpool:
    """Mono 16 kHz samples, int16, in an unnamed file that is deleted with this object and after a crash."""

    def __init__(self, blocks: Iterable[NDArray[np.int16]], folder: Path) -> None:
        """Starts with `blocks`. `folder` is created, for the user alone. It should not be the temporary folder, which
        is memory on many systems: 12 h take 1.4 GB. Raises StorageFull, StorageUnwritable, and what `blocks` raises."""
        with storage_errors(folder):
            make_private_folder(folder)
            self._file = tempfile.TemporaryFile(prefix="pcm-", dir=folder)  # noqa: SIM115  # __exit__ closes it
        self._folder = folder
        self._long_gaps: list[Gap] = []
        self._lock = threading.Lock()
        self.n_samples = 0
        try:
            for block in blocks:
                self.write(self.n_samples, block)
        except BaseException:
            self.close()
            raise

    def write(self, start: int, samples: NDArray[np.int16]) -> None:
        """Append samples that begin at sample `start`. What lies between them and those before is a gap: zeros, which
        take no space. Raises StorageFull, StorageUnwritable."""
        with storage_errors(self._folder):
            self._file.seek(start * SAMPLE_BYTES)
            self._file.write(samples.tobytes())
            self._file.flush()
        if start - self.n_samples >= MIN_LONG_GAP_SAMPLES:
            self._long_gaps.append(Gap(-(-self.n_samples // HOP_LENGTH), start // HOP_LENGTH))
        self.n_samples = start + len(samples)

    def next_long_gap(self, frame: int) -> Gap | None:
        """The first long gap that ends after `frame`."""
        return next((gap for gap in self._long_gaps if gap.end > frame), None)

    def close(self) -> None:
        with suppress(OSError):  # of what could not be written
            self._file.close()

    @property
    def n_frames(self) -> int:
        """Whole log-mel frames of 10 ms."""
        return self.n_samples // int(HOP_LENGTH)

    @property
    def duration_s(self) -> float:
        return self.n_samples / float(SAMPLE_RATE)

    def samples(self, start: int, end: int) -> NDArray[np.float32]:
        """Samples `start` to `end`: float32, shape (end - start,), in [-1, 1].

        Zeros past the recording's end; before its start the samples are reflected, as torch.stft pads them. `end` is
        not before the start. Threading: SAFE.
        """
        out = np.zeros(end - start, np.float32)
        first, last = max(start, 0), min(end, self.n_samples)
        if last > first:
            out[first - start : last - start] = self._read(first, last)
        n_before = min(-start, self.n_samples - 1)
        if n_before > 0:
            out[-start - n_before : -start] = self._read(1, n_before + 1)[::-1]
        return out

    def _read(self, first: int, last: int) -> NDArray[np.float32]:
        # read, not memory-mapped: the pages of a mapped file count as this process's memory
        with self._lock:
            self._file.seek(first * SAMPLE_BYTES)
            pcm = np.frombuffer(self._file.read((last - first) * SAMPLE_BYTES), np.int16)
        samples: NDArray[np.float32] = pcm.astype(np.float32) / np.float32(32768.0)
        return samples

    def __enter__(self) -> "PcmSpool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
