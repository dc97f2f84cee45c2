"""The words of a transcript or of a script, where they stand in it and when they are spoken."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from localwhisper.jobs.transcript import Segment, Word
from localwhisper.unicode_text import UNSPACED

_WORD = re.compile(rf"{UNSPACED}|[^\s{UNSPACED[1:]}+")


@dataclass(frozen=True)
class TextWord:
    """A word with the punctuation at it; in a script without spaces, a character."""

    text: str
    key: str  # what is compared: letters and digits, without case
    segment: int  # number of the segment
    start: int  # its characters in the segment's text
    end: int
    start_s: float
    end_s: float
    probability: float  # as the model heard it; 1 without word times


def words_in(segments: Sequence[Segment]) -> list[TextWord]:
    """Return the words of these segments; what has neither letters nor digits isn't one."""
    return [word for number, segment in enumerate(segments) for word in _words_of(number, segment)]


def _words_of(number: int, segment: Segment) -> Iterator[TextWord]:
    times = _Times(segment)
    for start, end in word_spans(segment.text):
        text = segment.text[start:end]
        if key := key_of(text):
            yield TextWord(
                text, key, number, start, end, times.start_s(start), times.end_s(end), times.probability(start)
            )


def word_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each word of a text begins and ends."""
    for match in _WORD.finditer(text):
        start, end = match.span()
        if _is_mark(text[start]):  # belongs to the character before
            continue
        while end < len(text) and _is_mark(text[end]):
            end += 1
        yield start, end


def _is_mark(char: str) -> bool:
    """Whether a character belongs to the one before, as vowels do in some scripts."""
    return unicodedata.category(char)[0] == "M"


def key_of(text: str) -> str:
    """Return what two spellings of a word have in common; empty for punctuation."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum() or _is_mark(char))


class _Times:
    """When the characters of a segment are spoken: by its words, if they have times; else by their place in it."""

    def __init__(self, segment: Segment) -> None:
        self._parts: Sequence[Word] = segment.words or ()
        if "".join(word.word for word in self._parts) != segment.text:
            self._parts = [Word(word=segment.text, start=segment.start, end=segment.end, probability=1.0)]
        self._edges = [0, *accumulate(len(word.word) for word in self._parts)]

    def start_s(self, char: int) -> float:
        """The time of a place where a word begins."""
        return self._at(bisect_right(self._edges, char) - 1, char)

    def end_s(self, char: int) -> float:
        """The time of a place where a word ends."""
        return self._at(bisect_left(self._edges, char) - 1, char)

    def probability(self, char: int) -> float:
        return self._parts[bisect_right(self._edges, char) - 1].probability

    def _at(self, part: int, char: int) -> float:
        word = self._parts[part]
        n_spaces = len(word.word) - len(word.word.lstrip())
        share = (char - self._edges[part] - n_spaces) / max(len(word.word) - n_spaces, 1)
        return word.start + max(share, 0.0) * (word.end - word.start)
