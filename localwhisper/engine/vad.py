"""Voice activity: where in a recording somebody speaks, and where between the words a window may be cut.

silero.py judges each chunk. A word lost costs more than noise decoded, so the thresholds lean towards speech, and the
sound around it is kept.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from copy import copy

import numpy as np
from numpy.typing import NDArray
from whisper.audio import HOP_LENGTH, N_FRAMES

from localwhisper.engine.audio_window import AudioWindow, Span
from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.silero import CHUNK_SAMPLES, PIECE_SAMPLES, SileroVad

FRAMES_PER_CHUNK = CHUNK_SAMPLES / int(HOP_LENGTH)
SPEECH_PROBABILITY, PAUSE_PROBABILITY = 0.35, 0.2  # speech begins above the first and ends below the second
# kept before and after speech: a sentence that begins or ends at the window's edge loses its capital or full stop
LEAD_FRAMES, TRAIL_FRAMES = 100, 100
MIN_GAP_FRAMES = 100  # between two spans; what is shorter is kept
MIN_PAUSE_FRAMES, MIN_CUT_FRAMES = 20, 10  # the shortest pause to cut in, and the least of one at a window's end
MIN_SHOWN_PAUSE_FRAMES = 50
PAUSE_EDGE_FRAMES = 15  # of a pause that still count as what is spoken before and after it
CUT_FROM_FRAMES = 2000  # the last third of a window is searched for a place to cut
SIMILAR_PAUSE = 0.7  # of the longest one's length: pauses alike, of which the last is taken, for long windows
MIN_PEAK, MAX_GAIN = 0.3, 100.0  # faint pieces are amplified: the network doesn't hear below -40 dB


class VoiceActivity:
    """Positions are frames of 10 ms. Threading: SAFE."""

    def __init__(self, probabilities: NDArray[np.float32], n_frames: int) -> None:
        """`probabilities`: of speech, for each chunk; `n_frames`: the recording's."""
        self._n_frames = n_frames
        speech = list(speech_spans(probabilities))
        edges = [0, *(frame for span in speech for frame in span), n_frames]
        pauses = (Span(*edge) for edge in zip(edges[::2], edges[1::2], strict=True))
        self._pauses = [pause for pause in pauses if pause.end - pause.start >= MIN_PAUSE_FRAMES]
        self.spans = _padded(speech, n_frames)
        self._ends = [span.end for span in self.spans]
        # before it, nothing would be otherwise if the recording went on: the last speech may not have ended
        self.certain_until = max(speech[-2].start - LEAD_FRAMES - TRAIL_FRAMES - MIN_GAP_FRAMES, 0) if speech[1:] else 0

    def speech(self, seek: int, n_frames: int = N_FRAMES) -> AudioWindow | None:
        """The first `n_frames` with speech from `seek` on, fewer at the recording's end; None if there are none."""
        spans: list[Span] = []
        for span in self.spans[bisect_right(self._ends, seek) :]:
            start = max(span.start, seek)
            spans.append(Span(start, min(span.end, start + n_frames)))
            n_frames -= spans[-1].end - start
            if n_frames == 0:
                break
        return AudioWindow(tuple(spans)) if spans else None

    def utterances(self) -> list[Span]:
        """The speech between pauses of at least MIN_SHOWN_PAUSE_FRAMES."""
        pauses = [pause for pause in self._pauses if pause.end - pause.start >= MIN_SHOWN_PAUSE_FRAMES]
        edges = [0, *(frame for pause in pauses for frame in pause), self._n_frames]
        return [Span(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end]

    def without_pauses(self, start: int, end: int, max_edge: int) -> tuple[int, int]:
        """A span without the pauses at its ends, and without what is at most `max_edge` long and parted from the rest
        by a pause. A span without speech is unchanged."""
        first, last = start, end
        index = max(0, bisect_left(self._pauses, (start, 0)) - 1)
        for pause in self._pauses[index : bisect_left(self._pauses, (end, 0))]:
            quiet_from, quiet_until = pause.start + PAUSE_EDGE_FRAMES, pause.end - PAUSE_EDGE_FRAMES
            if quiet_until - quiet_from < MIN_PAUSE_FRAMES or quiet_until <= first or quiet_from >= last:
                continue
            before, after = quiet_from - first, last - quiet_until
            if before <= min(after, max_edge):
                first = quiet_until
            elif after <= min(before, max_edge):
                last = quiet_from
        return (first, last) if first < last else (start, end)

    def around(self, start: int, end: int) -> "VoiceActivity":
        """What without_pauses() needs for spans of this part of the recording, and nothing else."""
        part = copy(self)
        index = max(0, bisect_left(self._pauses, (start, 0)) - 1)
        part._pauses = self._pauses[index : bisect_left(self._pauses, (end, 0))]
        part.spans, part._ends = [], []
        return part

    @property
    def n_speech_frames(self) -> int:
        return sum(span.end - span.start for span in self.spans)

    def divided(self, n_parts: int) -> list[int]:
        """Where each of `n_parts` begins that have the same amount of speech."""
        lengths = [span.end - span.start for span in self.spans]
        before = np.cumsum([0, *lengths])
        offsets = [self.n_speech_frames * part // n_parts for part in range(n_parts)]
        indices = np.searchsorted(before, offsets, side="right") - 1
        return [self.spans[i].start + offset - int(before[i]) for i, offset in zip(indices, offsets, strict=True)]

    def window(self, seek: int) -> tuple[AudioWindow, bool] | None:
        """The next window from `seek` on, None if there is no more speech; and whether it ends in a pause.

        It ends in the last of the longest pauses in the last third of 30 s, or with the speech.
        """
        window = self.speech(seek)
        if window is None:
            return None
        if window.end >= self._ends[-1]:
            return window, True
        first = window.seek + CUT_FROM_FRAMES
        first += window.n_left_out(first)
        pauses = self._pauses[
            bisect_left(self._pauses, (first, 0)) : bisect_left(self._pauses, (window.end - MIN_CUT_FRAMES, 0))
        ]
        if not pauses:
            return window, False
        longest = max(pause.end - pause.start for pause in pauses)
        start, end = [pause for pause in pauses if pause.end - pause.start >= SIMILAR_PAUSE * longest][-1]
        return window.until((start + end) // 2), True


def voice_activity(
    pcm: PcmSpool, detector: SileroVad, check: Callable[[], None], *, enough_frames: float = math.inf
) -> VoiceActivity:
    """Reads the recording until `enough_frames` of speech were heard. `check` is called before each minute of it, and
    may raise."""
    n_frames, n_samples, n_speech_frames, found = pcm.n_frames, 0, 0.0, [np.empty(0, np.float32)]
    for probabilities in detector.probabilities(_pieces(pcm, check)):
        found.append(probabilities)
        n_samples += PIECE_SAMPLES
        n_speech_frames += FRAMES_PER_CHUNK * np.count_nonzero(probabilities > SPEECH_PROBABILITY)
        if n_speech_frames >= enough_frames:
            n_frames = min(n_frames, n_samples // HOP_LENGTH)
            break
    return VoiceActivity(np.concatenate(found), n_frames)


def _pieces(pcm: PcmSpool, check: Callable[[], None]) -> Iterator[NDArray[np.float32]]:
    for start in range(0, pcm.n_samples, PIECE_SAMPLES):
        check()
        yield piece(pcm, start)


def piece(pcm: PcmSpool, start: int) -> NDArray[np.float32]:
    """The minute of a recording that begins at this sample, for the detector."""
    return amplified(pcm.samples(start, min(start + PIECE_SAMPLES, pcm.n_samples)))


def amplified(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Louder, where they are faint."""
    peak = float(np.abs(samples).max(initial=0))
    return samples * np.float32(min(MIN_PEAK / peak, MAX_GAIN)) if 0 < peak < MIN_PEAK else samples


def speech_spans(probabilities: NDArray[np.float32]) -> Iterator[Span]:
    """The runs of chunks above PAUSE_PROBABILITY in which one is above SPEECH_PROBABILITY, as frames."""
    is_open = np.concatenate([[False], probabilities >= PAUSE_PROBABILITY, [False]])
    edges = np.flatnonzero(is_open[1:] != is_open[:-1])
    for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if probabilities[first:end].max() >= SPEECH_PROBABILITY:
            yield Span(int(first * FRAMES_PER_CHUNK), int(end * FRAMES_PER_CHUNK))


def _padded(speech: list[Span], n_frames: int) -> list[Span]:
    """With the sound around each, and joined where they are close."""
    spans: list[Span] = []
    for span in speech:
        start, end = max(span.start - LEAD_FRAMES, 0), min(span.end + TRAIL_FRAMES, n_frames)
        if spans and start < spans[-1].end + MIN_GAP_FRAMES:
            start = spans.pop().start
        if end > start:
            spans.append(Span(start, end))
    return spans
