"""A recording's log-mel spectrogram, computed in pieces: memory does not grow with the recording's length.

The values are those of `whisper.audio.log_mel_spectrogram` on the whole file, which clamps at the file's maximum
minus 8: a first pass finds that maximum.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable

import torch
import torch.nn.functional as F
from whisper.audio import HOP_LENGTH, N_FFT, N_FRAMES, mel_filters

from localwhisper.engine.audio_window import AudioWindow
from localwhisper.engine.pcm_spool import PcmSpool

PIECE_FRAMES = 3000  # half a minute
N_CACHED = 16  # windows, of about a MB: each is asked for by several threads, or several times
MIN_POWER = 1e-10  # as in whisper.audio.log_mel_spectrogram
DYNAMIC_RANGE = 8.0  # the same, in powers of ten
SHIFT_SAMPLES = N_FFT // 2  # frame i is centred on sample i * HOP_LENGTH


class LogMel:
    """Frames of 10 ms. Threading: SAFE."""

    def __init__(self, pcm: PcmSpool, n_mels: int, check: Callable[[], None], *, floor: float | None = None) -> None:
        """Reads the whole recording once, unless its `floor` is known; `check` is called before each piece and may
        raise."""
        self._pcm = pcm
        self._filters = mel_filters("cpu", n_mels)
        self._hann_window = torch.hann_window(N_FFT)
        self._cached: OrderedDict[AudioWindow, torch.Tensor] = OrderedDict()  # the windows used last
        self._lock = threading.Lock()  # of the cache
        self._piece = torch.empty(n_mels, 0)  # the first frames, to be used again
        self.floor = self._maximum(check) - DYNAMIC_RANGE if floor is None else floor

    def _maximum(self, check: Callable[[], None]) -> float:
        n_frames = self._pcm.n_frames + 2  # the last samples reach into the two frames past the end
        maximum = -10.0
        for start in range(0, n_frames, PIECE_FRAMES):
            check()
            piece = self._log10_power(start, min(PIECE_FRAMES, n_frames - start))
            maximum = max(maximum, float(piece.max()))
            self._piece = piece if start == 0 else self._piece
        return maximum

    def window(self, window: AudioWindow, length: int = N_FRAMES) -> torch.Tensor:
        """A window's frames, zero-padded to `length`: float32, shape (n_mels, length)."""
        return F.pad(self._frames_of(window), (0, length - window.n_frames))

    def is_uniform(self, window: AudioWindow) -> bool:
        """Whether all values of these frames are equal, which means that none is above the floor."""
        frames = self._frames_of(window)
        return bool((frames == frames[0, 0]).all())

    def _frames_of(self, window: AudioWindow) -> torch.Tensor:
        """A window's frames, computed or from the cache. functools.lru_cache on a method would keep this object, and
        its megabytes, until the next full garbage collection."""
        with self._lock:
            if (frames := self._cached.get(window)) is not None:
                self._cached.move_to_end(window)
                return frames
        frames = torch.cat([self.frames(start, end - start) for start, end in window.spans], dim=1)
        with self._lock:
            self._cached[window] = frames
            if len(self._cached) > N_CACHED:
                self._cached.popitem(last=False)
        return frames

    def frames(self, start: int, n_frames: int) -> torch.Tensor:
        """float32, shape (n_mels, n_frames); past the end of the recording it is silence."""
        return (torch.clamp(self._log10_power(start, n_frames), min=self.floor) + 4.0) / 4.0

    def _log10_power(self, start: int, n_frames: int) -> torch.Tensor:
        if start + n_frames <= self._piece.shape[1]:
            return self._piece[:, start : start + n_frames]
        first = start * HOP_LENGTH - SHIFT_SAMPLES
        samples = torch.from_numpy(self._pcm.samples(first, first + (n_frames - 1) * HOP_LENGTH + N_FFT))
        spectrum = torch.stft(samples, N_FFT, HOP_LENGTH, window=self._hann_window, center=False, return_complex=True)
        return torch.clamp(self._filters @ (spectrum.abs() ** 2), min=MIN_POWER).log10()
