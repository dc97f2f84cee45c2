"""Where in a recording somebody may be speaking, by loudness alone: what to leave out, and where to cut.

The lightest way that is sound here: one pass over the samples, some thousand times faster than real time, no model of
its own to load. It only has to find what is surely not speech, silence and even noise; whatever else there is
whisper judges by itself, with its no-speech probability. So every threshold leans towards decoding too much.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from whisper.audio import HOP_LENGTH, N_FRAMES

from localwhisper.engine.pcm_spool import PcmSpool

STEP_FRAMES = 5  # 50 ms: a pause between two words has several, a click one
PIECE_STEPS = 1200  # one minute
SILENCE_DB = -100.0  # of full scale: a step of zeros
NOISE_PERCENTILE, LOUD_PERCENTILE = 5, 99  # also fluent speech has a twentieth of closures and pauses
EVEN_DB = 6.0  # between those two: speech swings by 20 and more, white noise by 1, other even noise by 4
LEAST_MARGIN_DB, MARGIN = 6.0, 0.25  # above the noise: at least that, or that part of the way to what is loud
LOUDEST_THRESHOLD_DB = -40.0  # louder than this is always decoded, unless all of it is even
FAINT_DB = 40.0  # further below what is loud nobody speaks
LEAD_FRAMES = 30  # before the first loud step: a soft onset
CUT_FROM_FRAMES = 2000  # a window's last third is searched for the place to cut
PAUSE_STEPS = 6  # 0.3 s: what is cut in
AS_QUIET_DB = 3.0  # pauses that differ by less are alike: the last is taken, for long windows


class Speech:
    """Frames are those of the log-mel spectrogram, of 10 ms."""

    def __init__(self, recording: PcmSpool, check: Callable[[], None]) -> None:
        """Goes through the recording once; `check` may raise between pieces. Keeps 80 bytes a second."""
        self._n_frames = recording.n_frames
        self._levels_db = _levels_db(recording, check)
        loud_db, self._quiet_db = _thresholds_db(self._levels_db)
        self._loud = self._levels_db > loud_db

    def begins(self, frame: int) -> int | None:
        """The first frame from `frame` on where speech may be under way; None where none comes."""
        step = frame // STEP_FRAMES
        later = int(self._loud[step:].argmax()) if step < len(self._loud) else 0
        if step >= len(self._loud) or not self._loud[step + later]:
            return None
        return max(frame, (step + later) * STEP_FRAMES - LEAD_FRAMES)

    def pause(self, start: int) -> int | None:
        """Where a window that begins at frame `start` is to end: in the quietest pause of its last third, or with the
        recording. None where nobody pauses."""
        if start + N_FRAMES >= self._n_frames:
            return self._n_frames
        first, last = (start + CUT_FROM_FRAMES) // STEP_FRAMES + 1, (start + N_FRAMES) // STEP_FRAMES
        parts_db = np.lib.stride_tricks.sliding_window_view(self._levels_db[first:last], PAUSE_STEPS)
        means_db = np.where(parts_db.max(axis=1) <= self._quiet_db, parts_db.mean(axis=1), np.inf)
        if not np.isfinite(means_db).any():
            return None
        is_quiet = means_db <= means_db.min() + AS_QUIET_DB
        last = int(np.flatnonzero(is_quiet)[-1])
        loud_before = np.flatnonzero(~is_quiet[:last])
        begin = int(loud_before[-1]) + 1 if len(loud_before) else 0
        return (first + (begin + last + PAUSE_STEPS) // 2) * STEP_FRAMES


def _levels_db(recording: PcmSpool, check: Callable[[], None]) -> NDArray[np.float32]:
    """Of each step, relative to full scale; shape (n_steps,)."""
    size = STEP_FRAMES * HOP_LENGTH
    n_steps = -(-recording.n_samples // size)
    levels = np.empty(n_steps, np.float32)
    for first in range(0, n_steps, PIECE_STEPS):
        check()
        last = min(first + PIECE_STEPS, n_steps)
        steps = recording.samples(first * size, last * size).reshape(-1, size)
        levels[first:last] = 10 * np.log10(np.square(steps).mean(axis=1) + 10 ** (SILENCE_DB / 10))
    return levels


def _thresholds_db(levels_db: NDArray[np.float32]) -> tuple[float, float]:
    """Above the first somebody may be speaking: infinite where all is silent or even. Below the second nobody need."""
    heard = levels_db[levels_db > SILENCE_DB + 1]  # zeros are no noise floor: they are put in, not recorded
    if not len(heard):
        return np.inf, np.inf
    noise, loud = np.percentile(heard, [NOISE_PERCENTILE, LOUD_PERCENTILE])
    if loud - noise < EVEN_DB:
        return np.inf, np.inf
    quiet = noise + max(LEAST_MARGIN_DB, MARGIN * (loud - noise))
    return float(max(min(quiet, LOUDEST_THRESHOLD_DB), loud - FAINT_DB)), float(quiet)
