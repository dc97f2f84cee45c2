"""Names and terms: how their text is read, and how whole words are replaced."""

from dataclasses import replace

import pytest

from localwhisper.errors import InvalidOption
from localwhisper.jobs.terms import parse, with_lists
from localwhisper.jobs.transcript import Transcript, Word
from tests.step_engine import segment
from tests.store import samples

TEXT = """
Ada Lovelace ; Köln
# a comment
cube control | Cube Cuttle => kubectl
=> nothing
lonely =>
"""


def test_a_text_has_terms_and_replacements() -> None:
    terms = parse(TEXT)
    assert terms.expected == ("Ada Lovelace", "Köln", "kubectl")
    assert terms.replacements == {"cube control": "kubectl", "Cube Cuttle": "kubectl"}
    assert parse(None).expected == ()


@pytest.mark.parametrize(
    ("terms", "text", "expected"),
    [
        ("cube control => kubectl", " I use cube control.", " I use kubectl."),
        ("cube control => kubectl", " Cube  Control is CUBE control", " Kubectl is Kubectl"),
        ("cube control => kubectl", " cube controls, ecube control", " cube controls, ecube control"),
        ("ada => Ada", " ada, Ada and ADA", " Ada, Ada and Ada"),
        ("Will => William", " will Will", " will William"),  # as it is, since it isn't in lower-case letters
        ("a => b; b => a", " a b", " b a"),  # in one pass
        ("new york => NYC; new york city => NYC!", " new york city", " NYC!"),  # the longest
        ("münchen => Munich", " in münchen-ost", " in Munich-ost"),
        ("c++ => C++", " c++ and c+++x", " C++ and C+++x"),
        ("田中 => 田仲", "私は田中です", "私は田仲です"),
        ("ไทย => ไท", "คนไทยมา", "คนไทมา"),
        ("a.b => x\\1", " a.b axb", " x\\1 axb"),
    ],
)
def test_whole_words_are_replaced(terms: str, text: str, expected: str) -> None:
    assert parse(terms).applied_to_text(text) == expected


def transcript(*texts: str) -> Transcript:
    segments = tuple(replace(segment(number), text=text) for number, text in enumerate(texts))
    return replace(samples.transcript(), text="".join(texts), segments=segments, version=0)


def test_replacements_are_a_correction_of_the_segments_they_change() -> None:
    before = transcript(" I use cube control", " and git")
    words = tuple(
        Word(word=f" {word}", start=n / 2, end=n / 2 + 0.4, probability=0.5)
        for n, word in enumerate(["I", "use", "cube", "control"])
    )
    first = replace(before.segments[0], start=0.0, end=2.0, words=words)
    before = replace(before, segments=(first, before.segments[1]))
    after = parse("cube control => kubectl").applied_to(before)
    assert (after.version, after.text) == (1, " I use kubectl and git")
    assert after.segments[1] is before.segments[1]
    new = after.segments[0]
    assert (new.start, new.end, new.text) == (0.0, 2.0, " I use kubectl")
    assert [word.word for word in new.words or ()] == [" I", " use", " kubectl"]
    assert [(word.start, word.end) for word in new.words or ()][:2] == [(0.0, 0.4), (0.5, 0.9)]
    assert parse("nothing => here").applied_to(before) is before
    assert parse("only terms").applied_to(before) is before


def test_lists_are_included_where_a_text_names_them() -> None:
    lists = {"Talks": "Ada\n@Other\n# a comment", "Other": "Bo"}
    assert with_lists("@Talks; kubectl", lists) == "# Talks\nAda\nkubectl"
    assert parse(with_lists("@ Other\nx", lists)).expected == ("Bo", "x")
    with pytest.raises(InvalidOption, match="@Talks, @Other"):
        with_lists("@Missing", lists)
    with pytest.raises(InvalidOption):
        with_lists("@Long", {"Long": "x" * 65_536})
