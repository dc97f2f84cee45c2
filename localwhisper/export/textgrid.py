"""Praat's TextGrid, in its long form: a tier of segments and, with word times, one of words; with speakers,
both for each.

Praat's manual: "TextGrid file formats". Tiers have no gaps: what lies between the parts are intervals without text.
"""

from collections.abc import Iterator, Sequence

from localwhisper.export.about import About
from localwhisper.export.tiers import Interval, tiers
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout


def write(transcript: Transcript, layout: Layout, about: About) -> str:
    by_name = tiers(transcript)
    end_ms = max([round((about.duration_s or 0) * 1000), 1, *(tier[-1].end_ms for tier in by_name.values() if tier)])
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {_seconds(end_ms)}",
        "tiers? <exists>",
        f"size = {len(by_name)}",
        "item []:",
    ]
    for number, (name, tier) in enumerate(by_name.items(), start=1):
        lines += [f"    item [{number}]:", *_tier(name, list(_without_gaps(tier, end_ms)), end_ms)]
    return "\n".join(lines) + "\n"


def _tier(name: str, intervals: Sequence[Interval], end_ms: int) -> Iterator[str]:
    yield '        class = "IntervalTier"'
    yield f'        name = "{_quoted(name)}"'
    yield "        xmin = 0"
    yield f"        xmax = {_seconds(end_ms)}"
    yield f"        intervals: size = {len(intervals)}"
    for number, (start_ms, stop_ms, text) in enumerate(intervals, start=1):
        yield f"        intervals [{number}]:"
        yield f"            xmin = {_seconds(start_ms)}"
        yield f"            xmax = {_seconds(stop_ms)}"
        yield f'            text = "{_quoted(text)}"'


def _without_gaps(tier: Sequence[Interval], end_ms: int) -> Iterator[Interval]:
    last_ms = 0
    for interval in tier:
        if interval.start_ms > last_ms:
            yield Interval(last_ms, interval.start_ms, "")
        yield interval
        last_ms = interval.end_ms
    if last_ms < end_ms:
        yield Interval(last_ms, end_ms, "")


def _seconds(time_ms: int) -> str:
    return f"{time_ms / 1000:.3f}"


def _quoted(text: str) -> str:
    return text.replace('"', '""')
