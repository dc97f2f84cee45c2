"""Word error rates as the field computes them: whisper's own text normalizers, counts summed over all recordings."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import permutations

import jiwer
from whisper.normalizers import BasicTextNormalizer, EnglishTextNormalizer

# written without spaces between words: characters are compared
UNSPACED_LANGUAGES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})


@dataclass(frozen=True)
class ErrorCount:
    errors: int = 0
    total: int = 0

    def __add__(self, other: "ErrorCount") -> "ErrorCount":
        return ErrorCount(self.errors + other.errors, self.total + other.total)

    @property
    def percent(self) -> float:
        return 100 * self.errors / self.total if self.total else 0.0


@cache
def _normalizer(language: str) -> EnglishTextNormalizer | BasicTextNormalizer:
    if language == "en":
        return EnglishTextNormalizer()
    return BasicTextNormalizer(remove_diacritics=True, split_letters=language in UNSPACED_LANGUAGES)


def normalized(text: str, language: str) -> str:
    """Lower case, without punctuation and diacritics; English numbers and spellings unified."""
    return " ".join(_normalizer(language)(text).split())


def word_errors(reference: str, transcript: str, language: str) -> ErrorCount:
    """Substitutions, deletions and insertions, of the reference's words."""
    expected, actual = normalized(reference, language), normalized(transcript, language)
    if not expected:
        return ErrorCount(len(actual.split()), 0)
    result = jiwer.process_words(expected, actual)
    errors = result.substitutions + result.deletions + result.insertions
    return ErrorCount(errors, result.hits + result.substitutions + result.deletions)


def cp_word_errors(references: Sequence[str], transcripts: Sequence[str], language: str) -> ErrorCount:
    """cpWER: the text of each speaker against that of another one, matched one to one so that errors are fewest.

    Words of speakers without a match are deletions or insertions.
    """
    n = max(len(references), len(transcripts))
    expected, actual = ([*texts, *[""] * (n - len(texts))] for texts in (references, transcripts))
    counts = [[word_errors(one, other, language) for other in actual] for one in expected]
    matches = (
        sum((counts[one][other] for one, other in enumerate(order)), ErrorCount()) for order in permutations(range(n))
    )
    return min(matches, key=lambda count: count.errors)


def has_punctuation(reference: str) -> bool:
    """Whether a reference is written with capitals and punctuation marks, so that those can be scored."""
    return reference != reference.lower() and reference != reference.upper() and bool(re.search(r"[.,?!]", reference))


def format_errors(reference: str, transcript: str) -> ErrorCount:
    """Of the words that both have, those whose capitals or adjacent punctuation differ."""
    expected, actual = reference.split(), transcript.split()
    matcher = difflib.SequenceMatcher(None, _bare(expected), _bare(actual), autojunk=False)
    errors = total = 0
    for block in matcher.get_matching_blocks():
        total += block.size
        errors += sum(expected[block.a + i] != actual[block.b + i] for i in range(block.size))
    return ErrorCount(errors, total)


def _bare(words: Sequence[str]) -> list[str]:
    return [re.sub(r"[^\w']", "", word).lower() for word in words]
