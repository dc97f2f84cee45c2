"""Where somebody is heard alone, and whose voice a voiceprint may be."""

import pytest

from localwhisper.jobs.known_voices import KnownVoice, heard_alone, recognized
from localwhisper.jobs.transcript import Turn


def turn(start: float, end: float, speaker: str) -> Turn:
    return Turn(start=start, end=end, speaker=speaker)


def voice(name: str, *voiceprint: float) -> KnownVoice:
    return KnownVoice(id=name, name=name, voiceprint=voiceprint)


def test_a_voice_is_taken_where_nobody_else_talks() -> None:
    turns = [turn(0, 4, "S1"), turn(2, 9, "S2"), turn(2.5, 3, "S3"), turn(9, 9.5, "S1"), turn(9.5, 9.9, "S3")]
    assert heard_alone(turns) == {"S1": [(0, 2)], "S2": [(4, 9)]}
    assert heard_alone([]) == {}


def test_a_voice_is_taken_in_pieces_and_not_from_hours() -> None:
    (pieces,) = heard_alone([turn(0, 3600, "S1"), turn(4000, 4100, "S1")]).values()
    assert pieces == [(0, 5), (5, 10), (10, 15), (15, 20)]


@pytest.mark.parametrize(
    ("voiceprints", "names"),
    [
        ({"S1": (1, 0, 0), "S2": (0, 1, 0)}, {"S1": "Ann", "S2": "Bob"}),
        ({"S1": (0.7, 0.7, 0)}, {"S1": "Ann"}),
        ({"S1": (0.8, 0.6, 0), "S2": (0.9, 0.4, 0)}, {"S2": "Ann", "S1": "Bob"}),  # nobody is two of them
        ({"S1": (0.5, 0.5, 0.7)}, {}),
        ({"S1": (1, 0)}, {}),  # made by another network
        ({}, {}),
    ],
)
def test_the_most_alike_are_suggested(voiceprints: dict[str, tuple[float, ...]], names: dict[str, str]) -> None:
    known = [voice("Ann", 1, 0, 0), voice("Bob", 0, 1, 0)]
    assert {each: found.name for each, found in recognized(voiceprints, known).items()} == names
