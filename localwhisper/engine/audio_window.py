"""Windows: the parts of a recording that are decoded together. Positions are frames of 10 ms."""

import math
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

from whisper.audio import N_FRAMES

from localwhisper.options import Quality

MIN_ENCODED_FRAMES = 1000
TRAILING_SILENCE_FRAMES = 300  # models were trained on 30 s: some of the silence after a clip has to stay


class Span(NamedTuple):
    """Part of a recording, `end` excluded."""

    start: int
    end: int


@dataclass(frozen=True)
class AudioWindow:
    """Spans that follow one another, at most N_FRAMES in all: the model reads them as if nothing lay between them.

    A window's own positions are those of a recording without the parts left out: they begin with the first span's, and
    so they are the recording's positions where the window is one span.
    """

    spans: tuple[Span, ...]

    @property
    def seek(self) -> int:
        return self.spans[0].start

    @property
    def end(self) -> int:
        return self.spans[-1].end

    @property
    def n_frames(self) -> int:
        return sum(span.end - span.start for span in self.spans)

    def n_left_out(self, frame: float, *, is_end: bool = False) -> int:
        """The frames left out before one of the window's own positions: the difference to the recording's position.

        Where two spans meet there are two answers: for the end of something it is the first.
        """
        joints = accumulate((span.end - span.start for span in self.spans[:-1]), initial=self.seek)
        gaps = (following.start - span.end for span, following in pairwise(self.spans))
        return sum(gap for joint, gap in zip(list(joints)[1:], gaps, strict=True) if frame > joint - (not is_end))

    def own_position(self, frame: float) -> float:
        """The window's own position of one of the recording; in a part left out, that of its beginning."""
        return self.seek + sum(min(max(frame - span.start, 0.0), span.end - span.start) for span in self.spans)

    def since(self, frame: int) -> "AudioWindow | None":
        """What lies at or after a position of the recording; None if nothing does."""
        spans = tuple(Span(max(span.start, frame), span.end) for span in self.spans if span.end > frame)
        return AudioWindow(spans) if spans else None

    def until(self, frame: int) -> "AudioWindow":
        """What lies before a position of the recording, which is after the window's start."""
        return AudioWindow(tuple(Span(span.start, min(span.end, frame)) for span in self.spans if span.start < frame))


def n_frames_to_encode(n_frames: int, quality: Quality) -> int:
    """The number of frames to encode for a window with `n_frames` of audio.

    `fast` leaves out most of the silence after a short clip, which would take most of the time.
    """
    if quality != "fast":
        return int(N_FRAMES)
    return min(int(N_FRAMES), max(MIN_ENCODED_FRAMES, 2 * math.ceil((n_frames + TRAILING_SILENCE_FRAMES) / 2)))
