"""Subtitles for reading: words are put together by the cheapest way of breaking the text within the limits.

A subtitle starts with its first word, and lasts as long as its words, longer if reading it takes longer and nobody
speaks meanwhile.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from localwhisper.export.phrases import SHORT_LAST_WORD, break_costs, ends_sentence, units
from localwhisper.export.subtitle_limits import Limits, width
from localwhisper.jobs.transcript import Word

# Costs, compared with those of breaks in phrases.py.
EACH_SUBTITLE = 4.0
SENTENCE_END_WITHIN = 1.5
PAUSE_WITHIN, UNNOTICED_PAUSE_S, LONGEST_PAUSE_S = 8.0, 0.5, 2.0  # the first per second
OUTSIDE_LIMITS, FAR_OUTSIDE_LIMITS = 8.0, 20.0
UNEVEN_LINES, LONE_SHORT_WORD = 20.0, 12.0


def subtitles(words: Sequence[Word], limits: Limits, until_s: float) -> Iterator[tuple[list[Word], float]]:
    """The words of each subtitle, with line breaks, and when it ends, not after `until_s`.

    `words`: of one speaker or channel, in order; they may overlap.
    """
    text = _Text(units(words, limits.line_width), limits, until_s)
    for first, last in text.divided():
        parts = text.parts[first:last]
        line_starts = dict.fromkeys(text.lines(first, last), "\n") | {first: ""}
        lines = [
            replace(part, word=line_starts[number] + part.word.strip()) if number in line_starts else part
            for number, part in enumerate(parts, start=first)
        ]
        yield lines, text.end_s(first, last)


class _Text:
    """The units of a text; a span of them is given by its first, and the one after its last."""

    def __init__(self, parts: Sequence[Word], limits: Limits, until_s: float) -> None:
        self.parts = parts
        self._limits = limits
        self._costs = break_costs(parts)
        self._starts_s = [*(part.start for part in parts), until_s]
        self._ends = [0, *accumulate(width(part.word) for part in parts)]  # columns
        self._sentence_ends = [0, *accumulate(ends_sentence(part.word.strip()) for part in parts)]
        self._pauses = [self._pause_cost(number) for number in range(len(parts))]

    def divided(self) -> Sequence[tuple[int, int]]:
        """The spans of the subtitles, by dynamic programming over all ways to divide the text."""
        n = len(self.parts)
        best, came_from = [0.0, *[math.inf] * n], [0] * (n + 1)
        for first in range(n):
            for last in range(first + 1, n + 1):
                if last > first + 1 and not self._can_be_one(first, last):
                    break
                cost = best[first] + self._cost(first, last)
                if cost < best[last]:
                    best[last], came_from[last] = cost, first
        spans: list[tuple[int, int]] = []
        while n:
            spans.append((came_from[n], n))
            n = came_from[n]
        return spans[::-1]

    def end_s(self, first: int, last: int) -> float:
        start_s, spoken_s = self._starts_s[first], self.parts[last - 1].end
        return max(start_s, min(max(spoken_s, start_s + self._reading_s(first, last)), self._latest_end_s(first, last)))

    def lines(self, first: int, last: int) -> Sequence[int]:
        """The first units of the lines: as few as possible, broken where it is cheapest."""
        n_lines = self._n_lines(first, last, limit=last - first)
        best: dict[int, tuple[float, list[int]]] = {first: (0.0, [])}
        for _ in range(n_lines):
            longer: dict[int, tuple[float, list[int]]] = {}
            for start, (cost, starts) in best.items():
                for end in range(start + 1, last + 1):
                    if end > start + 1 and self._width(start, end) > self._limits.line_width:
                        break
                    total = cost + self._line_cost(start, end, self._width(first, last) / n_lines)
                    if end < last:
                        total += self._costs[end]
                    if end not in longer or total < longer[end][0]:
                        longer[end] = (total, [*starts, start])
            best = longer
        return best[last][1]

    def _pause_cost(self, number: int) -> float:
        """Of the pause before a unit, if it is within a subtitle."""
        pause_s = self.parts[number].start - self.parts[number - 1].end if number else 0.0
        return math.inf if pause_s > LONGEST_PAUSE_S else PAUSE_WITHIN * max(pause_s - UNNOTICED_PAUSE_S, 0.0)

    def _can_be_one(self, first: int, last: int) -> bool:
        limits = self._limits
        return (
            self._pauses[last - 1] < math.inf
            and self.parts[last - 1].end - self._starts_s[first] <= limits.max_s
            and (limits.max_words is None or last - first <= limits.max_words)
            and self._n_lines(first, last, limit=limits.n_lines) <= limits.n_lines
        )

    def _cost(self, first: int, last: int) -> float:
        limits = self._limits
        available_s = self._latest_end_s(first, last) - self._starts_s[first]
        cost = EACH_SUBTITLE + self._costs[first]
        cost += SENTENCE_END_WITHIN * (self._sentence_ends[last - 1] - self._sentence_ends[first])
        cost += sum(self._pauses[first + 1 : last])
        for needed_s in (limits.min_s, self._width(first, last) / limits.columns_per_s):
            if available_s < needed_s:
                cost += OUTSIDE_LIMITS + FAR_OUTSIDE_LIMITS * min(1 - available_s / needed_s, 1.0)
        return cost

    def _line_cost(self, start: int, end: int, even_width: float) -> float:
        columns = self._width(start, end)
        is_lone = end == start + 1 and columns <= SHORT_LAST_WORD
        return UNEVEN_LINES * ((columns - even_width) / self._limits.line_width) ** 2 + LONE_SHORT_WORD * is_lone

    def _latest_end_s(self, first: int, last: int) -> float:
        gap_s = self._limits.gap_s if last < len(self.parts) else 0.0
        return min(self._starts_s[last] - gap_s, self._starts_s[first] + self._limits.max_s)

    def _reading_s(self, first: int, last: int) -> float:
        return max(self._limits.min_s, self._width(first, last) / self._limits.columns_per_s)

    def _width(self, first: int, last: int) -> int:
        return self._ends[last] - self._ends[first] - self.parts[first].word.startswith(" ")

    def _n_lines(self, first: int, last: int, *, limit: int) -> int:
        """The smallest possible number of lines, or a larger one than the limit."""
        n_lines, start = 0, first
        while start < last and n_lines <= limit:
            end_column = self._ends[start] + self.parts[start].word.startswith(" ") + self._limits.line_width
            start = max(bisect_right(self._ends, end_column, start + 1, last + 1) - 1, start + 1)
            n_lines += 1
        return n_lines
