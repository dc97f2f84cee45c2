"""The cues of subtitles, cut as openai-whisper cuts them or as a preset says, and the timestamps of text formats.

With word timestamps, a cue lasts from its first word to its last, and a segment without words has no cue.
Unlike in openai-whisper, no text can end its cue early: `-->` is replaced also with word timestamps, and blank
lines in a text are left out. A cue doesn't stretch over a long pause in its words or after them. Cues are in
order, never overlap, last at least a millisecond, and have text, also where a person's corrections contradict each
other.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby, pairwise

from localwhisper.export.subtitle_limits import limits_for
from localwhisper.export.subtitles import subtitles
from localwhisper.export.voices import with_channel
from localwhisper.jobs.transcript import Segment, Transcript, Word
from localwhisper.options import Layout

DEFAULT_LINE_WIDTH = 1000  # characters; openai-whisper's default, reached only by text that repeats itself
DEFAULT_LINE_WORDS = 1000  # openai-whisper's default
LONG_PAUSE_S = 3.0  # ends a cue that may span several segments
LONG_WORD_S = 2.0  # whisper itself takes a longer word for a sign of a hallucination
MIN_SHORTENED_S, SECONDS_PER_CHARACTER = 0.5, 0.1  # for what a word that is too long lasts
MIN_CUE_MS = 1  # the smallest difference that a timestamp can show


@dataclass(frozen=True)
class Cue:
    start_s: float
    end_s: float
    text: str
    channel: str | None = None  # None: all were mixed


def cues(transcript: Transcript, layout: Layout, duration_s: float | None = None) -> Iterator[Cue]:
    """`duration_s`: of the recording, after whose end no cue is extended; None: not known."""
    if layout.subtitles == "whisper":
        unordered = _cues(transcript, layout)
    elif layout.subtitles == "word":
        unordered = _cues(transcript, Layout(max_words_per_line=1, highlight_words=layout.highlight_words))
    else:
        unordered = _preset_cues(transcript, layout, duration_s)
    ordered = sorted((cue for cue in unordered if cue.text.strip()), key=lambda cue: cue.start_s)
    last_ms = 0
    for cue, following in pairwise((*ordered, None)):
        assert cue is not None
        start_ms = max(_milliseconds(cue.start_s), last_ms)
        end_ms = _milliseconds(cue.end_s)
        if following is not None:
            end_ms = min(end_ms, _milliseconds(following.start_s))
        last_ms = max(end_ms, start_ms + MIN_CUE_MS)
        yield Cue(start_ms / 1000, last_ms / 1000, cue.text, cue.channel)


def _cues(transcript: Transcript, layout: Layout) -> Iterator[Cue]:
    has_words = bool(transcript.segments) and transcript.segments[0].words is not None
    kinds = groupby(transcript.segments, lambda segment: (has_words and segment.words is not None, segment.channel))
    for (is_timed, channel), segments in kinds:
        if is_timed:
            for words in chain.from_iterable(map(_parts, _split(list(segments), layout))):
                timed = _highlighted(words) if layout.highlight_words else [_cue(words)]
                yield from (replace(cue, channel=channel) for cue in timed)
        else:
            for segment in segments:
                yield Cue(segment.start, segment.end, _cue_text(segment.text.strip()), channel)


def _preset_cues(transcript: Transcript, layout: Layout, duration_s: float | None) -> Iterator[Cue]:
    """Cut within the limits of a preset, across segments, but not across channels."""
    limits = limits_for(layout, transcript.text)
    turns = [
        (channel, words)
        for channel, segments in groupby(transcript.segments, lambda segment: segment.channel)
        if (words := [word for segment in segments for word in _shortened(segment) if word.word.strip()])
    ]
    for number, (channel, words) in enumerate(turns):
        if number + 1 < len(turns):
            until_s = turns[number + 1][1][0].start - limits.gap_s
        else:
            until_s = math.inf if duration_s is None else max(duration_s, words[-1].end)
        name_width = len(with_channel(channel, " ")) - 1
        narrower = replace(limits, line_width=max(limits.line_width - name_width, 1))
        for parts, end_s in subtitles(words, narrower, until_s):
            if layout.highlight_words:
                yield from (replace(cue, channel=channel) for cue in _highlighted(parts))
            else:
                yield Cue(parts[0].start, end_s, _cue_text("".join(part.word for part in parts)), channel)


def _shortened(segment: Segment) -> Iterator[Word]:
    """A segment's words, without the pauses after them. A segment without word times counts as one word."""
    if segment.words is None:
        yield Word(word=f" {segment.text}", start=segment.start, end=max(segment.end, segment.start), probability=1.0)
    for word in segment.words or ():
        yield replace(word, end=max(_end_s(word), word.start))


def timestamp(time_s: float, *, always_hours: bool, decimal_mark: str) -> str:
    """Format a time as [HH:]MM:SS,mmm, rounded to whole milliseconds."""
    minutes, milliseconds = divmod(_milliseconds(time_s), 60_000)
    hours, minutes = divmod(minutes, 60)
    hours_part = f"{hours:02d}:" if always_hours or hours else ""
    return f"{hours_part}{minutes:02d}:{milliseconds // 1000:02d}{decimal_mark}{milliseconds % 1000:03d}"


def _milliseconds(time_s: float) -> int:
    return round(max(time_s, 0.0) * 1000)


def short_timestamp(time_s: float) -> str:
    """Format a time as [HH:]MM:SS, rounded down."""
    return timestamp(int(time_s), always_hours=False, decimal_mark=".").split(".")[0]


def _split(segments: Sequence[Segment], layout: Layout) -> Iterator[list[Word]]:
    """The words of each cue; the first word of a line starts with a line break."""
    splits_at_segments = layout.max_line_count is None or layout.max_line_width is None
    width = layout.max_line_width or DEFAULT_LINE_WIDTH
    words_per_line = layout.max_words_per_line or DEFAULT_LINE_WORDS
    words: list[Word] = []
    line_length, n_lines = 0, 1
    last_s = next((word.start for segment in segments for word in segment.words or ()), 0.0)
    for segment in segments:
        for number, word in enumerate(segment.words or ()):
            after_pause = not splits_at_segments and word.start - last_s > LONG_PAUSE_S
            starts_new_cue = splits_at_segments and number % words_per_line == 0 and bool(words)
            last_s = word.start
            if line_length and line_length + len(word.word) <= width and not after_pause and not starts_new_cue:
                line_length += len(word.word)
                words.append(word)
                continue
            text = word.word.strip()
            is_full = layout.max_line_count is not None and (after_pause or n_lines >= layout.max_line_count)
            line_break = ""
            if starts_new_cue or (words and is_full):
                yield words
                words, n_lines = [], 1
            elif line_length:
                n_lines += 1
                line_break = "\n"
            line_length = len(text)
            words.append(replace(word, word=line_break + text))
    if words:
        yield words


def _parts(words: Sequence[Word]) -> Iterator[list[Word]]:
    """The words of a cue between its long pauses."""
    part: list[Word] = []
    for word in words:
        if part and word.start - _end_s(part[-1]) > LONG_PAUSE_S:
            yield part
            part, word = [], replace(word, word=word.word.lstrip())
        part.append(word)
    yield part


def _end_s(word: Word) -> float:
    """The end of a word. whisper lets the last one before a pause last until the pause ends."""
    if word.end - word.start <= LONG_WORD_S:
        return word.end
    return min(word.end, word.start + max(MIN_SHORTENED_S, SECONDS_PER_CHARACTER * len(word.word.strip())))


def _cue(words: Sequence[Word]) -> Cue:
    return Cue(words[0].start, _end_s(words[-1]), _cue_text("".join(word.word for word in words)))


def _highlighted(words: Sequence[Word]) -> Iterator[Cue]:
    """For each word a cue with all words, in which it is underlined; in a pause between words, none is."""
    last_s = words[0].start
    for index, word in enumerate(words):
        if round(word.start, 3) != round(last_s, 3):
            yield replace(_cue(words), start_s=last_s, end_s=word.start)
        underlined = re.sub(r"^(\s*)(.*)$", r"\1<u>\2</u>", word.word)
        cue_words = [*words[:index], replace(word, word=underlined), *words[index + 1 :]]
        yield replace(_cue(cue_words), start_s=word.start, end_s=word.end)
        last_s = word.end


def _cue_text(text: str) -> str:
    """The text without what ends a cue, a blank line, and what starts one, an arrow."""
    return "\n".join(line for line in text.replace("-->", "->").splitlines() if line.strip())
