"""Paragraphs: the segments of one speaker or channel between long pauses, which end with a sentence where possible.

The page divides text in the same way, in web/js/editor/paragraphs.js.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from localwhisper.export.phrases import CLOSING, SENTENCE_ENDS
from localwhisper.jobs.transcript import Segment, Transcript
from localwhisper.unicode_text import UNSPACED

PAUSE_S = 2.0  # after a sentence, a pause of this length begins a paragraph
BREAK_S = 5.0  # also within a sentence
SHORT_PAUSE_S, LONG_CHARS = 0.8, 300  # a shorter pause does after so many characters
MAX_CHARS = 700  # after which the end of a sentence is enough
ENDLESS_CHARS = 1500  # after which a paragraph ends anywhere: a text without punctuation


@dataclass(frozen=True)
class Paragraph:
    start_s: float
    end_s: float
    text: str
    channel: str | None = None  # None: all were mixed


def paragraphs(transcript: Transcript, *, joined: bool = True) -> Iterator[Paragraph]:
    """The paragraphs of a text; with `joined=False`, each segment with text is one."""
    segments = [segment for segment in transcript.segments if segment.text.strip()]
    groups = divided(segments) if joined else ([segment] for segment in segments)
    for group in groups:
        text = ""
        for part in (segment.text.strip() for segment in group):
            is_spaced = text and not (re.match(UNSPACED, text[-1]) and re.match(UNSPACED, part[0]))
            text += f" {part}" if is_spaced else part
        yield Paragraph(group[0].start, max(segment.end for segment in group), text, group[0].channel)


def divided(segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    """The segments of each paragraph."""
    group: list[Segment] = []
    n_chars = 0
    for segment in segments:
        if group and _begins(segment, group[-1], n_chars):
            yield group
            group, n_chars = [], 0
        group.append(segment)
        n_chars += len(segment.text)
    if group:
        yield group


def _begins(segment: Segment, previous: Segment, n_chars: int) -> bool:
    """Whether a segment begins a paragraph, after the previous one, with which the paragraph has `n_chars`."""
    if segment.channel != previous.channel:
        return True
    end_s = previous.words[-1].end if previous.words else previous.end
    start_s = segment.words[0].start if segment.words else segment.start
    pause_s = start_s - end_s
    if previous.text.strip().rstrip(CLOSING)[-1:] not in tuple(SENTENCE_ENDS):
        return pause_s >= BREAK_S or n_chars >= ENDLESS_CHARS
    return pause_s >= PAUSE_S or n_chars >= MAX_CHARS or (pause_s >= SHORT_PAUSE_S and n_chars >= LONG_CHARS)
