"""Names and terms of a recording: words to expect, and what is written in place of what is heard. Pure functions.

A text of names and terms has one on each line, or between semicolons:

    Ada Lovelace
    cube control | cube cuttle => kubectl
    @Interviews      the list that is kept under this name
    # a comment
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from localwhisper.errors import InvalidOption
from localwhisper.jobs.corrections import with_texts
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import MAX_PROMPT_CHARS

ARROW = "=>"
_THAI_LAO_KHMER = re.compile("[\u0e00-\u0eff\u1780-\u17ff]")


@dataclass(frozen=True)
class Terms:
    """What a text of names and terms says."""

    expected: tuple[str, ...]  # in their spelling
    replacements: Mapping[str, str]  # what is heard → what is written

    def applied_to(self, transcript: Transcript) -> Transcript:
        """Return the transcript with all replacements, as a correction; itself if there is nothing to replace."""
        texts = {number: self.applied_to_text(segment.text) for number, segment in enumerate(transcript.segments)}
        changed = {number: text for number, text in texts.items() if text != transcript.segments[number].text}
        return with_texts(transcript, changed) if changed else transcript

    def applied_to_text(self, text: str) -> str:
        """Replace whole words in one pass, so that nothing is replaced twice.

        What is heard in lower-case letters is found in any case, anything else as it is. Where it begins with a
        capital, so does what is written in lower-case letters.
        """
        return self._pattern.sub(self._written, text) if self.replacements else text

    @cached_property
    def _pattern(self) -> "re.Pattern[str]":
        longest_first = sorted(self.replacements, key=len, reverse=True)
        return re.compile("|".join(map(_whole_words, longest_first)))

    @cached_property
    def _by_spelling(self) -> Mapping[str, str]:
        return {" ".join(heard.split()): written for heard, written in self.replacements.items()}

    def _written(self, match: "re.Match[str]") -> str:
        found = " ".join(match[0].split())
        written = self._by_spelling.get(found) or self._by_spelling.get(found.lower(), match[0])
        is_capitalized = found[:1].isupper() and written.islower()
        return written[:1].upper() + written[1:] if is_capitalized else written


def parse(text: str | None) -> Terms:
    """Read a text of names and terms, whose lists have been included. Lines without sense are skipped."""
    expected: list[str] = []
    replacements: dict[str, str] = {}
    for line in _lines(text or ""):
        heard, arrow, written = (part.strip() for part in line.partition(ARROW))
        if heard and written:
            replacements |= {each.strip(): written for each in heard.split("|") if each.strip()}
            expected.append(written)
        elif heard and not arrow:
            expected.append(heard)
    return Terms(tuple(dict.fromkeys(expected)), replacements)


def with_lists(text: str, lists: Mapping[str, str]) -> str:
    """Return the text with each list that it names included. Raises InvalidOption for one that isn't kept."""
    lines: list[str] = []
    for line in _lines(text):
        if not line.startswith("@"):
            lines.append(line)
            continue
        name = line[1:].strip()
        if name not in lists:
            names = ", ".join(f"@{each}" for each in lists) or "no list is kept"
            raise InvalidOption(field="terms", value=line[:100], accepted=names)
        lines += [f"# {name}", *(each for each in _lines(lists[name]) if not each.startswith("@"))]
    included = "\n".join(lines)
    if len(included) > MAX_PROMPT_CHARS:
        accepted = f"at most {MAX_PROMPT_CHARS} characters, with its lists"
        raise InvalidOption(field="terms", value=text[:100], accepted=accepted)
    return included


def _lines(text: str) -> Sequence[str]:
    lines = (line.strip() for line in re.split(r"[\n;]", text))
    return [line for line in lines if line and not line.startswith("#")]


def _whole_words(heard: str) -> str:
    """A regular expression for these words, with any space between them, but not for parts of longer words."""
    words = r"\s+".join(map(re.escape, heard.split()))
    pattern = f"{_edge(heard[0], '<')}{words}{_edge(heard[-1], '')}"
    return f"(?i:{pattern})" if heard.lower() == heard else pattern


def _edge(letter: str, behind: str) -> str:
    """No letter or digit comes next, unless it is written without spaces between words."""
    is_spaced = unicodedata.east_asian_width(letter) not in "WF" and not _THAI_LAO_KHMER.match(letter)
    return rf"(?{behind}!\w)" if is_spaced and (letter.isalnum() or letter == "_") else ""
