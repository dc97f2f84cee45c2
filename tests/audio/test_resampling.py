"""Streams at other rates become 16 kHz, the same in pieces of any size, without a difference that could be heard."""

import numpy as np
import pytest

from localwhisper.audio.resampling import N_ZEROS, StreamResampler


def tone(rate: int, hertz: float, seconds: float = 0.5) -> np.ndarray:  # type: ignore[type-arg]
    return np.round(12_000 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)).astype(np.int16)


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 44_100, 48_000])
def test_a_tone_stays_the_same_tone(rate: int) -> None:
    resampled = StreamResampler(rate).resample(tone(rate, 440)).astype(float)
    assert abs(len(resampled) - 8_000) <= 1
    delay = 0 if rate == 16_000 else round(N_ZEROS * 16_000 / min(rate, 16_000))
    expected = tone(16_000, 440).astype(float)[: len(resampled) - delay]
    assert np.abs(resampled[delay:] - expected)[200:-200].max() < 120  # 1 %


def test_what_16_khz_cannot_hold_is_removed() -> None:
    resampled = StreamResampler(48_000).resample(tone(48_000, 9_500)).astype(float)
    assert np.abs(resampled[200:]).max() < 20


@pytest.mark.parametrize("size", [1, 7, 480, 4_801])
def test_pieces_give_the_same_as_the_whole(size: int) -> None:
    samples = tone(24_000, 440)[:9_603]
    whole = StreamResampler(24_000).resample(samples)
    resampler = StreamResampler(24_000)
    pieces = [resampler.resample(samples[first : first + size]) for first in range(0, len(samples), size)]
    assert np.array_equal(np.concatenate(pieces), whole)
