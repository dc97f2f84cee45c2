"""Gives the words of a text that somebody has their times in a recording: a script, or subtitles.

The machine's transcript is matched with it, word by word. Words that both have get the times that were heard; lines
with others are aligned with the audio there.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from localwhisper.jobs.text_words import TextWord, words_in
from localwhisper.jobs.transcript import FRAMES_PER_SECOND, Segment, Transcript, Word, written_segment
from localwhisper.jobs.word_matching import match_words

MIN_WORD_S = 0.06  # where there is less room for a word, it isn't spoken

Align = Callable[[Sequence[Segment]], Sequence[Segment]]  # as Engine.align(): segments without tokens → with words


@dataclass(frozen=True)
class AlignedScript:
    segments: tuple[Segment, ...]  # one for each line, with words
    n_words: int
    n_placed: int  # words that were heard, or have room in the audio


@dataclass(frozen=True)
class _Place:
    """When a word is spoken."""

    start_s: float
    end_s: float
    probability: float


def align_script(lines: Sequence[str], transcript: Transcript, duration_s: float, align: Align) -> AlignedScript:
    """Return the lines with the times of their words. `transcript`: the machine's, with word times."""
    script = [written_segment(f" {line}", 0.0, 0.0, number) for number, line in enumerate(lines)]
    words, heard = words_in(script), words_in(transcript.segments)
    numbers = match_words([word.key for word in heard], [word.key for word in words])
    matches = [None if number is None else heard[number] for number in numbers]
    places = list(_between_heard(words, matches, duration_s))
    if unsure := list(_lines_to_align(script, words, places, matches)):
        places = _refined(words, places, matches, align(unsure))
    n_placed = sum(match is not None or place.probability > 0 for match, place in zip(matches, places, strict=True))
    return AlignedScript(tuple(_timed(script, words, places)), len(words), n_placed)


def _between_heard(
    words: Sequence[TextWord], matches: Sequence[TextWord | None], duration_s: float
) -> Iterator[_Place]:
    """Yield the time of each word: heard, or a share, by its length, of what lies between those heard.

    The probability of one without room for it is 0.
    """
    at, last_s = 0, 0.0
    while at < len(words):
        match = matches[at]
        if match is not None:
            start_s = max(match.start_s, last_s)
            last_s = max(match.end_s, start_s)
            yield _Place(start_s, last_s, match.probability)
            at += 1
            continue
        end = next((number for number in range(at, len(words)) if matches[number] is not None), len(words))
        following = matches[end] if end < len(words) else None
        room_s = max((duration_s if following is None else following.start_s) - last_s, 0.0)
        probability = 1.0 if room_s >= MIN_WORD_S * (end - at) else 0.0
        n_chars = sum(len(word.key) for word in words[at:end])
        for word in words[at:end]:
            start_s, last_s = last_s, last_s + room_s * len(word.key) / n_chars
            yield _Place(start_s, last_s, probability)
        at = end


def _lines_to_align(
    script: Sequence[Segment],
    words: Sequence[TextWord],
    places: Sequence[_Place],
    matches: Sequence[TextWord | None],
) -> Iterator[Segment]:
    """Yield the lines with a word that wasn't heard, but for which there is room, at about their times.

    Lines that follow one another have the same `seek`: they are aligned together.
    """
    previous, seek = -2, 0
    for number, group in groupby(range(len(words)), key=lambda at: words[at].segment):
        line = list(group)
        if all(matches[at] is not None or not places[at].probability for at in line):
            continue
        start_s, end_s = places[line[0]].start_s, places[line[-1]].end_s
        if number != previous + 1:
            seek = round(start_s * FRAMES_PER_SECOND)
        previous = number
        yield replace(script[number], start=start_s, end=end_s, seek=seek)


def _refined(
    words: Sequence[TextWord],
    places: Sequence[_Place],
    matches: Sequence[TextWord | None],
    aligned: Sequence[Segment],
) -> list[_Place]:
    """Return the places, with the aligned times of the words that weren't heard, between those of their neighbours."""
    found: dict[tuple[int, int], TextWord] = {}
    for line in aligned:
        found |= {(line.id, word.start): word for word in words_in([line])}
    following_s = [place.start_s for place in places]  # of the next word that was heard
    next_s = float("inf")
    for at in reversed(range(len(places))):
        next_s = places[at].start_s if matches[at] is not None else next_s
        following_s[at] = next_s
    refined: list[_Place] = []
    last_s = 0.0
    for word, place, match, next_s in zip(words, places, matches, following_s, strict=True):
        timed = found.get((word.segment, word.start))
        if match is None and place.probability and timed is not None:
            start_s = min(max(timed.start_s, last_s), next_s)
            place = _Place(start_s, min(max(timed.end_s, start_s), next_s), timed.probability)
        start_s = max(place.start_s, last_s) if match is None else place.start_s
        refined.append(replace(place, start_s=start_s, end_s=max(place.end_s, start_s)))
        last_s = refined[-1].end_s
    return refined


def _timed(script: Sequence[Segment], words: Sequence[TextWord], places: Sequence[_Place]) -> Iterator[Segment]:
    """Yield the lines with words; those without letters share the time until the next begins."""
    by_line: dict[int, list[int]] = {}
    for at, word in enumerate(words):
        by_line.setdefault(word.segment, []).append(at)
    last_s = 0.0
    for has_words, group in groupby(script, key=lambda line: line.id in by_line):
        lines = list(group)
        if has_words:
            for line in lines:
                numbers = by_line[line.id]
                last_s = places[numbers[-1]].end_s
                timed = tuple(_words(line.text, [words[at] for at in numbers], [places[at] for at in numbers]))
                yield replace(line, start=timed[0].start, end=timed[-1].end, seek=_frame(timed[0].start), words=timed)
            continue
        following = by_line.get(lines[-1].id + 1)
        room_s = 0.0 if following is None else max(places[following[0]].start_s - last_s, 0.0)
        for number, line in enumerate(lines):
            start_s, end_s = (last_s + room_s * n / len(lines) for n in (number, number + 1))
            yield replace(line, start=start_s, end=end_s, seek=_frame(start_s), words=())


def _words(text: str, words: Sequence[TextWord], places: Sequence[_Place]) -> Iterator[Word]:
    """Yield words that make up the whole text: what lies between two belongs to the first, but spaces to the second."""
    ends = [0, *(len(text[: after.start].rstrip()) for _, after in pairwise(words)), len(text)]
    for place, (start, end) in zip(places, pairwise(ends), strict=True):
        yield Word(
            word=text[start:end],
            start=round(place.start_s, 3),
            end=round(place.end_s, 3),
            probability=place.probability,
        )


def _frame(time_s: float) -> int:
    return round(time_s * FRAMES_PER_SECOND)
