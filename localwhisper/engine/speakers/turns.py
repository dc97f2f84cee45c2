"""From who speaks in each frame to turns."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

SHORTEST_TURN_S = 0.25
SHORTEST_PAUSE_S = 0.5  # within a turn, a shorter one is a part of it

Span = tuple[float, float, int]  # start, end, person


def spans_of(pieces: Iterable[NDArray[np.bool_]], first_s: float, frame_s: float) -> list[Span]:
    """`pieces`: for each frame who speaks, shape (n_frames, n_people). Spans in the order of their starts.

    `first_s`: where the first frame begins, in seconds; `frame_s`: its length.
    """
    last: dict[int, Span] = {}
    spans: list[Span] = []
    for span in _runs(pieces, first_s, frame_s):
        start, end, person = span
        before = last.get(person)
        if before is not None and start - before[1] < SHORTEST_PAUSE_S:
            last[person] = (before[0], end, person)
            continue
        if before is not None:
            spans.append(before)
        last[person] = span
    return sorted(span for span in [*spans, *last.values()] if span[1] - span[0] >= SHORTEST_TURN_S)


def _runs(pieces: Iterable[NDArray[np.bool_]], first_s: float, frame_s: float) -> Iterator[Span]:
    """The runs of frames of each person, one piece after another: a run that goes on in the next piece is two."""
    n_before = 0
    for piece in pieces:
        padded = np.pad(piece, ((1, 1), (0, 0)))
        for person in range(piece.shape[1]):
            edges = np.flatnonzero(padded[1:, person] != padded[:-1, person]) + n_before
            for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
                yield first_s + start * frame_s, first_s + end * frame_s, person
        n_before += len(piece)
