"""Where two transcripts of one recording differ, word by word, and one with some of the other's words.

Pure functions, whose time grows about linearly with the texts.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from localwhisper.jobs.corrections import Line
from localwhisper.jobs.text_words import TextWord, words_in
from localwhisper.jobs.transcript import Segment
from localwhisper.jobs.word_matching import match_words
from localwhisper.unicode_text import UNSPACED

N_CONTEXT_WORDS = 5
SLACK_S = 0.3  # by which a line may reach into another's time
_IS_UNSPACED = re.compile(UNSPACED)

Spans = Sequence[tuple[float, float]]  # start and end in seconds


@dataclass(frozen=True)
class Replacement:
    """New text for some characters of a segment."""

    segment: int  # its number
    start: int
    end: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A place where the other text has other words, and what has to be done to have them."""

    id: str  # where it is in the other text: stays the same when other differences are taken over
    segment: int  # number of the first segment concerned
    start: float  # seconds
    end: float
    text: str  # of the words that the other text doesn't have; may be empty
    other_text: str  # of those that it has instead; may be empty
    before: str  # the words around it
    after: str
    is_spelling: bool  # only capitals or punctuation differ
    replacements: tuple[Replacement, ...] = ()
    new_lines: tuple[Line, ...] = ()  # inserted before `segment`


def differences(
    segments: Sequence[Segment], other: Sequence[Segment], within: Spans | None = None
) -> Iterator[Difference]:
    """Yield the differences in the order of the text. `within`: the parts of the recording that `other` is the text of;
    None: all of it."""
    texts = _Texts(segments, other, within)
    for a, a_end, b, b_end in _changed(texts):
        is_cut = within is not None and b == b_end and (a == 0 or a_end == len(texts.words))
        if not is_cut:
            yield texts.difference(a, a_end, b, b_end)


def _changed(texts: "_Texts") -> Iterator[tuple[int, int, int, int]]:
    """Yield the words, from … to, and the other words, from … to, that stand in their place."""
    matches = match_words([word.key for word in texts.words], [word.key for word in texts.other_words])
    pairs = [(at, other_at) for other_at, at in enumerate(matches) if at is not None]
    ends = [(-1, -1), *pairs, (len(texts.words), len(texts.other_words))]
    for (a, b), (a_end, b_end) in pairwise(ends):
        if a + 1 < a_end or b + 1 < b_end:
            yield a + 1, a_end, b + 1, b_end
        if a_end < len(texts.words) and texts.words[a_end].text != texts.other_words[b_end].text:
            yield a_end, a_end + 1, b_end, b_end + 1


class _Texts:
    """Two texts of one recording. Their words are numbered from 0."""

    def __init__(self, segments: Sequence[Segment], other: Sequence[Segment], within: Spans | None = None) -> None:
        words = words_in(segments)
        if within is not None:
            words = [word for word in words if _is_within((word.start_s + word.end_s) / 2, within)]
        self.words, self.other_words = words, words_in(other)
        self._segments = segments
        self._other = other

    def difference(self, a: int, a_end: int, b: int, b_end: int) -> Difference:
        """The difference of these words, from … to, and the other text's."""
        words, others = self.words[a:a_end], self.other_words[b:b_end]
        lines = () if words or not others else tuple(self._new_lines(a, others))
        replacements = () if lines else tuple(self._replacements(a, words, others))
        shown = words or others
        return Difference(
            id=f"{b}-{b_end}",
            segment=words[0].segment
            if words
            else self._segment_after(a, others[0].start_s)
            if lines
            else replacements[0].segment,
            start=shown[0].start_s,
            end=max(shown[-1].end_s, others[-1].end_s) if others else shown[-1].end_s,
            text=_text(words, self._segments),
            other_text=_text(others, self._other),
            before=_text(self.words[max(a - N_CONTEXT_WORDS, 0) : a], self._segments),
            after=_text(self.words[a_end : a_end + N_CONTEXT_WORDS], self._segments),
            is_spelling=[word.key for word in words] == [word.key for word in others],
            replacements=replacements,
            new_lines=lines,
        )

    def _segment_after(self, a: int, start_s: float) -> int:
        """Number of the segment before which new lines come, whose text precedes word `a`."""
        if a < len(self.words):
            return self.words[a].segment
        if self.words:
            return self.words[-1].segment + 1
        return sum(segment.start < start_s for segment in self._segments)

    def _new_lines(self, a: int, others: Sequence[TextWord]) -> Iterator[Line]:
        """The other text's lines, if there is room for them between two segments; else none."""
        before = self.words[a - 1] if a else None
        after = self.words[a] if a < len(self.words) else None
        if before is not None and (
            (after is not None and before.segment == after.segment)
            or others[0].start_s < self._segments[before.segment].end - SLACK_S
        ):
            return
        if after is not None and others[-1].end_s > self._segments[after.segment].start + SLACK_S:
            return
        for _, line in groupby(others, key=lambda word: word.segment):
            words = list(line)
            yield Line(start=words[0].start_s, end=words[-1].end_s, text=_text(words, self._other))

    def _replacements(self, a: int, words: Sequence[TextWord], others: Sequence[TextWord]) -> Iterator[Replacement]:
        if not words:
            yield self._insertion(a, others)
            return
        rest = list(others)
        groups = [list(group) for _, group in groupby(words, key=lambda word: word.segment)]
        for group in groups:
            segment = self._segments[group[0].segment]
            is_last = group is groups[-1]
            n = next((n for n, other in enumerate(rest) if other.start_s > segment.end), len(rest))
            text = _text(rest if is_last else rest[:n], self._other)
            rest = rest[n:]
            start = group[0].start
            if not text:  # a space before what goes
                start = len(segment.text[:start].rstrip())
            yield Replacement(group[0].segment, start, group[-1].end, text)

    def _insertion(self, a: int, others: Sequence[TextWord]) -> Replacement:
        text = _text(others, self._other)
        before = self.words[a - 1] if a else None
        after = self.words[a] if a < len(self.words) else None
        if before is not None and (
            after is None or after.segment == before.segment or others[0].start_s < self._segments[after.segment].start
        ):
            space = "" if _IS_UNSPACED.match(text) and _IS_UNSPACED.match(before.text[-1]) else " "
            return Replacement(before.segment, before.end, before.end, space + text)
        assert after is not None, "new lines, as there is nothing to put the text into"
        space = "" if _IS_UNSPACED.match(text[-1]) and _IS_UNSPACED.match(after.text) else " "
        return Replacement(after.segment, after.start, after.start, text + space)


def _is_within(time_s: float, spans: Spans) -> bool:
    return any(start_s <= time_s <= end_s for start_s, end_s in spans)


def _text(words: Sequence[TextWord], segments: Sequence[Segment]) -> str:
    """The text from the first to the last of these words, which follow one another."""
    parts = []
    for number, group in groupby(words, key=lambda word: word.segment):
        line = list(group)
        parts.append(segments[number].text[line[0].start : line[-1].end])
    return " ".join(parts)


def _joined(before: str, after: str) -> str:
    """With a space where two words would become one: between them was one in a script without spaces."""
    edges = before[-1:], after[:1]
    is_joint = any(not edge or edge.isspace() or _IS_UNSPACED.match(edge) for edge in edges)
    return f"{before}{after}" if is_joint else f"{before} {after}"


def taken_over(segments: Sequence[Segment], differences: Collection[Difference]) -> tuple[int, int, list[Line]]:
    """Return a correction that takes over these differences: number of the first segment, how many, and their lines."""
    if not differences:
        return 0, 0, []
    texts: dict[int, str] = {}
    by_place = sorted(
        (replacement for difference in differences for replacement in difference.replacements),
        key=lambda replacement: (replacement.segment, replacement.start, replacement.end),
    )
    for change in reversed(by_place):
        text = texts.get(change.segment, segments[change.segment].text)
        texts[change.segment] = _joined(_joined(text[: change.start], change.text), text[change.end :])
    new_lines: dict[int, list[Line]] = {}
    for difference in differences:
        new_lines.setdefault(difference.segment, []).extend(difference.new_lines)
    numbers = [*texts, *(number for number, lines in new_lines.items() if lines)]
    at, end = min(numbers), min(max(numbers) + 1, len(segments))
    corrected: list[Line] = []
    for number in range(at, end + 1):
        corrected += sorted(new_lines.get(number, []), key=lambda line: line.start) if number <= max(numbers) else []
        if number < end:
            segment = segments[number]
            text = texts.get(number, segment.text)
            if text.strip() or not segment.text.strip():
                corrected.append(Line(start=segment.start, end=segment.end, text=text))
    return at, end - at, corrected


def carried_over(machine: Sequence[Segment], corrected: Sequence[Segment], new: Sequence[Segment]) -> list[Difference]:
    """Return what has to be taken over into a new text to correct it as a person corrected the machine's earlier one.

    A correction is carried over where the new text has the earlier one's words, and one of those around it; a word that
    was added, where both are there.
    """
    in_machine = match_words([word.key for word in words_in(machine)], [word.key for word in words_in(new)])
    texts = _Texts(new, corrected)
    person = _Texts(machine, corrected)
    place: dict[int, int] = {-1: -1, len(person.words): len(texts.words)}  # of the machine's words in the new text
    place |= {at: new_at for new_at, at in enumerate(in_machine) if at is not None}
    found = []
    for a, a_end, b, b_end in _changed(person):
        agrees = [place.get(at) == place.get(at - 1, -2) + 1 for at in range(a, a_end + 1)]  # each with the word before
        around = agrees[:1] + agrees[-1:]
        if all(agrees[1:-1]) and (any(around) if a < a_end else all(around)):
            new_a = place[a] if a < a_end else place[a - 1] + 1
            found.append(texts.difference(new_a, new_a + a_end - a, b, b_end))
    return found


def kept_correction(draft: Segment, corrected: Segment, new: Sequence[Segment]) -> list[Difference]:
    """Return what has to be taken over into a new text to keep a person's correction of a line of its draft.

    Unlike with carried_over(), it is kept also where the new text differs from the draft: there, what it has between
    the nearest words that both have is replaced; where they have none, all of it, by the whole line.
    """
    texts = _Texts(new, [corrected], [(draft.start - SLACK_S, draft.end + SLACK_S)])
    person = _Texts([draft], [corrected])
    matches = match_words([word.key for word in person.words], [word.key for word in texts.words])
    pairs = [(at, new_at) for new_at, at in enumerate(matches) if at is not None]
    changed = list(_changed(person))
    if changed and not pairs:
        changed = [(0, len(person.words), 0, len(person.other_words))]
    found = []
    for a, a_end, b, b_end in changed:
        before = max((new_at + 1 for at, new_at in pairs if at < a), default=None)
        after = min((new_at for at, new_at in pairs if at >= a_end), default=None)
        n = a_end - a  # words that are expected there
        new_a = before if before is not None else max(0, after - n) if after is not None else 0
        new_end = after if after is not None else min(new_a + n, len(texts.words)) if pairs else len(texts.words)
        if [word.text for word in texts.words[new_a:new_end]] != [word.text for word in texts.other_words[b:b_end]]:
            found.append(texts.difference(new_a, new_end, b, b_end))
    return found
