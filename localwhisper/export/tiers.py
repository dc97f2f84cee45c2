"""What linguists' formats have in common: tiers of intervals that follow each other without an overlap."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from localwhisper.export.channel_names import with_channel
from localwhisper.jobs.transcript import Transcript


class Interval(NamedTuple):
    start_ms: int
    end_ms: int
    text: str


def segment_tier(transcript: Transcript) -> list[Interval]:
    parts = ((s.start, s.end, with_channel(s.channel, " ".join(s.text.split()))) for s in transcript.segments)
    return list(_in_order(parts))


def word_tier(transcript: Transcript) -> list[Interval]:
    """Empty if there are no word times."""
    words = (word for segment in transcript.segments for word in segment.words or ())
    return list(_in_order((word.start, word.end, word.word.strip()) for word in words))


def _in_order(parts: Iterable[tuple[float, float, str]]) -> Iterator[Interval]:
    """Whole milliseconds; what overlaps the part before begins where that ends, and what is left without time is
    dropped with an empty text, or lasts a millisecond."""
    last_ms = 0
    for start_s, end_s, text in sorted(parts, key=lambda part: part[:2]):
        if text:
            start_ms = max(round(start_s * 1000), last_ms)
            last_ms = max(round(end_s * 1000), start_ms + 1)
            yield Interval(start_ms, last_ms, text)
