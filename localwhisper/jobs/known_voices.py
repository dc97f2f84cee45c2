"""Recognizing people by voiceprints that a user keeps: where to hear somebody alone, and who it may be.

A voiceprint is a unit vector; the product of two is 1 for the same sound and near 0 for voices that differ.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import mul

from localwhisper.jobs.transcript import Turn

SHORTEST_S, PIECE_S = 1.0, 5.0  # of what a voiceprint is made from, piece by piece
ENOUGH_S = 20.0  # of each speaker
SAME_PERSON = 0.6  # similarity from which a name is suggested: docs/speakers.md

Span = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class KnownVoice:
    id: str
    name: str
    voiceprint: tuple[float, ...]


def heard_alone(turns: Iterable[Turn]) -> dict[str, list[Span]]:
    """Where each speaker talks alone, by id: the first pieces that are long enough. Without those who never do."""
    edges = sorted(edge for turn in turns for edge in ((turn.start, 1, turn.speaker), (turn.end, -1, turn.speaker)))
    talking: Counter[str] = Counter()
    pieces: dict[str, list[Span]] = {}
    since_s = 0.0
    for time_s, change, speaker in edges:
        if len(talking) == 1:
            (alone,) = talking
            _add_pieces(pieces, alone, since_s, time_s)
        talking[speaker] += change
        if not talking[speaker]:
            del talking[speaker]
        since_s = time_s
    return pieces


def _add_pieces(pieces: dict[str, list[Span]], speaker: str, start: float, end: float) -> None:
    heard_s = sum(last - first for first, last in pieces.get(speaker, ()))
    while end - start >= SHORTEST_S and heard_s < ENOUGH_S:
        piece = (start, min(end, start + PIECE_S))
        pieces.setdefault(speaker, []).append(piece)
        heard_s += piece[1] - piece[0]
        start = piece[1]


def recognized(voiceprints: Mapping[str, Sequence[float]], known: Iterable[KnownVoice]) -> dict[str, KnownVoice]:
    """Who each speaker may be, by id; nobody is two of them."""
    pairs = (
        (similarity(voiceprint, voice.voiceprint), speaker, voice)
        for voice in known
        for speaker, voiceprint in voiceprints.items()
    )
    found: dict[str, KnownVoice] = {}
    for alike, speaker, voice in sorted(pairs, key=lambda pair: -pair[0]):
        if alike >= SAME_PERSON and speaker not in found and voice not in found.values():
            found[speaker] = voice
    return found


def similarity(one: Sequence[float], other: Sequence[float]) -> float:
    """-1 to 1; voiceprints of different lengths, which different networks have made, are not alike."""
    return sum(map(mul, one, other)) if len(one) == len(other) else 0.0
