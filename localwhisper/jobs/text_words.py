"""The words of a transcript or of a script, where they stand in it and when they are spoken."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from localwhisper.jobs.transcript import Segment
from localwhisper.unicode_text import UNSPACED

Bisect = Callable[[Sequence[int], int], int]
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


def words_in(segments: Sequence[Segment]) -> list[TextWord]:
    """Return the words of these segments; what has neither letters nor digits isn't one."""
    return [word for number, segment in enumerate(segments) for word in _words_of(number, segment)]


def _words_of(number: int, segment: Segment) -> Iterator[TextWord]:
    time_at = _times(segment)
    for start, end in word_spans(segment.text):
        text = segment.text[start:end]
        if key := key_of(text):
            yield TextWord(text, key, number, start, end, time_at(start, bisect_right), time_at(end, bisect_left))


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


def _times(segment: Segment) -> Callable[[int, Bisect], float]:
    """Return a function from a place in the text to its time, by the words' times, if they have any, and by its length.

    Between two words, bisect_left stands for the end of the first, and bisect_right for the beginning of the second.
    """
    parts = [(word.word, word.start, word.end) for word in segment.words or ()]
    if "".join(text for text, _, _ in parts) != segment.text:
        parts = [(segment.text, segment.start, segment.end)]
    edges = [0, *accumulate(len(text) for text, _, _ in parts)]

    def time_at(char: int, bisect: Bisect) -> float:
        part = min(bisect(edges, char) - 1, len(parts) - 1)
        text, start_s, end_s = parts[part]
        n_spaces = len(text) - len(text.lstrip())
        share = (char - edges[part] - n_spaces) / max(len(text) - n_spaces, 1)
        return start_s + max(share, 0.0) * (end_s - start_s)

    return time_at
