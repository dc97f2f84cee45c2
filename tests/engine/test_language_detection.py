"""From which parts of a recording its language is detected."""

import numpy as np
from whisper.audio import N_FRAMES

from localwhisper.engine.audio_window import AudioWindow, Span
from localwhisper.engine.language_detection import windows_to_detect_from
from tests.engine.test_vad import activity

OPENING = [AudioWindow((Span(0, N_FRAMES),))]


def test_the_first_30_s_are_taken_if_there_is_speech_in_them() -> None:
    assert windows_to_detect_from(activity([(20, 0), (40, 0.9)]), 6000) == OPENING


def test_the_first_30_s_are_taken_if_all_speech_is_in_them() -> None:
    assert windows_to_detect_from(activity([(20, 0), (2, 0.9), (40, 0)]), 6200) == OPENING


def test_the_first_30_s_are_taken_if_nobody_speaks() -> None:
    assert windows_to_detect_from(activity([(60, 0)]), 6000) == OPENING
    assert windows_to_detect_from(activity([(3, 0)]), 300) == OPENING


def test_the_first_30_s_of_speech_are_taken_after_silence() -> None:
    (window,) = windows_to_detect_from(activity([(100, 0), (1, 0.9), (100, 0), (40, 0.9)]), 24100)
    assert abs(window.seek - 9900) < 10
    assert window.n_frames == N_FRAMES
    assert 20000 < window.end < 23500


def test_a_window_with_less_speech_ends_with_silence() -> None:
    (window,) = windows_to_detect_from(activity([(100, 0), (20, 0.9)]), 12000)
    assert window.n_frames == N_FRAMES
    assert window.spans[-1].start > 12000


def test_several_windows_are_spread_over_the_speech() -> None:
    vad = activity([(590, 0.9), (600, 0), (610, 0.9)])
    windows = windows_to_detect_from(vad, 180000, 4)
    np.testing.assert_allclose([window.seek for window in windows], [0, 30000, 120000, 150000], atol=200)


def test_a_short_recording_has_fewer_windows() -> None:
    assert len(windows_to_detect_from(activity([(70, 0.9)]), 7000, 5)) == 2
    assert len(windows_to_detect_from(activity([(10, 0.9)]), 1000, 5)) == 1
