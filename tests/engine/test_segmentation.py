"""The times of segments and words in a window from which a pause was left out."""

from localwhisper.engine.audio_window import AudioWindow, Span
from localwhisper.engine.segmentation import move_to_recording
from tests.engine.test_vad import activity

# spoken from 2 to 3 s and from 10 to 13 s; the window has 2 s and 4 s of that, its own positions are 1 to 7 s
VAD = activity([(2, 0), (1, 0.9), (7, 0), (3, 0.9), (2, 0)])
WINDOW = AudioWindow((Span(100, 400), Span(900, 1300)))


def moved(start: float, end: float, *words: tuple[float, float]) -> list[float]:
    segment = {"start": start, "end": end, "words": [{"start": first, "end": last} for first, last in words]}
    move_to_recording([segment], WINDOW, VAD)
    times = [segment, *segment["words"]]  # type: ignore[misc]
    return [round(float(part[name]), 1) for part in times for name in ("start", "end")]  # type: ignore[index]


def test_times_after_the_pause_are_later() -> None:
    assert moved(2.0, 3.0, (2.0, 2.4)) == [2.0, 3.0, 2.0, 2.4]
    assert moved(5.2, 6.5, (5.2, 6.0)) == [10.2, 11.5, 10.2, 11.0]


def test_a_segment_may_span_the_pause_but_a_word_is_on_one_side() -> None:
    assert moved(2.0, 6.0, (2.9, 5.8), (2.2, 5.1)) == [2.0, 11.0, 9.8, 10.8, 2.2, 3.1]


def test_nothing_begins_or_ends_in_a_pause() -> None:
    assert moved(1.0, 3.9) == [1.8, 3.1]
    assert moved(3.1, 7.0) == [9.8, 12.0]


def test_nothing_ends_after_the_window() -> None:
    assert moved(7.0, 9.5) == [12.0, 13.0]


def test_a_part_without_speech_keeps_its_times() -> None:
    assert moved(4.1, 4.5) == [9.1, 9.5]
