"""A report of `python -m tests.accuracy` as Markdown tables."""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.accuracy.scoring import ErrorCount, format_errors, has_punctuation, word_errors

REFERENCE = "openai-whisper"
COMPARED = ("exact", "fast")
N_RESAMPLES, SEED = 2000, 1
LOOP_FACTOR = 1.5  # more errors than that times the words: one transcriber repeated itself
Row = Mapping[str, Any]  # one recording of the report


@dataclass
class Score:
    """What one transcriber made of all recordings."""

    words: ErrorCount = field(default_factory=ErrorCount)
    words_by_group: defaultdict[str, ErrorCount] = field(default_factory=lambda: defaultdict(ErrorCount))
    capitals_and_punctuation: ErrorCount = field(default_factory=ErrorCount)
    n_invented: int = 0  # recordings without speech that got a text
    n_same: int = 0  # texts that are the reference transcriber's
    time_s: float = 0.0


def score(name: str, rows: Iterable[Row]) -> Score:
    result = Score()
    for row in rows:
        text, reference = row["texts"][name], row["reference"]
        result.time_s += row["times_s"][name]
        result.n_same += text == row["texts"].get(REFERENCE)
        if reference is None:
            result.n_invented += bool(text.strip())
            continue
        errors = word_errors(reference, text, row["language"])
        result.words += errors
        for group in (row["language"], row["kind"]):
            result.words_by_group[group] += errors
        if has_punctuation(reference):
            result.capitals_and_punctuation += format_errors(reference, text)
    return result


def tables(report: Mapping[str, Any]) -> str:
    """Two tables with a row for each transcriber: over all recordings, and by language and kind of recording. A third
    has the difference between COMPARED by language."""
    rows: Sequence[Row] = report["recordings"]
    scores = {name: score(name, rows) for name in rows[0]["texts"]}
    minutes = sum(row["duration_s"] for row in rows) / 60
    n_silent = sum(row["reference"] is None for row in rows)
    overall = [
        [
            name,
            f"{result.words.percent:.2f} %",
            f"{result.capitals_and_punctuation.percent:.1f} %",
            f"{result.n_invented} of {n_silent} ({100 * result.n_invented / max(n_silent, 1):.0f} %)",
            f"{result.n_same} of {len(rows)}",
            f"{result.time_s / minutes:.2f}",
        ]
        for name, result in scores.items()
    ]
    headings = [
        "word errors",
        "capitals and punctuation",
        "text without speech",
        f"text as {REFERENCE}",
        "s per minute",
    ]
    spoken = [row for row in rows if row["reference"] is not None]
    groups = list(dict.fromkeys([*(row["language"] for row in spoken), *(row["kind"] for row in spoken)]))
    by_group = [
        [name, *(f"{result.words_by_group[group].percent:.1f}" for group in groups)] for name, result in scores.items()
    ]
    what = f"Model {report['model']}, {report['threads']} threads, {len(rows)} recordings of {minutes:.0f} minutes."
    text = f"{what}\n\n{_table(headings, overall)}\n\nWord errors in percent:\n\n{_table(groups, by_group)}\n"
    return text + (f"\n{differences(spoken)}\n" if scores.keys() >= set(COMPARED) else "")


def differences(rows: Sequence[Row]) -> str:
    """By language, the word errors of the second of COMPARED less those of the first, in points, with the 95 %
    interval of a bootstrap over the recordings."""
    groups: defaultdict[str, list[tuple[ErrorCount, ErrorCount]]] = defaultdict(list)
    for row in rows:
        first, second = (word_errors(row["reference"], row["texts"][name], row["language"]) for name in COMPARED)
        groups["all"].append((first, second))
        if max(first.errors, second.errors) <= LOOP_FACTOR * first.total:
            groups["all but loops"].append((first, second))
        groups[row["language"]].append((first, second))
    cells = []
    for group, counts in groups.items():
        low, high = _interval(counts)
        n_words = sum(first.total for first, _ in counts)
        cells.append([group, str(len(counts)), str(n_words), f"{_difference(counts):+.1f} ({low:+.1f} to {high:+.1f})"])
    first_name, second_name = COMPARED
    return _table(["recordings", "words", f"{second_name} less {first_name}, points"], cells)


def _difference(counts: Sequence[tuple[ErrorCount, ErrorCount]]) -> float:
    n_words = sum(first.total for first, _ in counts)
    return 100 * sum(second.errors - first.errors for first, second in counts) / max(n_words, 1)


def _interval(counts: Sequence[tuple[ErrorCount, ErrorCount]]) -> tuple[float, float]:
    generator = random.Random(SEED)
    resampled = sorted(_difference(generator.choices(counts, k=len(counts))) for _ in range(N_RESAMPLES))
    return resampled[N_RESAMPLES // 40], resampled[-N_RESAMPLES // 40 - 1]


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [["", *headings], ["---"] * (len(headings) + 1), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
