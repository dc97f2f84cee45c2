"""The measure of diarization."""

import numpy as np

from localwhisper.jobs.transcript import Turn
from tests.accuracy.turns import diarization_error, joined


def turn(start: float, end: float, speaker: str) -> Turn:
    return Turn(start=start, end=end, speaker=speaker)


def test_names_of_speakers_make_no_difference() -> None:
    error = diarization_error([(0, 4, "Ann"), (4, 8, "Bob")], [turn(0, 4, "S2"), turn(4, 8, "S1")])
    assert (error.rate, error.n_speakers, error.n_found) == (0, 2, 2)
    assert error.names == {"S2": "Ann", "S1": "Bob"}


def test_missed_invented_and_confused_speech_count_and_so_does_overlap() -> None:
    reference = [(0.0, 6.0, "A"), (4.0, 10.0, "B")]  # 12 s of speech in all
    error = diarization_error(reference, [turn(0, 6, "X"), turn(6, 9, "Y"), turn(9, 11, "X")])
    assert [round(12 * share, 2) for share in (error.missed, error.false_alarm, error.confused)] == [2, 1, 1]
    assert round(12 * error.rate, 2) == 4


def test_nobody_is_found_or_too_many() -> None:
    assert diarization_error([(0, 1, "A")], []).rate == 1
    many = diarization_error([(0, 12, "A")], [turn(n, n + 1, f"S{n}") for n in range(12)])
    assert (many.n_found, round(many.confused, 2)) == (12, 0.92)
    few = diarization_error([(n, n + 1, f"S{n}") for n in range(12)], [turn(0, 12, "X")])
    assert round(few.confused, 2) == 0.92


def test_clips_are_joined_with_their_turns() -> None:
    clip = np.concatenate([np.zeros(1600), np.full(16_000, 1000), np.zeros(1600)]).astype(np.int16)
    pcm, spans = joined([("A", clip), ("B", clip)], gap_s=0.5)
    assert spans == [(0, 1, "A"), (1.5, 2.5, "B")]
    assert pcm.size == 40_000
    _, overlapping = joined([("A", clip), ("B", clip)], gap_s=-0.25)
    assert overlapping[1][0] == 0.75
