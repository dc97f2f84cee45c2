"""Which parts count as speech by their loudness, if in doubt too many; and where windows are cut."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.vad import VoiceActivity

RATE = 16000
Samples = NDArray[np.int16]


def syllables(duration_s: float, level_db: float, seed: int = 0) -> Samples:
    """Noise that rises and falls four times a second, as speech does. `level_db`: when it is loud."""
    at = np.arange(round(duration_s * RATE))
    swell = 10 ** (-1.5 * np.sin(4 * np.pi * at / RATE) ** 2)
    return (np.random.default_rng(seed).standard_normal(len(at)) * swell * 32768 * 10 ** (level_db / 20)).astype(
        np.int16
    )


def hiss(duration_s: float, level_db: float) -> Samples:
    noise = np.random.default_rng(1).standard_normal(round(duration_s * RATE))
    return (noise * 32768 * 10 ** (level_db / 20)).astype(np.int16)


def activity(*parts: Samples) -> VoiceActivity:
    with PcmSpool([np.concatenate(parts)], Path(tempfile.gettempdir())) as pcm:
        return VoiceActivity(pcm, lambda: None)


@pytest.mark.parametrize("level_db", [-70, -50, -30], ids=str)
def test_even_noise_is_not_speech_however_loud(level_db: float) -> None:
    assert activity(hiss(40, level_db)).next_speech(0) is None


def test_speech_in_loud_noise_is_decoded_with_the_noise() -> None:
    assert activity(hiss(50, -25), syllables(3, -15), hiss(20, -25)).next_speech(0) == 0


def test_zeros_and_empty_recordings_have_no_speech() -> None:
    assert activity(np.zeros(40 * RATE, np.int16)).next_speech(0) is None
    assert activity(np.zeros(0, np.int16)).next_speech(0) is None


@pytest.mark.parametrize(("level_db", "noise_db"), [(-20, -70), (-30, -55), (-45, -75)], ids=str)
def test_speech_in_faint_noise_is_found_with_its_onset(level_db: float, noise_db: float) -> None:
    vad = activity(hiss(50, noise_db), syllables(3, level_db), hiss(20, noise_db))
    speech_frame = vad.next_speech(0)
    assert 4900 <= (speech_frame or 0) <= 5000
    assert vad.next_speech(5100) == 5100
    assert vad.next_speech(5500) is None


def test_a_distant_voice_beside_a_near_one_counts_as_speech() -> None:
    speech_frame = activity(syllables(20, -15), hiss(20, -65), syllables(20, -40), hiss(20, -65)).next_speech(2200)
    assert 3900 <= (speech_frame or 0) <= 4000


def test_windows_end_in_the_last_pause_that_fits() -> None:
    pause = hiss(0.5, -60)
    vad = activity(syllables(10, -20), pause, syllables(12, -20), pause, syllables(5, -20), pause, syllables(20, -20))
    assert 2800 <= (vad.pause(0) or 0) <= 2850  # not in an earlier pause, nor within a word
    assert vad.pause(4000) == 4850  # at the recording's end


def test_pauses_are_found_in_loud_noise() -> None:
    noise = hiss(60, -35)
    talk = np.concatenate([syllables(25, -15), hiss(1, -90), syllables(34, -15)])
    assert 2500 <= (activity(noise + talk).pause(0) or 0) <= 2600


def test_speech_without_a_pause_has_no_place_to_cut() -> None:
    assert activity(syllables(70, -20)).pause(0) is None
    assert activity(syllables(70, -20)).pause(4100) == 7000
