"""A person's corrections: lines give way to others, and words the machine heard keep their times.

Pure. A line that was not touched stays as it was, with all its figures.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from localwhisper.jobs.model import Segment, Transcript, Word

SLACK_S = 0.05  # a word that ends this much outside a line still belongs to it


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line as a person wants it."""

    start: float
    end: float
    text: str


def corrected(transcript: Transcript, at: int, remove: int, lines: Sequence[Line]) -> Transcript:
    """The next version: from line `at`, `remove` lines give way to these."""
    old = transcript.segments[at : at + remove]
    segments = (
        *transcript.segments[:at],
        *(_segment(line, old or transcript.segments[max(at - 1, 0) : at + 1]) for line in lines),
        *transcript.segments[at + remove :],
    )
    return replace(
        transcript,
        text="".join(segment.text for segment in segments),
        segments=tuple(replace(segment, id=number) for number, segment in enumerate(segments)),
        version=transcript.version + 1,
    )


def _segment(line: Line, near: Sequence[Segment]) -> Segment:
    """The line with the figures of the old one it shares most time with."""
    text = " " + " ".join(line.text.split()) if line.text.strip() else ""
    if not near:
        return Segment(
            id=0,
            start=line.start,
            end=line.end,
            text=text,
            seek=round(line.start * 100),
            tokens=(),
            avg_logprob=0.0,
            no_speech_prob=0.0,
            compression_ratio=1.0,
            temperature=0.0,
        )
    source = max(near, key=lambda segment: min(segment.end, line.end) - max(segment.start, line.start))
    if source.text.strip() == text.strip() and (source.start, source.end) == (line.start, line.end):
        return source
    words = None
    if any(segment.words is not None for segment in near):
        known = [word for segment in near for word in segment.words or () if _belongs(word, line)]
        words = tuple(_timed(text.split(), known, line))
    tokens = source.tokens if source.text.strip() == text.strip() else ()
    return replace(source, start=line.start, end=line.end, text=text, tokens=tokens, words=words)


def _belongs(word: Word, line: Line) -> bool:
    return line.start - SLACK_S <= (word.start + word.end) / 2 <= line.end + SLACK_S


def _timed(texts: Sequence[str], known: Sequence[Word], line: Line) -> Iterator[Word]:
    """Words the machine heard keep their times; those between share the time that is left, by their length."""
    heard = [word.word.strip() for word in known]
    if "".join(heard) == "".join(texts):  # also where words are not apart, as in Chinese
        yield from known
        return
    places: list[Word | None] = [None] * len(texts)
    for block in SequenceMatcher(None, heard, list(texts), autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            places[block.b + offset] = known[block.a + offset]
    at = 0
    while at < len(texts):
        word = places[at]
        if word is not None:
            start = min(max(word.start, line.start), line.end)
            yield replace(word, word=f" {texts[at]}", start=start, end=min(max(word.end, start), line.end))
            at += 1
            continue
        end = next((place for place in range(at, len(texts)) if places[place]), len(texts))
        before, after = places[at - 1] if at else None, places[end] if end < len(texts) else None
        start_s = min(max(before.end if before else line.start, line.start), line.end)
        yield from _spread(texts[at:end], start_s, max(min(after.start if after else line.end, line.end), start_s))
        at = end


def _spread(texts: Sequence[str], start: float, end: float) -> Iterator[Word]:
    per_character = (end - start) / sum(map(len, texts))
    for text in texts:
        stop = start + per_character * len(text)
        yield Word(word=f" {text}", start=round(start, 3), end=round(stop, 3), probability=1.0)
        start = stop
