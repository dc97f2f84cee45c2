"""Where somebody speaks, and where windows are cut."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray
from whisper.audio import N_FRAMES

from localwhisper.engine import gradual_vad
from localwhisper.engine.audio_window import AudioWindow
from localwhisper.engine.gradual_vad import GradualVoiceActivity
from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.silero import CHUNK_SAMPLES, PIECE_SAMPLES, SileroVad
from localwhisper.engine.vad import FRAMES_PER_CHUNK, TRAIL_FRAMES, VoiceActivity, voice_activity
from tests.engine.conftest import samples_of

RATE = 16000
CHUNKS_PER_MINUTE = PIECE_SAMPLES // CHUNK_SAMPLES
Samples = NDArray[np.float32]  # in [-1, 1]


@pytest.fixture(scope="module")
def clip() -> Samples:
    samples: Samples = samples_of("en-greeting.opus").astype(np.float32) / 32768
    return samples


@pytest.fixture
def detect(tmp_path: Path) -> Callable[..., VoiceActivity]:
    detector = SileroVad()

    def detect(*parts: Samples) -> VoiceActivity:
        samples = (np.clip(np.concatenate(parts), -1, 1) * 32767).astype(np.int16)
        with PcmSpool([samples], tmp_path) as pcm:
            return voice_activity(pcm, detector, lambda: None)

    return detect


def hiss(duration_s: float, level_db: float) -> Samples:
    noise = np.random.default_rng(1).standard_normal(round(duration_s * RATE)).astype(np.float32)
    return noise * np.float32(10 ** (level_db / 20))


def tone(duration_s: float, frequency: float, level: float) -> Samples:
    at = np.arange(round(duration_s * RATE), dtype=np.float32) / RATE
    return np.float32(level) * np.sin(2 * np.pi * np.float32(frequency) * at)


NO_SPEECH = {
    "nothing": np.zeros(0, np.float32),
    "zeros": np.zeros(3 * RATE, np.float32),
    "dither": hiss(3, -90),
    "noise": hiss(3, -50),
    "loud noise": hiss(3, -20),
    "hum": tone(3, 50, 0.5),
    "tone": tone(3, 440, 0.3),
    "direct current": np.full(3 * RATE, 0.4, np.float32),
}


@pytest.mark.parametrize("name", NO_SPEECH)
def test_nobody_speaks_in_silence_noise_and_tones(detect: Callable[..., VoiceActivity], name: str) -> None:
    assert detect(NO_SPEECH[name]).window(0) is None


@pytest.mark.parametrize("level_db", [0, -30, -50], ids=str)
def test_one_sentence_in_room_tone_is_found_with_its_onset(
    detect: Callable[..., VoiceActivity], clip: Samples, level_db: float
) -> None:
    speech = clip * np.float32(10 ** (level_db / 20))
    vad = detect(hiss(70, level_db - 35), speech, hiss(20, level_db - 35))
    window = vad.speech(0)
    assert window is not None
    assert 6890 <= window.seek <= 6960
    assert abs(window.end - 7000 - len(clip) // 160 - TRAIL_FRAMES) < 100


@pytest.mark.parametrize("disturbance", ["hum", "direct current", "noise"])
def test_speech_is_found_whatever_lies_under_it(
    detect: Callable[..., VoiceActivity], clip: Samples, disturbance: str
) -> None:
    clean = detect(clip).n_speech_frames
    under = {"hum": tone(60, 50, 0.2), "direct current": np.full(len(clip), 0.4, np.float32), "noise": hiss(60, -35)}
    assert detect(clip * np.float32(0.5) + under[disturbance][: len(clip)]).n_speech_frames > 0.9 * clean


def activity(probabilities: list[tuple[float, float]]) -> VoiceActivity:
    """Of (seconds, probability)."""
    chunks = [np.full(round(100 * seconds / FRAMES_PER_CHUNK), value, np.float32) for seconds, value in probabilities]
    found = np.concatenate(chunks)
    return VoiceActivity(found, int(len(found) * FRAMES_PER_CHUNK))


def windows_of(vad: VoiceActivity) -> list[AudioWindow]:
    windows: list[AudioWindow] = []
    while (found := vad.window(windows[-1].end if windows else 0)) is not None:
        windows.append(found[0])
    return windows


def test_a_window_leaves_out_long_pauses_only() -> None:
    window, _ = activity([(5, 0), (3, 0.9), (0.5, 0), (3, 0.9), (20, 0), (3, 0.9), (5, 0)]).window(0) or (None, None)
    assert window is not None
    assert len(window.spans) == 2
    assert 1200 < window.n_frames < 1400


def test_windows_end_in_the_last_of_the_longest_pauses() -> None:
    vad = activity([(10, 0.9), (2, 0), (11, 0.9), (0.6, 0), (2, 0.9), (0.6, 0), (2, 0.9), (0.3, 0), (20, 0.9)])
    window, ends_in_pause = vad.window(0) or (None, None)
    assert ends_in_pause
    assert window is not None
    assert 2560 < window.end < 2620  # of those of 0.6 s; the one of 2 s is before the last third


def test_speech_without_a_pause_has_no_place_to_cut() -> None:
    vad = activity([(70, 0.9)])
    window, ends_in_pause = vad.window(0) or (None, None)
    assert (window and window.n_frames, ends_in_pause) == (N_FRAMES, False)
    assert (vad.window(4100) or (None, None))[1]  # the end of the speech


@pytest.mark.parametrize("seed", range(5))
def test_windows_hold_all_speech_in_order_and_no_part_twice(seed: int) -> None:
    random = np.random.default_rng(seed)
    turns = [(float(random.exponential(4)), 0.9 * (i % 2)) for i in range(60)]
    vad = activity(turns)
    windows = windows_of(vad)
    assert all(0 < window.n_frames <= N_FRAMES for window in windows)
    frames = [frame for window in windows for span in window.spans for frame in range(*span)]
    assert frames == [frame for span in vad.spans for frame in range(*span)]


def test_a_recording_is_divided_by_its_speech() -> None:
    vad = activity([(100, 0), (10, 0.9), (1000, 0), (10, 0.9), (100, 0)])
    first, second = vad.divided(2)
    assert first == vad.spans[0].start
    assert abs(second - vad.spans[1].start) < 10


def test_reading_ends_when_enough_was_heard(tmp_path: Path, clip: Samples) -> None:
    samples = (np.concatenate([clip, np.zeros(200 * RATE, np.float32)]) * 32767).astype(np.int16)
    with PcmSpool([samples], tmp_path) as pcm:
        pieces: list[None] = []
        voice_activity(pcm, SileroVad(), lambda: pieces.append(None), enough_frames=100)
    assert len(pieces) == 1


@pytest.fixture
def gradual_vad_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[[NDArray[np.float32]], tuple[GradualVoiceActivity, PcmSpool, list[None]]]]:
    """Of a recording whose chunks are judged so; with a list that gets an item for each minute that is listened to."""
    with ExitStack() as opened:

        def gradual(judged: NDArray[np.float32]) -> tuple[GradualVoiceActivity, PcmSpool, list[None]]:
            heard = iter(np.split(judged, range(CHUNKS_PER_MINUTE, len(judged), CHUNKS_PER_MINUTE)))
            stream, minutes = SimpleNamespace(probabilities=lambda piece: next(heard)), list[None]()
            monkeypatch.setattr(gradual_vad, "SileroStream", lambda detector: stream)
            pcm = opened.enter_context(PcmSpool([np.zeros(len(judged) * CHUNK_SAMPLES - 100, np.int16)], tmp_path))
            return GradualVoiceActivity(pcm, SileroVad(), lambda: minutes.append(None)), pcm, minutes

        yield gradual


@pytest.mark.parametrize("seed", range(12))
def test_windows_are_the_same_before_all_of_a_recording_is_heard(
    gradual_vad_of: Callable[..., tuple[GradualVoiceActivity, PcmSpool, list[None]]], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    n_chunks = int(rng.integers(1, 8 * CHUNKS_PER_MINUTE))
    lengths = rng.geometric(1 / rng.choice([10, 60, 400]), n_chunks)
    judged = np.repeat(rng.random(len(lengths), np.float32), lengths)[:n_chunks]
    gradual, pcm, _ = gradual_vad_of(judged)
    whole, seek = VoiceActivity(judged, pcm.n_frames), 0
    while (expected := whole.window(seek)) is not None:
        assert gradual.window(seek) == expected
        window, _ = expected
        span = sorted(rng.integers(window.seek, window.end, 2, endpoint=True).tolist())
        for part in (gradual, gradual.around(window.seek, window.end)):
            assert part.without_pauses(*span, N_FRAMES) == whole.without_pauses(*span, N_FRAMES)
        seek = window.end
    assert gradual.window(seek) is None
    assert gradual.whole().spans == whole.spans


def test_no_more_is_heard_than_a_window_needs(
    gradual_vad_of: Callable[..., tuple[GradualVoiceActivity, PcmSpool, list[None]]],
) -> None:
    sentences = np.tile(np.repeat(np.array([0.9, 0.0], np.float32), [80, 20]), 10 * CHUNKS_PER_MINUTE // 100)
    gradual, _, minutes = gradual_vad_of(sentences)
    assert gradual.window(0) is not None
    assert len(minutes) == 1
    assert gradual.window(5 * 6000) is not None
    assert len(minutes) <= 7
