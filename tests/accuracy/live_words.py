"""The words of a live text: when each appeared, which changed, how many are wrong; beside the transcript afterwards."""

import difflib
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from localwhisper.audio.ffmpeg import ffmpeg_path
from tests.accuracy.recordings import SpeechRecording
from tests.accuracy.scoring import UNSPACED_LANGUAGES, ErrorCount, word_errors

RATE = 16_000


def samples(path: Path) -> bytes:
    command = [ffmpeg_path(), "-loglevel", "error", "-nostdin", "-i", str(path), "-ac", "1", "-ar", str(RATE)]
    return subprocess.run([*command, "-f", "s16le", "-"], check=True, capture_output=True).stdout


@dataclass
class Replay:
    """What came back of one recording."""

    recording: SpeechRecording
    text: str = ""
    reference: str = ""
    tentative_s: list[float] = field(default_factory=list)  # after the end of each word
    stable_s: list[float] = field(default_factory=list)
    n_words: int = 0
    n_revised: int = 0  # stable words that changed
    max_lag_s: float = 0.0


class Appearances:
    """When each place of a text first had its word."""

    def __init__(self, language: str) -> None:
        self._language = language
        self.stable: list[str] = []
        self.stable_at_s: list[float] = []
        self.first_at_s: dict[tuple[int, str], float] = {}
        self.n_revised = 0

    def note(self, stable_text: str, tentative_text: str, at_s: float) -> None:
        stable, tentative = words_of(stable_text, self._language), words_of(tentative_text, self._language)
        self.n_revised += sum(bare(one) != bare(other) for one, other in zip(self.stable, stable, strict=False))
        self.n_revised += max(0, len(self.stable) - len(stable))
        self.stable_at_s += [at_s] * (len(stable) - len(self.stable))
        self.stable = list(stable)
        for place, word in enumerate([*stable, *tentative]):
            self.first_at_s.setdefault((place, bare(word)), at_s)


def compare(result: Replay, seen: Appearances, final: dict[str, Any]) -> None:
    """Match the live words with those of the transcript; note how late each one appeared."""
    result.text, result.reference, result.n_revised = " ".join(seen.stable), final["text"], seen.n_revised
    spoken = [word for segment in final["segments"] for word in segment["words"]]
    language = result.recording.language
    words = [(bare(part), word["end"]) for word in spoken for part in words_of(word["word"], language)]
    result.n_words = len(words)
    ours, theirs = [bare(word) for word in seen.stable], [word for word, _ in words]
    for block in difflib.SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks():
        for i in range(block.size):
            place, end_s = block.a + i, words[block.b + i][1]
            result.stable_s.append(seen.stable_at_s[place] - end_s)
            result.tentative_s.append(seen.first_at_s[place, ours[place]] - end_s)


def report(name: str, replays: Sequence[Replay]) -> None:
    tentative_s = sorted(value for one in replays for value in one.tentative_s)
    stable_s = sorted(value for one in replays for value in one.stable_s)
    if not stable_s:
        print(f"{name}: no words")
        return
    live, offline = ErrorCount(), ErrorCount()
    for one in replays:
        if one.recording.text is not None:
            live += word_errors(one.recording.text, one.text, one.recording.language)
            offline += word_errors(one.recording.text, one.reference, one.recording.language)
    lag_s = max(one.max_lag_s for one in replays)
    n_words = sum(one.n_words for one in replays)
    print(
        f"{name:32} tentative {statistics.median(tentative_s):5.2f} s, p95 {np.percentile(tentative_s, 95):5.2f}; "
        f"stable {statistics.median(stable_s):5.2f} s, p95 {np.percentile(stable_s, 95):5.2f}; "
        f"{len(stable_s)} of {n_words} words; {sum(one.n_revised for one in replays)} revised; "
        f"WER {live.percent:.1f} (offline {offline.percent:.1f}); lag at most {lag_s:.1f} s",
        flush=True,
    )


def words_of(text: str, language: str) -> list[str]:
    """Where words aren't separated: their characters."""
    return [*"".join(text.split())] if language in UNSPACED_LANGUAGES else text.split()


def bare(word: str) -> str:
    return "".join(character for character in word.casefold() if character.isalnum())
