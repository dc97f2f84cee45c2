"""A person's corrections: segments are replaced by lines of text, and words that were recognized keep their times.

Pure functions. A segment that isn't touched stays exactly as it was.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from localwhisper.jobs.transcript import FRAMES_PER_SECOND, Segment, Transcript, Word

TOLERANCE_S = 0.05  # a word whose middle lies this far outside a line still belongs to it


@dataclass(frozen=True, kw_only=True)
class Line:
    """The text and times that a person gives a segment."""

    start: float
    end: float
    text: str


def corrected(transcript: Transcript, at: int, remove: int, lines: Sequence[Line]) -> Transcript:
    """Return the next version of the transcript: these lines replace `remove` segments, from number `at` on."""
    removed = transcript.segments[at : at + remove]
    sources = removed or transcript.segments[max(at - 1, 0) : at + 1]
    segments = (
        *transcript.segments[:at],
        *(_segment(line, sources) for line in lines),
        *transcript.segments[at + remove :],
    )
    return replace(
        transcript,
        text="".join(segment.text for segment in segments),
        segments=tuple(replace(segment, id=number) for number, segment in enumerate(segments)),
        version=transcript.version + 1,
    )


def _segment(line: Line, sources: Sequence[Segment]) -> Segment:
    """Return the line as a segment, with the figures of the source that it overlaps most."""
    text = " " + " ".join(line.text.split()) if line.text.strip() else ""
    if not sources:
        return _new_segment(line, text)
    source = max(sources, key=lambda segment: min(segment.end, line.end) - max(segment.start, line.start))
    is_same_text = source.text.strip() == text.strip()
    if is_same_text and (source.start, source.end) == (line.start, line.end):
        return source
    words = None
    if any(segment.words is not None for segment in sources):
        recognized = [word for segment in sources for word in segment.words or () if _belongs_to(line, word)]
        words = tuple(_timed_words(text.split(), recognized, line))
    tokens = source.tokens if is_same_text else ()
    return replace(source, start=line.start, end=line.end, text=text, tokens=tokens, words=words)


def _new_segment(line: Line, text: str) -> Segment:
    return Segment(
        id=0,
        start=line.start,
        end=line.end,
        text=text,
        seek=round(line.start * FRAMES_PER_SECOND),
        tokens=(),
        avg_logprob=0.0,
        no_speech_prob=0.0,
        compression_ratio=1.0,
        temperature=0.0,
    )


def _belongs_to(line: Line, word: Word) -> bool:
    return line.start - TOLERANCE_S <= (word.start + word.end) / 2 <= line.end + TOLERANCE_S


def _timed_words(texts: Sequence[str], recognized: Sequence[Word], line: Line) -> Iterator[Word]:
    """Time the words: recognized ones keep their times, new ones share the time between those by their length."""
    recognized_texts = [word.word.strip() for word in recognized]
    if "".join(recognized_texts) == "".join(texts):  # also in languages without spaces between words
        yield from recognized
        return
    matches: list[Word | None] = [None] * len(texts)
    for block in SequenceMatcher(None, recognized_texts, list(texts), autojunk=False).get_matching_blocks():
        matches[block.b : block.b + block.size] = recognized[block.a : block.a + block.size]
    at = 0
    while at < len(texts):
        match = matches[at]
        if match is not None:
            start_s = _clamp(match.start, line.start, line.end)
            yield replace(match, word=f" {texts[at]}", start=start_s, end=_clamp(match.end, start_s, line.end))
            at += 1
            continue
        stop = next((number for number in range(at, len(texts)) if matches[number]), len(texts))
        before, after = matches[at - 1] if at else None, matches[stop] if stop < len(texts) else None
        start_s = _clamp(before.end if before else line.start, line.start, line.end)
        yield from _spread(texts[at:stop], start_s, _clamp(after.start if after else line.end, start_s, line.end))
        at = stop


def _clamp(value: float, low: float, high: float) -> float:
    return max(min(value, high), low)


def _spread(texts: Sequence[str], start_s: float, end_s: float) -> Iterator[Word]:
    """Return new words that share a span of time by their length."""
    seconds_per_character = (end_s - start_s) / sum(map(len, texts))
    for text in texts:
        word_end_s = start_s + seconds_per_character * len(text)
        yield Word(word=f" {text}", start=round(start_s, 3), end=round(word_end_s, 3), probability=1.0)
        start_s = word_end_s
