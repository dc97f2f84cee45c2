"""What SRT and VTT have in common: a transcript's cues, cut as openai-whisper cuts them.

With word times a cue runs from its first word to its last, and a segment without words has none.
Unlike whisper's, no text can end its cue early: `-->` is replaced with word times too, and blank
lines inside a text are left out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from localwhisper.jobs.model import Segment, Transcript, Word
from localwhisper.options import Layout

MAX_LINE_CHARACTERS = 1000  # whisper's default; only the text of a runaway window is that long
MAX_LINE_WORDS = 1000  # whisper's default
LONG_PAUSE_S = 3.0  # a cue that may run over segments ends before it


@dataclass(frozen=True)
class Cue:
    start_s: float
    end_s: float
    text: str


def cues(transcript: Transcript, layout: Layout) -> Iterator[Cue]:
    has_words = bool(transcript.segments) and transcript.segments[0].words is not None
    for timed, segments in groupby(transcript.segments, key=lambda segment: has_words and segment.words is not None):
        if timed:
            for block in _blocks(list(segments), layout):
                yield from _highlighted(block) if layout.highlight_words else [_cue(block)]
        else:
            for segment in segments:
                yield Cue(segment.start, segment.end, _harmless(segment.text.strip()))


def timestamp(time_s: float, *, always_hours: bool, decimal_mark: str) -> str:
    """[HH:]MM:SS,mmm, rounded to whole milliseconds."""
    minutes, milliseconds = divmod(round(max(time_s, 0.0) * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    shown_hours = f"{hours:02d}:" if always_hours or hours else ""
    return f"{shown_hours}{minutes:02d}:{milliseconds // 1000:02d}{decimal_mark}{milliseconds % 1000:03d}"


def _blocks(segments: Sequence[Segment], layout: Layout) -> Iterator[list[Word]]:
    """The words of each cue; one that begins a line has a line break before it."""
    keeps_segments = layout.max_line_count is None or layout.max_line_width is None
    width = layout.max_line_width or MAX_LINE_CHARACTERS
    line_words = layout.max_words_per_line or MAX_LINE_WORDS
    block: list[Word] = []
    line_length, n_lines = 0, 1
    last_s = next((word.start for segment in segments for word in segment.words or ()), 0.0)
    for segment in segments:
        for number, word in enumerate(segment.words or ()):
            after_pause = not keeps_segments and word.start - last_s > LONG_PAUSE_S
            begins_part = keeps_segments and number % line_words == 0 and bool(block)
            last_s = word.start
            if line_length and line_length + len(word.word) <= width and not after_pause and not begins_part:
                line_length += len(word.word)
                block.append(word)
                continue
            text = word.word.strip()
            is_full = layout.max_line_count is not None and (after_pause or n_lines >= layout.max_line_count)
            line_break = ""
            if begins_part or (block and is_full):
                yield block
                block, n_lines = [], 1
            elif line_length:
                n_lines += 1
                line_break = "\n"
            line_length = len(text)
            block.append(replace(word, word=line_break + text))
    if block:
        yield block


def _cue(block: Sequence[Word]) -> Cue:
    return Cue(block[0].start, block[-1].end, _harmless("".join(word.word for word in block)))


def _highlighted(block: Sequence[Word]) -> Iterator[Cue]:
    """The block over and over, each time with one word underlined; without, between two words."""
    last_s = block[0].start
    for at, word in enumerate(block):
        if round(word.start, 3) != round(last_s, 3):
            yield replace(_cue(block), start_s=last_s, end_s=word.start)
        text = re.sub(r"^(\s*)(.*)$", r"\1<u>\2</u>", word.word)
        shown = [*block[:at], replace(word, word=text), *block[at + 1 :]]
        yield replace(_cue(shown), start_s=word.start, end_s=word.end)
        last_s = word.end


def _harmless(text: str) -> str:
    """A cue ends at the first blank line, and an arrow begins one."""
    return "\n".join(line for line in text.replace("-->", "->").splitlines() if line.strip())
