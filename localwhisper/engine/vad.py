"""Voice activity by loudness alone: which parts of a recording to skip, and where to cut it.

One pass over the samples, some thousand times faster than real time, without a model. It only has to find what is
surely not speech: silence and even noise. Everything else is left to whisper's no-speech probability, so every
threshold leans towards decoding too much.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from whisper.audio import HOP_LENGTH, N_FRAMES

from localwhisper.engine.pcm_spool import PcmSpool

STEP_FRAMES = 5  # 50 ms: a pause between two words has several steps, a click one
PIECE_STEPS = 1200  # one minute
SILENCE_DB = -100.0  # level of a step of zeros, relative to full scale
NOISE_PERCENTILE, LOUD_PERCENTILE = 5, 99  # even fluent speech has a twentieth of closures and pauses
EVEN_DB = 6.0  # between those two: speech varies by 20 and more, white noise by 1, other even noise by 4
MIN_MARGIN_DB, MARGIN = 6.0, 0.25  # of the threshold above the noise: at least that, or that part of the way to loud
MAX_THRESHOLD_DB = -40.0  # what is louder is always decoded, unless the whole recording is even
FAINT_DB = 40.0  # what is this much below loud is never speech
LEAD_FRAMES = 30  # before the first loud step: a soft onset
CUT_FROM_FRAMES = 2000  # the last third of a window is searched for a place to cut
PAUSE_STEPS = 6  # 0.3 s: the shortest pause to cut in
SIMILAR_DB = 3.0  # pauses that differ by less are alike: the last one is taken, for long windows


class VoiceActivity:
    """Positions are frames of the log-mel spectrogram, of 10 ms. Threading: SAFE."""

    def __init__(self, pcm: PcmSpool, check: Callable[[], None]) -> None:
        """Reads the recording once; `check` is called before each piece and may raise. Keeps 80 bytes a second."""
        self._n_frames = pcm.n_frames
        self._levels_db = _levels_db(pcm, check)
        speech_db, self._pause_db = _thresholds_db(self._levels_db)
        self._is_loud = self._levels_db > speech_db

    def next_speech(self, frame: int) -> int | None:
        """The first frame from `frame` on where somebody may be speaking; None if there is none."""
        step = frame // STEP_FRAMES
        n_quiet = int(self._is_loud[step:].argmax()) if step < len(self._is_loud) else 0
        if step >= len(self._is_loud) or not self._is_loud[step + n_quiet]:
            return None
        return max(frame, (step + n_quiet) * STEP_FRAMES - LEAD_FRAMES)

    def pause(self, start: int) -> int | None:
        """Where to end a window that begins at frame `start`: in the middle of the last of the quietest pauses in its
        last third, or at the recording's end. None if there is no pause."""
        if start + N_FRAMES >= self._n_frames:
            return self._n_frames
        first, last = (start + CUT_FROM_FRAMES) // STEP_FRAMES + 1, (start + N_FRAMES) // STEP_FRAMES
        spans_db = np.lib.stride_tricks.sliding_window_view(self._levels_db[first:last], PAUSE_STEPS)
        means_db = np.where(spans_db.max(axis=1) <= self._pause_db, spans_db.mean(axis=1), np.inf)
        if not np.isfinite(means_db).any():
            return None
        is_quiet = means_db <= means_db.min() + SIMILAR_DB
        end = int(np.flatnonzero(is_quiet)[-1])
        loud_before = np.flatnonzero(~is_quiet[:end])
        begin = int(loud_before[-1]) + 1 if len(loud_before) else 0
        return (first + (begin + end + PAUSE_STEPS) // 2) * STEP_FRAMES


def _levels_db(pcm: PcmSpool, check: Callable[[], None]) -> NDArray[np.float32]:
    """Level of each step, relative to full scale; shape (n_steps,)."""
    step_samples = STEP_FRAMES * HOP_LENGTH
    n_steps = -(-pcm.n_samples // step_samples)
    levels_db = np.empty(n_steps, np.float32)
    for first in range(0, n_steps, PIECE_STEPS):
        check()
        last = min(first + PIECE_STEPS, n_steps)
        steps = pcm.samples(first * step_samples, last * step_samples).reshape(-1, step_samples)
        levels_db[first:last] = 10 * np.log10(np.square(steps).mean(axis=1) + 10 ** (SILENCE_DB / 10))
    return levels_db


def _thresholds_db(levels_db: NDArray[np.float32]) -> tuple[float, float]:
    """Above the first level somebody may be speaking; it is infinite where everything is silent or even. Below the
    second is a pause."""
    recorded_db = levels_db[levels_db > SILENCE_DB + 1]  # zeros were inserted, and say nothing about the noise
    if not len(recorded_db):
        return np.inf, np.inf
    noise_db, loud_db = np.percentile(recorded_db, [NOISE_PERCENTILE, LOUD_PERCENTILE])
    if loud_db - noise_db < EVEN_DB:
        return np.inf, np.inf
    pause_db = noise_db + max(MIN_MARGIN_DB, MARGIN * (loud_db - noise_db))
    return float(max(min(pause_db, MAX_THRESHOLD_DB), loud_db - FAINT_DB)), float(pause_db)
