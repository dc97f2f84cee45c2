"""Positions in a window whose spans don't follow each other in the recording."""

from localwhisper.engine.audio_window import AudioWindow, Span

WINDOW = AudioWindow((Span(100, 200), Span(500, 600), Span(700, 1000)))


def test_a_window_of_one_span_has_the_recordings_positions() -> None:
    window = AudioWindow((Span(300, 900),))
    assert (window.seek, window.end, window.n_frames) == (300, 900, 600)
    assert {window.n_left_out(frame) for frame in (300, 600, 900)} == {0}


def test_positions_after_what_is_left_out_are_later_in_the_recording() -> None:
    assert WINDOW.n_frames == 500
    assert [frame + WINDOW.n_left_out(frame) for frame in (100, 199, 250, 350, 600)] == [100, 199, 550, 750, 1000]


def test_where_two_spans_meet_one_ends_and_the_other_begins() -> None:
    assert 200 + WINDOW.n_left_out(200, is_end=True) == 200
    assert 200 + WINDOW.n_left_out(200) == 500


def test_a_window_is_cut_by_positions_of_the_recording() -> None:
    assert WINDOW.until(550) == AudioWindow((Span(100, 200), Span(500, 550)))
    assert WINDOW.until(300) == AudioWindow((Span(100, 200),))
    assert WINDOW.since(300) == AudioWindow((Span(500, 600), Span(700, 1000)))
    assert WINDOW.since(950) == AudioWindow((Span(950, 1000),))
    assert WINDOW.since(1000) is None
