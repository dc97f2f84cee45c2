"""Measure a demo checkpoint on speech it was not trained on: word error rates, language, silence, word times.

Needs libespeak-ng. Run from the repository root: `python -m tools.evaluate_demo_model`. `--engine openai` uses
openai-whisper, `--engine localwhisper` this project's engine; `--quick` uses a tenth of the clips.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import numpy as np

from localwhisper.options import Quality
from tools.demo_model import pool
from tools.demo_model.speech import HELD_OUT_VARIANTS, SAMPLE_RATE, VARIANTS, Spoken, Synthesizer, Voice
from tools.demo_model.words import LANGUAGES, Text, number_words, random_utterance

PLAIN_VOICES = {"en": Voice("gmw/en-US", 150), "es": Voice("roa/es", 175)}
Transcribe = Callable[..., dict[str, Any]]


@dataclass
class Clip:
    """samples: float32, shape (n,), 16 kHz, in [-1, 1]; starts_s, ends_s: one time per word."""

    samples: np.ndarray
    words: list[str] = field(default_factory=list)
    starts_s: list[float] = field(default_factory=list)
    ends_s: list[float] = field(default_factory=list)


class ClipMaker:
    """Makes the clips for each row of the table, reproducibly."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._noise = np.random.default_rng(seed)
        self._synthesizer = Synthesizer()

    def utterance(self, language: str, variants: list[str]) -> Clip:
        """One utterance, often with background noise."""
        return self._with_noise(_joined([self._spoken(language, variants)], [0.2], 0.3), 0.5)

    def many(self, language: str, length_s: float, variants: list[str]) -> Clip:
        """Utterances of several voices with pauses, up to `length_s` in all."""
        items: list[Spoken] = []
        gaps: list[float] = []
        used_s = 0.0
        while True:
            item = self._spoken(language, variants)
            gap_s = self._rng.uniform(0.3, 1.5)
            if used_s + gap_s + item.duration_s > length_s:
                break
            items.append(item)
            gaps.append(gap_s)
            used_s += gap_s + item.duration_s
        return self._with_noise(_joined(items, gaps, 0.3), 0.3)

    def reading(self, language: str, n_words: int, *, has_stops: bool) -> Clip:
        """One voice reads number words without pauses."""
        words = tuple(self._rng.choice(number_words(language)) for _ in range(n_words))
        stops = frozenset(range(6, n_words, 7)) if has_stops else frozenset[int]()
        item = self._synthesizer.speak(Text(language, words, stops), PLAIN_VOICES[language])
        if item is None:
            return self.reading(language, n_words, has_stops=has_stops)
        return _joined([item], [0.0], 0.0)

    def nothing(self, kind: int) -> Clip:
        """Silence, noise or tones, 1 to 40 s."""
        n = round(self._rng.uniform(1, 40) * SAMPLE_RATE)
        t = np.arange(n) / SAMPLE_RATE
        if kind % 3 == 0:
            return Clip(np.zeros(n, np.float32))
        if kind % 3 == 1:
            return Clip((self._noise.standard_normal(n) * 10 ** self._rng.uniform(-3, -0.7)).astype(np.float32))
        return Clip((0.3 * np.sin(2 * np.pi * self._rng.uniform(80, 3000) * t)).astype(np.float32))

    def _spoken(self, language: str, variants: list[str]) -> Spoken:
        while True:
            voice = pool.random_voice(self._rng, language, variants)
            if variants is HELD_OUT_VARIANTS and "+" not in voice.name:
                continue
            item = self._synthesizer.speak(random_utterance(self._rng, language), voice)
            if item is not None:
                return item

    def _with_noise(self, clip: Clip, share: float) -> Clip:
        if self._rng.random() < share:
            loudness = float(np.sqrt((clip.samples**2).mean()))
            noise = self._noise.standard_normal(len(clip.samples)).astype(np.float32)
            clip.samples = clip.samples + noise * loudness * 10 ** (-self._rng.uniform(12, 40) / 20)
        return clip


def _joined(items: list[Spoken], gaps_s: list[float], tail_s: float) -> Clip:
    """The items in sequence, each after its gap."""
    clip = Clip(np.zeros(0, np.float32))
    parts: list[np.ndarray] = []
    at_s = 0.0
    for item, gap_s in zip(items, gaps_s, strict=True):
        gap = np.zeros(round(gap_s * SAMPLE_RATE), np.float32)
        parts += [gap, item.samples.astype(np.float32) / 32768 * 0.6]
        at_s += len(gap) / SAMPLE_RATE
        clip.words += item.text.words
        clip.starts_s += [at_s + float(start) for start in item.starts_s]
        clip.ends_s += [at_s + float(end) for end in item.ends_s]
        at_s += item.duration_s
    clip.samples = np.concatenate([*parts, np.zeros(round(tail_s * SAMPLE_RATE), np.float32)])
    return clip


def errors(expected: list[str], words: list[str]) -> int:
    """Levenshtein distance in words."""
    row = list(range(len(words) + 1))
    for i, word in enumerate(expected, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(words, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1]


def word_error_rate(clips: list[Clip], transcribe: Transcribe, **options: Any) -> float:
    wrong = total = 0
    for clip in clips:
        wrong += errors(clip.words, transcribe(clip.samples, **options)["text"].split())
        total += len(clip.words)
    return wrong / total


def rows(make: ClipMaker, transcribe: Transcribe, share: float) -> Iterator[tuple[str, list[str]]]:
    """The rows of the table: (title, one figure for each language, or one for both)."""

    def some(n: int) -> range:
        return range(max(2, round(n * share)))

    def rates(clips_of: Callable[[str], list[Clip]], **options: Any) -> list[str]:
        return [f"{word_error_rate(clips_of(x), transcribe, language=x, **options):.1%}" for x in LANGUAGES]

    for name, variants in (("voices seen", VARIANTS), ("voices not seen", HELD_OUT_VARIANTS)):
        yield f"single utterances, {name}", rates(lambda x, v=variants: [make.utterance(x, v) for _ in some(150)])
    yield "30-s windows of many utterances", rates(lambda x: [make.many(x, 29.5, VARIANTS) for _ in some(30)])
    minutes = {language: [make.many(language, 150, VARIANTS) for _ in some(8)] for language in LANGUAGES}
    for is_conditioned in (True, False):
        name = "with" if is_conditioned else "without"
        figures = rates(lambda x: minutes[x], condition_on_previous_text=is_conditioned)
        yield f"2.5-min files {name} conditioning on the preceding text", figures
    for has_stops in (False, True):
        name = "with" if has_stops else "without"
        readings = {
            x: [make.reading(x, n, has_stops=has_stops) for n in (10, 25, 60, 120, 360) for _ in some(3)]
            for x in LANGUAGES
        }
        figures = [f"{word_error_rate(readings[x], transcribe):.1%}" for x in LANGUAGES]  # language detected
        yield f"running numbers {name} full stops, 10 to 360 words", figures
    spoken = {x: [make.utterance(x, VARIANTS) for _ in some(300)] for x in LANGUAGES}
    is_right = {x: [transcribe(clip.samples)["language"] == x for clip in spoken[x]] for x in LANGUAGES}
    yield "language detected correctly", [f"{statistics.mean(is_right[x]):.1%}" for x in LANGUAGES]
    silent = [not transcribe(make.nothing(kind).samples)["text"].strip() for kind in some(100)]
    yield "no text on silence, noise and tones", [f"{statistics.mean(silent):.1%}"]
    yield _times([make.many("en", 29.5, VARIANTS) for _ in some(15)], transcribe)


def _times(clips: list[Clip], transcribe: Transcribe) -> tuple[str, list[str]]:
    """The median error of word start times, in clips whose words are all correct."""
    starts: list[float] = []
    for clip in clips:
        result = transcribe(clip.samples, language="en", word_timestamps=True)
        words = [word for segment in result["segments"] for word in segment["words"]]
        if [word["word"].strip() for word in words] == clip.words:
            starts += [abs(word["start"] - start) for word, start in zip(words, clip.starts_s, strict=True)]
    figure = f"{statistics.median(starts):.3f} s" if starts else "no clip was correct"
    return "word starts, median error", [figure]


def openai(checkpoint: Path) -> Transcribe:
    import whisper

    model = whisper.load_model(str(checkpoint))
    return lambda samples, **options: model.transcribe(samples, fp16=False, **options)


def localwhisper(checkpoint: Path, folder: Path, quality: Quality) -> Transcribe:
    """This project's engine, with results like openai-whisper's."""
    from localwhisper.audio.ffmpeg import Ffmpeg
    from localwhisper.engine.checkpoints.library import ModelLibrary
    from localwhisper.engine.model_cache import ModelCache
    from localwhisper.engine.whisper_engine import WhisperEngine
    from localwhisper.export.registry import EXPORTERS
    from localwhisper.options import Options

    library = ModelLibrary(folder, data_dir=folder, assets=folder)
    library.import_checkpoint(checkpoint, "candidate")
    engine = WhisperEngine(ModelCache(library, idle_timeout_s=600), Ffmpeg(), folder / "spool", max_audio_s=3600)

    def transcribe(samples: np.ndarray, **options: Any) -> dict[str, Any]:
        path = folder / "clip.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
            file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        transcript = engine.transcribe(path, Options(model="candidate", quality=quality, **options), NullControl())
        result: dict[str, Any] = json.loads(EXPORTERS["json"].to_text(transcript))
        return result

    return transcribe


class NullControl:
    """An engine's Control that ignores everything."""

    speakers_file = None

    def check(self) -> None: ...

    def measured(self, duration_s: float) -> None: ...

    def progress(self, done_s: float, message: object) -> None: ...

    def window(self, window: object) -> None: ...


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, nargs="?", help="the bundled one by default")
    parser.add_argument("--engine", choices=["openai", "localwhisper"], default="openai")
    parser.add_argument("--quality", choices=get_args(Quality), default="exact", help="for --engine localwhisper")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=2025)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        checkpoint = options.checkpoint or _bundled(folder)
        transcribe = (
            openai(checkpoint) if options.engine == "openai" else localwhisper(checkpoint, folder, options.quality)
        )
        print(f"| {options.engine} engine | {' | '.join(LANGUAGES)} |\n| --- | --- | --- |")
        for title, figures in rows(ClipMaker(options.seed), transcribe, 0.1 if options.quick else 1.0):
            print(f"| {title} | {' | '.join(figures)} {'| ' * (len(LANGUAGES) - len(figures))}|", flush=True)


def _bundled(folder: Path) -> Path:
    import lzma

    asset = Path(__file__).parent.parent / "localwhisper" / "assets" / "demo.pt.xz"
    path = folder / "demo.pt"
    path.write_bytes(lzma.decompress(asset.read_bytes()))
    return path


if __name__ == "__main__":
    main()
