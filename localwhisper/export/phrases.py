"""Where subtitles and their lines may be broken, and how well.

Words are separated by a space in front of them. In scripts without spaces, a break is possible between most
characters, but not before those that may not start a line, nor within a word as far as its characters show it.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from localwhisper.export.subtitle_limits import width
from localwhisper.jobs.transcript import Word
from localwhisper.unicode_text import UNSPACED

# Costs of a break; what is compared is their sums, with those in subtitles.py.
AFTER_SENTENCE, AFTER_CLAUSE, AFTER_WORD = 0.0, 3.0, 10.0
PER_SECOND_OF_PAUSE, MAX_PAUSE_S = -8.0, 1.0
AFTER_SHORT_WORD = 4.0  # an article, a preposition: it belongs to what follows
BEFORE_LAST_SHORT_WORD = 8.0  # of a sentence or a clause
WITHIN_UNSPACED_WORD = 6.0
SHORT_WORD, SHORT_LAST_WORD = 3, 5  # columns

SENTENCE_ENDS, CLAUSE_ENDS = ".?!…。？！؟।॥።", ",;:—–、，；：،؛・"
CLOSING = "\"'”’»)]}」』）】》〉"
OPENING = "([{“‘«「『（【《〈"
SMALL_KANA = "ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮゝゞヽヾー"
MAY_NOT_START_A_LINE = set(f"、。，．・：；？！゛゜々～…％{SMALL_KANA}{CLOSING}.,;:?!%ะาำๅๆฯ")
MAY_NOT_END_A_LINE = set(OPENING + "เแโใไ$€£¥#")
ABBREVIATIONS = frozenset(
    {"mr", "mrs", "ms", "dr", "st", "prof", "vs", "sr", "sra", "dra", "mme", "hr", "bzw", "z.b", "e.g", "i.e"}
)
_UNSPACED = re.compile(UNSPACED)


def units(words: Sequence[Word], line_width: int) -> list[Word]:
    """The parts between which a break is allowed, in order of time, each with a space in front if it has one.

    Only words of scripts without spaces are divided, and only if they are wider than a line.
    """
    result: list[Word] = []
    for part in _parts(words, line_width):
        last = result[-1] if result else None
        if last is None or part.word[0] == " " or _may_break(last.word, part.word):
            start = part.start if last is None else max(part.start, last.start)
            result.append(replace(part, start=start, end=max(part.end, start)))
        else:
            result[-1] = replace(last, word=last.word + part.word, end=max(part.end, last.end))
    return result


def _parts(words: Sequence[Word], line_width: int) -> Iterator[Word]:
    """Each without white space but one space in front."""
    has_space = False
    for word in words:
        texts = word.word.split()
        if any(width(text) > line_width and _UNSPACED.search(text) for text in texts):
            texts = [part for text in texts for part in text if part.strip()]
            spaces = [_is_spaced(word.word, number) for number in range(len(texts))]
        else:
            spaces = [number > 0 or word.word[0].isspace() for number in range(len(texts))]
        start_s, seconds_per_character = word.start, (word.end - word.start) / max(sum(map(len, texts)), 1)
        for text, is_spaced in zip(texts, spaces, strict=True):
            end_s = start_s + seconds_per_character * len(text)
            yield replace(word, word=" " + text if is_spaced or has_space else text, start=start_s, end=end_s)
            start_s, has_space = end_s, False
        has_space = has_space or word.word != word.word.rstrip()


def _is_spaced(text: str, number: int) -> bool:
    """Whether the character of this number, white space not counted, follows white space."""
    (position, *_) = [index for index, char in enumerate(text) if not char.isspace()][number:]
    return position > 0 and text[position - 1].isspace()


def _may_break(before: str, after: str) -> bool:
    """Whether a line may end between two texts without a space between them."""
    last, first = before[-1], after[0]
    if not (_UNSPACED.match(last) or _UNSPACED.match(first)):
        return False
    is_mark = unicodedata.category(first) in ("Mn", "Mc", "Me", "Cf")
    return not is_mark and first not in MAY_NOT_START_A_LINE and last not in MAY_NOT_END_A_LINE


def break_costs(parts: Sequence[Word]) -> list[float]:
    """For each unit, how bad a break before it is; 0 for the first."""
    return [0.0, *(_cost(before, after) for before, after in pairwise(parts))]


def ends_sentence(text: str) -> bool:
    return _ending(text) == AFTER_SENTENCE


def _cost(before: Word, after: Word) -> float:
    text, following = before.word.strip(), after.word.strip()
    ending = _ending(text)
    is_unspaced = bool(_UNSPACED.match(text[-1]) and _UNSPACED.match(following[0]))
    if is_unspaced and ending == AFTER_WORD:
        ending = AFTER_CLAUSE if after.word[0] == " " else ending + _within_word(text[-1], following[0])
    elif ending == AFTER_WORD and width(text) <= SHORT_WORD:
        ending += AFTER_SHORT_WORD
    if width(following) <= SHORT_LAST_WORD and _ending(following) < _ending(text):
        ending += BEFORE_LAST_SHORT_WORD
    pause_s = min(max(after.start - before.end, 0.0), MAX_PAUSE_S)
    return max(ending + PER_SECOND_OF_PAUSE * pause_s, 0.0)


def _ending(text: str) -> float:
    """The cost of a break after a text by its punctuation."""
    bare = text.rstrip(CLOSING) or text
    if bare[-1] in CLAUSE_ENDS:
        return AFTER_CLAUSE
    if bare[-1] not in SENTENCE_ENDS:
        return AFTER_WORD
    abbreviated = bare.strip(".").strip(OPENING).lower()
    is_initial = len(abbreviated) == 1 and abbreviated.isalpha() and not _UNSPACED.match(abbreviated)
    if bare[-1] == "." and (abbreviated in ABBREVIATIONS or is_initial):
        return AFTER_WORD
    return AFTER_SENTENCE


def _within_word(last: str, first: str) -> float:
    """More where two characters without a space between them seem to be of one word: 日|本, カ|メ, 行|く."""
    if _kind(last) == _kind(first):
        return WITHIN_UNSPACED_WORD if _kind(first) != "thai" else 0.0
    return WITHIN_UNSPACED_WORD if _kind(first) == "hiragana" else 0.0


def _kind(char: str) -> str:
    if "\u3040" <= char <= "\u309f":
        return "hiragana"
    if "\u30a0" <= char <= "\u30ff":
        return "katakana"
    return "thai" if "\u0e00" <= char <= "\u0eff" else "ideograph"
