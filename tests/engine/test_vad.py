"""What is taken for speech, by loudness: never too little of it; and where windows are cut."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.vad import VoiceActivity

RATE = 16000
Samples = NDArray[np.int16]


def sound(duration_s: float, level_db: float, seed: int = 0) -> Samples:
    """Noise that swells and ebbs four times a second, as syllables do; its level when loud."""
    at = np.arange(round(duration_s * RATE))
    swell = 10 ** (-1.5 * np.sin(4 * np.pi * at / RATE) ** 2)
    return (np.random.default_rng(seed).standard_normal(len(at)) * swell * 32768 * 10 ** (level_db / 20)).astype(
        np.int16
    )


def hiss(duration_s: float, level_db: float) -> Samples:
    noise = np.random.default_rng(1).standard_normal(round(duration_s * RATE))
    return (noise * 32768 * 10 ** (level_db / 20)).astype(np.int16)


def speech(*parts: Samples) -> VoiceActivity:
    with PcmSpool([np.concatenate(parts)], Path(tempfile.gettempdir())) as pcm:
        return VoiceActivity(pcm, lambda: None)


@pytest.mark.parametrize("level_db", [-70, -50, -30], ids=str)
def test_even_noise_is_none_however_loud(level_db: float) -> None:
    assert speech(hiss(40, level_db)).next_speech(0) is None


def test_where_noise_is_loud_all_is_decoded() -> None:
    assert speech(hiss(50, -25), sound(3, -15), hiss(20, -25)).next_speech(0) == 0


def test_nor_are_zeros_or_nothing() -> None:
    assert speech(np.zeros(40 * RATE, np.int16)).next_speech(0) is None
    assert speech(np.zeros(0, np.int16)).next_speech(0) is None


@pytest.mark.parametrize(("level_db", "noise_db"), [(-20, -70), (-30, -55), (-45, -75)], ids=str)
def test_speech_in_noise_is_found_with_its_onset(level_db: float, noise_db: float) -> None:
    found = speech(hiss(50, noise_db), sound(3, level_db), hiss(20, noise_db))
    begins = found.next_speech(0)
    assert 4900 <= (begins or 0) <= 5000
    assert found.next_speech(5100) == 5100
    assert found.next_speech(5500) is None


def test_a_far_voice_beside_a_near_one_is_not_left_out() -> None:
    begins = speech(sound(20, -15), hiss(20, -65), sound(20, -40), hiss(20, -65)).next_speech(2200)
    assert 3900 <= (begins or 0) <= 4000


def test_windows_end_in_the_last_pause_that_fits() -> None:
    pause = hiss(0.5, -60)
    found = speech(sound(10, -20), pause, sound(12, -20), pause, sound(5, -20), pause, sound(20, -20))
    assert 2800 <= (found.pause(0) or 0) <= 2850  # not in the one before, and not in the midst of a word
    assert found.pause(4000) == 4850  # to the end


def test_a_pause_in_loud_noise_is_one() -> None:
    noise = hiss(60, -35)
    talk = np.concatenate([sound(25, -15), hiss(1, -90), sound(34, -15)])
    assert 2500 <= (speech(noise + talk).pause(0) or 0) <= 2600


def test_where_nobody_pauses_there_is_no_place_to_cut() -> None:
    assert speech(sound(70, -20)).pause(0) is None
    assert speech(sound(70, -20)).pause(4100) == 7000
