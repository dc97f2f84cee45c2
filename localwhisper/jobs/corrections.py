"""A person's corrections: segments are replaced by lines of text, and words that were recognized keep their times.

Pure functions, whose time grows about linearly with the number of lines. A segment that isn't touched stays exactly as
it was.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from localwhisper.jobs.transcript import Segment, Transcript, Word, written_segment
from localwhisper.jobs.word_matching import match_words
from localwhisper.jobs.word_times import spread

TOLERANCE_S = 0.05  # a word whose middle lies this far outside a line still belongs to it
MAX_CANDIDATES = 2000  # recognized words that are compared with a line, at least


@dataclass(frozen=True, kw_only=True)
class Line:
    """The text and times that a person gives a segment."""

    start: float
    end: float
    text: str


def corrected(
    transcript: Transcript, at: int, remove: int, lines: Sequence[Line], heard: Sequence[Word] = ()
) -> Transcript:
    """Return the next version of the transcript: these lines replace `remove` segments, from number `at` on.

    `heard`: words with times, besides those of the segments, that may stand in the lines.
    """
    removed = transcript.segments[at : at + remove]
    sources = _Sources(removed or transcript.segments[max(at - 1, 0) : at + 1], heard)
    segments = (
        *transcript.segments[:at],
        *(_segment(line, sources) for line in lines),
        *transcript.segments[at + remove :],
    )
    return replace(
        transcript,
        text="".join(segment.text for segment in segments),
        segments=tuple(
            segment if segment.id == number else replace(segment, id=number) for number, segment in enumerate(segments)
        ),
        version=transcript.version + 1,
    )


def with_words(transcript: Transcript, before: Transcript, timed: Transcript) -> Transcript:
    """Return a corrected transcript with the word times of the machine's: `timed` is `before` with words.

    A segment that wasn't corrected gets its words and times; one that was keeps its times.
    """
    sources = _Sources(timed.segments)
    untouched = {
        (segment.start, segment.end, segment.text): with_times
        for segment, with_times in zip(before.segments, timed.segments, strict=True)
    }

    def with_times(segment: Segment) -> Segment:
        if segment.words is not None:
            return segment
        same = untouched.get((segment.start, segment.end, segment.text))
        if same is not None:
            return replace(segment, start=same.start, end=same.end, words=same.words)
        line, texts = Line(start=segment.start, end=segment.end, text=segment.text), segment.text.split()
        return replace(segment, words=tuple(_timed_words(texts, sources.words_of(line, len(texts)), line)))

    return replace(transcript, segments=tuple(map(with_times, transcript.segments)))


def with_texts(transcript: Transcript, texts: Mapping[int, str]) -> Transcript:
    """Return the next version of the transcript: these texts replace those of the segments with these numbers."""
    segments = list(transcript.segments)
    for number, text in texts.items():
        old = segments[number]
        segments[number] = _segment(Line(start=old.start, end=old.end, text=text), _Sources([old]))
    return replace(
        transcript,
        text="".join(segment.text for segment in segments),
        segments=tuple(segments),
        version=transcript.version + 1,
    )


class _Sources:
    """The segments that lines are made from, and their recognized words, found by their times."""

    def __init__(self, segments: Sequence[Segment], heard: Sequence[Word] = ()) -> None:
        self.have_words = any(segment.words is not None for segment in segments)
        self._segments = sorted(segments, key=lambda segment: segment.start)
        self._starts = [segment.start for segment in self._segments]
        self._latest_ends = list(accumulate((segment.end for segment in self._segments), max))  # of those up to each
        words = [*(word for segment in segments for word in segment.words or ()), *heard]
        self._words = sorted(words, key=_middle)
        self._middles = [_middle(word) for word in self._words]

    def segment_of(self, line: Line) -> Segment | None:
        """Return the segment that the line overlaps most, or else the nearest; None if there is none."""
        if not self._segments:
            return None
        first = bisect_left(self._latest_ends, line.start)
        last = max(bisect_right(self._starts, line.end), first + 1)
        candidates = self._segments[max(first - 1, 0) : last + 1][:MAX_CANDIDATES]
        return max(candidates, key=lambda segment: min(segment.end, line.end) - max(segment.start, line.start))

    def words_of(self, line: Line, n_words: int) -> Sequence[Word]:
        """Return the recognized words in the line's time, for a line of so many words."""
        first = bisect_left(self._middles, line.start - TOLERANCE_S)
        last = bisect_right(self._middles, line.end + TOLERANCE_S)
        return self._words[first : min(last, first + max(MAX_CANDIDATES, 4 * n_words))]


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2


def _segment(line: Line, sources: _Sources) -> Segment:
    """Return the line as a segment, with the figures of the source that it overlaps most."""
    texts = line.text.split()
    text = " " + " ".join(texts) if texts else ""
    source = sources.segment_of(line)
    if source is None:
        return written_segment(text, line.start, line.end)
    is_same_text = source.text.strip() == text.strip()
    if is_same_text and (source.start, source.end) == (line.start, line.end):
        return source
    words = None
    if sources.have_words:
        words = tuple(_timed_words(texts, sources.words_of(line, len(texts)), line))
    tokens = source.tokens if is_same_text else ()
    return replace(source, start=line.start, end=line.end, text=text, tokens=tokens, words=words)


def _timed_words(texts: Sequence[str], recognized: Sequence[Word], line: Line) -> Iterator[Word]:
    """Time the words: recognized ones keep their times, new ones share the time between those by their length."""
    recognized_texts = [word.word.strip() for word in recognized]
    if "".join(recognized_texts) == "".join(texts):  # also in languages without spaces between words
        yield from recognized
        return
    numbers = match_words(recognized_texts, texts)
    matches = [None if number is None else recognized[number] for number in numbers]
    at = 0
    while at < len(texts):
        match = matches[at]
        if match is not None:
            yield _moved_into(line, match, f" {texts[at]}")
            at += 1
            continue
        stop = next((number for number in range(at, len(texts)) if matches[number]), len(texts))
        before, after = matches[at - 1] if at else None, matches[stop] if stop < len(texts) else None
        start_s = _clamp(before.end if before else line.start, line.start, line.end)
        yield from spread(texts[at:stop], start_s, _clamp(after.start if after else line.end, start_s, line.end))
        at = stop


def _moved_into(line: Line, word: Word, text: str) -> Word:
    if word.word == text and line.start <= word.start <= word.end <= line.end:
        return word
    start_s = _clamp(word.start, line.start, line.end)
    return Word(word=text, start=start_s, end=_clamp(word.end, start_s, line.end), probability=word.probability)


def _clamp(value: float, low: float, high: float) -> float:
    return max(min(value, high), low)
