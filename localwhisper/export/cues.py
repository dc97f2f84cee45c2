"""What SRT and VTT have in common: a transcript's cues, cut as openai-whisper cuts them by default.

With word times a cue runs from its first word to its last, and a segment without words has none.
Unlike whisper's, no text can end its cue early: `-->` is replaced with word times too, and blank
lines inside a text are left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from localwhisper.jobs.model import Segment, Transcript, Word

MAX_LINE_CHARACTERS = 1000  # whisper's default; only the text of a runaway window is that long


@dataclass(frozen=True)
class Cue:
    start_s: float
    end_s: float
    text: str


def cues(transcript: Transcript) -> Iterator[Cue]:
    has_words = bool(transcript.segments) and transcript.segments[0].words is not None
    for segment in transcript.segments:
        if not has_words or segment.words is None:
            yield Cue(segment.start, segment.end, _harmless(segment.text.strip()))
        elif segment.words:
            yield _of_words(segment, segment.words)


def timestamp(time_s: float, *, always_hours: bool, decimal_mark: str) -> str:
    """[HH:]MM:SS,mmm, rounded to whole milliseconds."""
    minutes, milliseconds = divmod(round(max(time_s, 0.0) * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    shown_hours = f"{hours:02d}:" if always_hours or hours else ""
    return f"{shown_hours}{minutes:02d}:{milliseconds // 1000:02d}{decimal_mark}{milliseconds % 1000:03d}"


def _of_words(segment: Segment, words: Sequence[Word]) -> Cue:
    text = ""
    line_length = 0
    for word in words:
        if line_length and line_length + len(word.word) <= MAX_LINE_CHARACTERS:
            text += word.word
            line_length += len(word.word)
        else:
            stripped = word.word.strip()
            text += "\n" + stripped if line_length else stripped
            line_length = len(stripped)
    return Cue(words[0].start, words[-1].end, _harmless(text))


def _harmless(text: str) -> str:
    """A cue ends at the first blank line, and an arrow begins one."""
    return "\n".join(line for line in text.replace("-->", "->").splitlines() if line.strip())
