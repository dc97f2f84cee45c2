"""Times for words that no model has heard: they share a span of time by their length."""

from collections.abc import Iterator, Sequence

from localwhisper.jobs.transcript import Segment, Word


def spread(texts: Sequence[str], start_s: float, end_s: float) -> Iterator[Word]:
    """Return new words that share a span of time by their length."""
    seconds_per_character = (end_s - start_s) / max(sum(map(len, texts)), 1)
    for text in texts:
        word_end_s = start_s + seconds_per_character * len(text)
        yield Word(word=f" {text}", start=round(start_s, 3), end=round(word_end_s, 3), probability=1.0)
        start_s = word_end_s


def spread_words(segment: Segment) -> tuple[Word, ...]:
    """Return a segment's text as words that share its time."""
    return tuple(spread(segment.text.split(), segment.start, segment.end))
