"""What linguists' formats have in common: tiers of intervals that follow each other without an overlap."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from localwhisper.export.voices import with_channel
from localwhisper.jobs.transcript import Transcript


class Interval(NamedTuple):
    start_ms: int
    end_ms: int
    text: str


def tiers(transcript: Transcript) -> dict[str, list[Interval]]:
    """By name: those of the segments and, where there are any, the words; with speakers, both for each of them."""
    by_name = {"segments": transcript}
    if transcript.speakers:
        names = dict.fromkeys(segment.channel for segment in transcript.segments)
        by_name = {name or "segments": _only(transcript, name) for name in names} or by_name
    found: dict[str, list[Interval]] = {}
    for name, part in by_name.items():
        found[name] = segment_tier(part)
        if words := word_tier(part):
            found["words" if name == "segments" else f"{name}: words"] = words
    return found


def _only(transcript: Transcript, name: str | None) -> Transcript:
    """What one speaker says, without the name, which is the tier's."""
    segments = (replace(segment, channel=None) for segment in transcript.segments if segment.channel == name)
    return replace(transcript, segments=tuple(segments))


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
