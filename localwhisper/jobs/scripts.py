"""Reading a text that somebody already has of a recording: a script, or subtitles as SRT or WebVTT."""

import html
import re
import textwrap
from itertools import chain, pairwise

from localwhisper.unicode_text import UNSPACED

MAX_LINE_CHARS = 200  # of a paragraph that stays one line
_TIMES = re.compile(r"[ \t]*(\d+:)?\d+:\d+[.,]\d+[ \t]*-->[ \t]*(\d+:)?\d+:\d+[.,]\d+.*")
_TAG = re.compile(r"<[^<>\n]*>|\{\\[^{}\n]*\}")
_SENTENCE_END = re.compile(r"(?<=[.?!…])[\"'”’»)]*\s+|(?<=[。？！])")


def lines_of(text: str) -> list[str]:
    """Return the lines of a script, or the texts of subtitles; a long paragraph as its sentences.

    What is spoken is all that counts: the times, tags, numbers and comments of subtitles are left out.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if any(_TIMES.fullmatch(line) for line in text.split("\n")):
        return _cues(text)
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return [part for line in lines if line for part in _parts(line)]


def _cues(text: str) -> list[str]:
    """The texts of subtitles: what follows each line of times, up to the next empty line or the next number."""
    cues: list[str] = []
    for block in re.split(r"\n[ \t]*\n", text):
        lines = block.split("\n")
        starts = [number for number, line in enumerate(lines) if _TIMES.fullmatch(line)]
        for start, end in pairwise([*starts, len(lines)]):
            body = lines[start + 1 : end]
            if end < len(lines) and body and body[-1].strip().isdigit():  # of the next, without an empty line between
                body = body[:-1]
            if cue := " ".join(html.unescape(_TAG.sub("", " ".join(body))).split()):
                cues.append(cue)
    return cues


def _parts(line: str) -> list[str]:
    """A line, or the sentences of a long one, the short ones together."""
    if len(line) <= MAX_LINE_CHARS:
        return [line]
    parts: list[str] = []
    sentences = filter(None, map(str.strip, _split_after_sentences(line)))
    for part in chain.from_iterable(map(_wrapped, sentences)):
        if parts and len(parts[-1]) + len(part) < MAX_LINE_CHARS // 2:
            parts[-1] = f"{parts[-1]} {part}"
        else:
            parts.append(part)
    return parts


def _wrapped(sentence: str) -> list[str]:
    """A sentence, or the parts of a long one."""
    if len(sentence) <= MAX_LINE_CHARS:
        return [sentence]
    is_spaced = re.search(UNSPACED, sentence) is None
    return textwrap.wrap(sentence, MAX_LINE_CHARS // 2, break_long_words=not is_spaced, break_on_hyphens=False)


def _split_after_sentences(line: str) -> list[str]:
    ends = [match.end() for match in _SENTENCE_END.finditer(line)]
    return [line[start:end] for start, end in zip([0, *ends], [*ends, len(line)], strict=True)]
