"""Which words of a corrected text are words of the old one: a diff whose time grows about linearly with the texts."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

MAX_CELLS = 4_000  # of old times new words that SequenceMatcher compares
MAX_DEPTH = 10

Region = tuple[int, int, int, int, int]  # old words from … to, new words from … to, depth


def match_words(old: Sequence[str], new: Sequence[str]) -> list[int | None]:
    """Return for each new word the number of the old word that it equals, in ascending order; None if there is none.

    Equal beginnings and ends are matched first. Between them, a small region is compared by SequenceMatcher, and a
    large one is divided at the words that occur once in both texts.
    """
    matches: list[int | None] = [None] * len(new)
    regions: list[Region] = [(0, len(old), 0, len(new), 0)]
    while regions:
        a, a_end, b, b_end, depth = regions.pop()
        while a < a_end and b < b_end and old[a] == new[b]:
            matches[b] = a
            a, b = a + 1, b + 1
        while a < a_end and b < b_end and old[a_end - 1] == new[b_end - 1]:
            a_end, b_end = a_end - 1, b_end - 1
            matches[b_end] = a_end
        n_cells = (a_end - a) * (b_end - b)
        if n_cells < 2:  # nothing left, or one word that was replaced
            continue
        if n_cells <= MAX_CELLS:
            for block in SequenceMatcher(None, old[a:a_end], new[b:b_end], autojunk=False).get_matching_blocks():
                matches[b + block.b : b + block.b + block.size] = range(a + block.a, a + block.a + block.size)
        elif depth < MAX_DEPTH:
            ends = [*_anchors(old, new, (a, a_end, b, b_end)), (a_end, b_end)]
            if len(ends) == 1:
                continue
            for a_next, b_next in ends:  # each region begins with the anchor that ended the one before
                regions.append((a, a_next, b, b_next, depth + 1))
                a, b = a_next, b_next
    return matches


def _anchors(old: Sequence[str], new: Sequence[str], region: tuple[int, int, int, int]) -> list[tuple[int, int]]:
    """Return the longest series of words, as (old, new) numbers, that occur once in both texts and in this order."""
    a, a_end, b, b_end = region
    n_old, n_new = Counter(old[a:a_end]), Counter(new[b:b_end])
    position = {word: at for at, word in enumerate(old[a:a_end], a) if n_old[word] == 1}
    pairs = [(position[word], at) for at, word in enumerate(new[b:b_end], b) if n_new[word] == 1 and word in position]
    last: list[int] = []  # of the best series of each length: the old number of its end
    ends: list[int] = []  # and which pair that is
    previous: list[int | None] = []
    for number, (old_at, _) in enumerate(pairs):
        length = bisect_left(last, old_at)
        last[length : length + 1] = [old_at]
        ends[length : length + 1] = [number]
        previous.append(ends[length - 1] if length else None)
    series = []
    number_or_none = ends[-1] if ends else None
    while number_or_none is not None:
        series.append(pairs[number_or_none])
        number_or_none = previous[number_or_none]
    return series[::-1]
