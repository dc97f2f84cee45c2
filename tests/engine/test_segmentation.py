"""The times of segments and words in a window from which a pause was left out."""

from localwhisper.engine.audio_window import AudioWindow, Span
from localwhisper.engine.segmentation import move_to_recording

WINDOW = AudioWindow((Span(100, 400), Span(900, 1300)))  # 3 s, a pause of 5 s, 4 s; its own positions are 1 to 8 s


def moved(start: float, end: float, *words: tuple[float, float]) -> tuple[float, ...]:
    segment = {"start": start, "end": end, "words": [{"start": first, "end": last} for first, last in words]}
    move_to_recording([segment], WINDOW)
    return (segment["start"], segment["end"], *(time for word in segment["words"] for time in word.values()))  # type: ignore[attr-defined]


def test_times_after_the_pause_are_later() -> None:
    assert moved(1.5, 4.0, (1.5, 2.0), (3.0, 4.0)) == (1.5, 4.0, 1.5, 2.0, 3.0, 4.0)
    assert moved(4.0, 7.5, (4.0, 5.0)) == (9.0, 12.5, 9.0, 10.0)


def test_a_segment_may_span_the_pause_but_a_word_is_on_one_side() -> None:
    assert moved(2.0, 6.0, (3.8, 4.6), (3.0, 4.1)) == (2.0, 11.0, 9.0, 9.6, 3.0, 4.0)


def test_a_segment_does_not_begin_or_end_with_the_pause() -> None:
    assert moved(3.4, 7.0)[:2] == (9.0, 12.0)
    assert moved(1.2, 4.6)[:2] == (1.2, 4.0)


def test_nothing_ends_after_the_window() -> None:
    assert moved(7.0, 9.5, (7.5, 9.5)) == (12.0, 13.0, 12.5, 13.0)
