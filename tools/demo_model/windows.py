"""Windows of speech composed on the fly: samples and the place of each word.

Four kinds, as openai-whisper encounters them: running speech that fills the window and is cut at both ends, many
utterances with pauses, one or two utterances followed by nothing, and no speech at all.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np

from tools.demo_model.pool import Item, Pool
from tools.demo_model.speech import SAMPLE_RATE
from tools.demo_model.words import LANGUAGES

KINDS = ("running", "many", "few", "silence")


@dataclass
class PlacedWord:
    """A word in a window. Times are in seconds from the window's start and may lie outside it."""

    word_id: int
    start_s: float
    end_s: float


@dataclass
class Window:
    """samples: float32, shape (n_content,), 16 kHz; what follows up to the window's length is padding."""

    language: str
    length_s: float
    samples: np.ndarray
    words: list[PlacedWord] = field(default_factory=list)


class Composer:
    """Draws windows of one length from a pool, reproducibly."""

    def __init__(self, pool: Pool, seed: int) -> None:
        self._pool = pool
        self.rng = random.Random(seed)
        self._noise = np.random.default_rng(seed)

    def window(self, length_s: float, weights: tuple[float, float, float, float]) -> Window:
        """One window of `length_s` seconds; `weights` are those of KINDS."""
        rng = self.rng
        language = rng.choice(LANGUAGES)
        kind = rng.choices(KINDS, weights)[0]
        if kind == "silence":
            content_s = length_s if rng.random() < 0.5 else rng.uniform(0.1, length_s)
            buffer = np.zeros(round(content_s * SAMPLE_RATE), np.float32)
            return Window(language, length_s, self._dress(buffer, is_speech=False))
        buffer = np.zeros(round(length_s * SAMPLE_RATE), np.float32)
        words: list[PlacedWord] = []
        if kind == "few":
            end_s = self._place_few(buffer, words, language, length_s)
            tail_s = rng.choice((rng.uniform(0, 0.3), rng.uniform(0, 3), length_s))
            n_content = min(len(buffer), round((end_s + tail_s) * SAMPLE_RATE))
        else:
            end_s = self._place_many(buffer, words, language, length_s, is_running=kind == "running")
            n_content = min(len(buffer), round((end_s + rng.uniform(0, 0.5)) * SAMPLE_RATE))
        return Window(language, length_s, self._dress(buffer[:n_content], is_speech=True), words)

    def _lead_s(self, length_s: float) -> float:
        rng = self.rng
        lead_s = rng.choices((rng.uniform(0, 0.1), rng.uniform(0, 1.0), rng.uniform(1, 8)), (5, 4, 0.7))[0]
        return min(lead_s, length_s / 4)

    def _gap_s(self) -> float:
        rng = self.rng
        return rng.choices((rng.uniform(0.3, 0.8), rng.uniform(0.3, 2.0), rng.uniform(2, 9)), (6, 3, 0.6))[0]

    def _place_few(self, buffer: np.ndarray, words: list[PlacedWord], language: str, length_s: float) -> float:
        at_s = self._lead_s(length_s)
        for _ in range(self.rng.choice((1, 1, 1, 2, 2, 3))):
            at_s = self._place(buffer, words, *self._pool.draw(self.rng, language, False), 0, at_s) + self._gap_s()
            if at_s > length_s - 1:
                break
        return max(word.end_s for word in words)

    def _place_many(
        self, buffer: np.ndarray, words: list[PlacedWord], language: str, length_s: float, *, is_running: bool
    ) -> float:
        """Fill the buffer; return the end of the content in seconds, which may be inside the window."""
        rng = self.rng
        item, samples = self._pool.draw(rng, language, is_running)
        first = 0
        if rng.random() < (0.75 if is_running else 0.3):
            n_words = len(item.word_ids)
            first = rng.randrange(max(0, n_words - 60) if rng.random() < 0.3 else 0, n_words)
        at_s = rng.choice((0.0, self._lead_s(length_s), 0.0)) if first else self._lead_s(length_s)
        ends_early = rng.random() < 0.35
        while True:
            end_s = self._place(buffer, words, item, samples, first, at_s)
            at_s = end_s + self._gap_s()
            if at_s >= length_s or (ends_early and rng.random() < (0.8 if is_running else 0.2)):
                return length_s if at_s >= length_s else end_s
            item, samples = self._pool.draw(rng, language, is_running and rng.random() < 0.7)
            first = 0

    def _place(
        self,
        buffer: np.ndarray,
        words: list[PlacedWord],
        item: Item,
        samples: np.ndarray,
        first: int,
        at_s: float,
    ) -> float:
        """Place `item`, from its word `first` on, at `at_s`; return the end of its last word."""
        rng = self.rng
        cut_s = 0.0
        if first and rng.random() < 0.12:  # inside a word, as after a window that was cut badly
            cut_s = rng.uniform(item.starts_s[first - 1], item.ends_s[first - 1])
        elif first:
            cut_s = float(item.ends_s[first - 1]) + rng.uniform(-0.03, 0.03)
        start = max(0, round(cut_s * SAMPLE_RATE))
        position = round(at_s * SAMPLE_RATE)
        piece = samples[start : start + len(buffer) - position].astype(np.float32)
        peak = max(1.0, float(np.abs(piece).max(initial=0)))
        buffer[position : position + len(piece)] += piece * (10 ** (rng.uniform(-8, 0) / 20) / peak)
        shift = position / SAMPLE_RATE - start / SAMPLE_RATE
        end_s = at_s
        for word_id, start_s, end in zip(
            item.word_ids[first:], item.starts_s[first:], item.ends_s[first:], strict=True
        ):
            end_s = float(end) + shift
            if start_s + shift >= len(buffer) / SAMPLE_RATE:
                return len(buffer) / SAMPLE_RATE
            words.append(PlacedWord(int(word_id), float(start_s) + shift, end_s))
        return end_s

    def _dress(self, buffer: np.ndarray, *, is_speech: bool) -> np.ndarray:
        """Add level changes, noise and tones. Windows without speech may also stay digitally silent."""
        rng = self.rng
        level = 10 ** (rng.uniform(-26, -1) / 20)
        if is_speech:
            buffer = buffer * level
            if rng.random() < 0.5:
                return buffer
            loudness = float(np.sqrt((buffer**2).mean())) + 1e-4
            return buffer + self._colored_noise(len(buffer)) * loudness * 10 ** (-rng.uniform(8, 45) / 20)
        kind = rng.random()
        if kind < 0.2 or len(buffer) < 400:
            return buffer
        if kind < 0.4:
            return buffer + self._tones(len(buffer)) * level
        noise = self._colored_noise(len(buffer)) * 10 ** (rng.uniform(-70, -10) / 20)
        return buffer + noise + (self._tones(len(buffer)) * level if kind > 0.85 else 0)

    def _colored_noise(self, n_samples: int) -> np.ndarray:
        """Noise of unit loudness whose spectrum falls by 0 to 9 dB per octave, sometimes with a hum."""
        block = 1 << 16
        spectrum = np.fft.rfft(self._noise.standard_normal(block).astype(np.float32))
        slope = self.rng.choice((0.0, 0.5, 1.0, self.rng.uniform(0, 1.5)))
        spectrum *= np.maximum(np.arange(len(spectrum)), 50) ** -slope
        noise = np.fft.irfft(spectrum).astype(np.float32)
        noise = np.tile(noise / noise.std(), n_samples // block + 1)[:n_samples]
        return np.roll(noise, self.rng.randrange(block))

    def _tones(self, n_samples: int) -> np.ndarray:
        """A few steady, beeping or gliding sine tones."""
        t = np.arange(n_samples, dtype=np.float32) / SAMPLE_RATE
        out = np.zeros(n_samples, np.float32)
        for _ in range(self.rng.randint(1, 3)):
            pitch = self.rng.uniform(60, 4000) * (1 + self.rng.choice((0.0, 0.0, 0.02)) * t)
            tone = np.sin(2 * np.pi * pitch * t)
            if self.rng.random() < 0.4:
                tone *= (t * self.rng.uniform(0.5, 4)) % 1 < self.rng.uniform(0.2, 0.8)
            out += tone.astype(np.float32) * self.rng.uniform(0.1, 0.5)
        return out
