"""The limits of subtitles that are made for reading, and what a subtitle breaks of them.

Widths are in columns, as in a terminal: a Chinese, Japanese or Korean character takes two, a combining mark none.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from localwhisper.options import Layout

Problem = Literal[
    "too_fast", "too_long", "too_short", "overlapping", "gap_too_short", "line_too_wide", "too_many_lines"
]
Script = Literal["chinese", "japanese", "korean", "thai"]
MAX_EXAMINED_CHARS = 20_000


class TimedText(Protocol):
    @property
    def start_s(self) -> float: ...
    @property
    def end_s(self) -> float: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Limits:
    line_width: int = 42  # columns
    n_lines: int = 2
    min_s: float = 1.0  # how long a subtitle is shown
    max_s: float = 7.0
    columns_per_s: float = 20.0  # reading speed
    gap_s: float = 0.084  # between two subtitles: two frames at 24 per second
    max_words: int | None = None


PRESETS: Mapping[str, Limits] = {
    "standard": Limits(),
    "netflix": Limits(min_s=0.834),  # 5/6 s
    "youtube": Limits(line_width=32),
    "word": Limits(min_s=0.0, columns_per_s=1000.0, gap_s=0.0),
}
PRESETS_FOR_SCRIPT: Mapping[str, Mapping[Script, Limits]] = {
    "netflix": {
        "chinese": replace(PRESETS["netflix"], line_width=32, columns_per_s=18),  # 16 and 9 characters
        "japanese": replace(PRESETS["netflix"], line_width=26, columns_per_s=8),  # 13 and 4 characters
        "korean": replace(PRESETS["netflix"], line_width=32, columns_per_s=24),  # 16 and 12 characters
        "thai": replace(PRESETS["netflix"], line_width=35, columns_per_s=17),
    }
}


def limits_for(layout: Layout, text: str) -> Limits:
    """The limits of a preset for a text, with the layout's own figures; of `standard` for whisper's subtitles."""
    preset = "standard" if layout.subtitles == "whisper" else layout.subtitles
    script = script_of(text)
    limits = PRESETS[preset]
    if script is not None:
        limits = PRESETS_FOR_SCRIPT.get(preset, {}).get(script, limits)
    return replace(
        limits,
        line_width=layout.max_line_width or limits.line_width,
        n_lines=layout.max_line_count or limits.n_lines,
        max_words=layout.max_words_per_line,
    )


def script_of(text: str) -> Script | None:
    """Which of the scripts with rules of their own most letters have. Not the language: a translation has another."""
    letters = [char for char in text[:MAX_EXAMINED_CHARS] if char.isalpha()]
    counts: dict[Script, int] = {
        "japanese": sum("\u3040" <= char <= "\u30ff" for char in letters),
        "chinese": sum("\u3400" <= char <= "\u9fff" for char in letters),
        "korean": sum("\uac00" <= char <= "\ud7a3" for char in letters),
        "thai": sum("\u0e00" <= char <= "\u0e7f" for char in letters),
    }
    if 2 * sum(counts.values()) <= len(letters):
        return None
    if 5 * counts["japanese"] >= counts["chinese"] > 0:  # Japanese mixes both
        counts["japanese"] += counts["chinese"]
    return max(counts, key=lambda script: counts[script])


def width(text: str) -> int:
    """Columns; a line break takes as many as a space, one."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def problems(cues: Sequence[TimedText], limits: Limits) -> Iterator[list[Problem]]:
    """What each cue breaks of the limits, in order of time. Times are compared in whole milliseconds."""
    last_ms: int | None = None
    for cue in cues:
        start_ms, end_ms = round(1000 * cue.start_s), round(1000 * cue.end_s)
        lines = cue.text.split("\n")
        found: dict[Problem, bool] = {
            "too_fast": 1000 * width(cue.text) > limits.columns_per_s * (end_ms - start_ms + 1),
            "too_long": end_ms - start_ms > round(1000 * limits.max_s),
            "too_short": end_ms - start_ms < round(1000 * limits.min_s),
            "overlapping": last_ms is not None and start_ms < last_ms,
            "gap_too_short": last_ms is not None and 0 <= start_ms - last_ms < round(1000 * limits.gap_s),
            "line_too_wide": any(width(line) > limits.line_width for line in lines),
            "too_many_lines": len(lines) > limits.n_lines,
        }
        yield [problem for problem, is_found in found.items() if is_found]
        last_ms = end_ms
