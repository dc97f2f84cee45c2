"""Differences between two texts of one recording, taken over one by one or all at once."""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localwhisper.jobs.corrections import corrected
from localwhisper.jobs.differences import Difference, carried_over, differences, kept_correction, taken_over
from localwhisper.jobs.text_words import words_in
from localwhisper.jobs.transcript import Segment, Transcript
from tests.step_engine import segment


def segments(*texts: str, start: float = 0.0) -> tuple[Segment, ...]:
    """Segments of one second each."""
    return tuple(
        replace(segment(number), start=start + number, end=start + number + 1, text=f" {text}")
        for number, text in enumerate(texts)
    )


def found(mine: Sequence[Segment], other: Sequence[Segment]) -> list[tuple[str, str]]:
    return [(each.text, each.other_text) for each in differences(mine, other)]


def after(mine: Sequence[Segment], chosen: Sequence[Difference]) -> list[str]:
    """The lines once these differences are taken over."""
    transcript = Transcript(text="", language="en", segments=tuple(mine), processing_time=0)
    return [each.text.strip() for each in corrected(transcript, *taken_over(mine, chosen)).segments]


@pytest.mark.parametrize(
    ("draft", "text", "new", "expected"),
    [
        ("one tree four", "one three four", ["one tree four"], ["one three four"]),
        ("one tree four", "one three four", ["one three four"], ["one three four"]),
        ("one tree four", "one three four", ["one free four"], ["one three four"]),  # heard otherwise
        ("one tree four", "one three four", ["one two tree for four"], ["one three four"]),
        ("tree four", "three four", ["free four five"], ["three four five"]),  # at its begin
        ("one tree", "one three", ["zero one free"], ["zero one three"]),  # at its end
        ("one two", "one and two", ["one two"], ["one and two"]),  # a word more
        ("one uh two", "one two", ["one uh two"], ["one two"]),  # a word less
        ("tree", "three", ["free"], ["three"]),
        ("one tree", "one three", ["what is that"], ["one three"]),  # heard as something else
        ("one tree", "one tree", ["what is that"], ["what is that"]),  # nothing was corrected
    ],
)
def test_a_correction_of_the_draft_is_kept(draft: str, text: str, new: list[str], expected: list[str]) -> None:
    lines = segments(*new)
    (machine,), (person,) = segments(draft), segments(text)
    assert after(lines, kept_correction(machine, person, lines)) == expected


@pytest.mark.parametrize(
    ("mine", "other", "expected"),
    [
        (["one two three"], ["one two three"], []),
        (["one too three"], ["one two three"], [("too", "two")]),
        (["one three"], ["one two three"], [("", "two")]),
        (["one um two"], ["one two"], [("um", "")]),
        (["one two. three"], ["one two, three"], [("two.", "two,")]),
        (["we saw", "a cat"], ["we", "saw the cat"], [("a", "the")]),
        (["one", "three"], ["one", "two", "three"], [("", "two")]),
        (["彼は日本人です"], ["彼は日木人です"], [("本", "木")]),
        (["my日car"], ["my old car"], [("日", "old")]),
        ([], ["one two"], [("", "one two")]),
        (["one two"], [], [("one two", "")]),
    ],
)
def test_differences_and_the_text_with_all_of_them(
    mine: list[str], other: list[str], expected: list[tuple[str, str]]
) -> None:
    ours, theirs = segments(*mine), segments(*other)
    assert found(ours, theirs) == expected
    texts = " ".join(after(ours, list(differences(ours, theirs))))
    assert texts.split() == " ".join(other).split()


def test_a_difference_of_capitals_or_punctuation_alone_is_named_so() -> None:
    mine, other = segments("In berlin, it rained"), segments("In Berlin it snowed")
    assert [each.is_spelling for each in differences(mine, other)] == [True, False]


def test_one_difference_is_taken_over_and_the_others_keep_their_names() -> None:
    mine, other = segments("a big cat sat", "on the mat"), segments("a fat cat sat", "in the hat")
    before = list(differences(mine, other))
    assert after(mine, before[1:2]) == ["a big cat sat", "in the mat"]
    transcript = Transcript(text="", language="en", segments=mine, processing_time=0)
    changed = corrected(transcript, *taken_over(mine, before[1:2])).segments
    assert [each.id for each in differences(changed, other)] == [before[0].id, before[2].id]


def test_a_difference_says_where_it_is_and_what_is_around_it() -> None:
    (found_one,) = differences(segments("one two", "three four five"), segments("one two", "three fore five"))
    assert (found_one.before, found_one.after, found_one.segment) == ("one two three", "five", 1)
    assert 1 < found_one.start < found_one.end < 2


def test_missing_lines_come_between_the_others_with_their_own_times() -> None:
    mine = [*segments("one"), *segments("four", start=3)]
    other = segments("one", "two", "three", "four")
    (missing,) = differences(mine, other)
    assert [(line.start, line.end, line.text) for line in missing.new_lines] == [(1, 2, "two"), (2, 3, "three")]
    assert after(mine, [missing]) == ["one", "two", "three", "four"]


def test_of_a_part_only_what_lies_in_it_is_compared() -> None:
    """What is missing at its edges was cut off, not misheard."""
    mine = segments("one two", "three for", "five six")
    other = segments("three four", start=1)
    assert [(each.text, each.other_text) for each in differences(mine, other, within=[(1, 2)])] == [("for", "four")]
    other = segments("four", start=1)
    mine = segments("one two", "three four", "five six")
    assert list(differences(mine, other, within=[(1, 2)])) == []


WORDS = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "d", "e", "A,", "b.", "日本", "a日", "日b"]), max_size=6).map(" ".join),
    max_size=6,
)


def keys(lines: Sequence[str]) -> list[str]:
    return [word.key for word in words_in(segments(*lines))]


@given(WORDS, WORDS, st.data())
def test_taking_over_all_gives_the_other_text(mine: list[str], other: list[str], data: st.DataObject) -> None:
    ours, theirs = segments(*mine), segments(*other)
    every = list(differences(ours, theirs))
    assert keys(after(ours, every)) == keys(other)
    assert len({each.id for each in every}) == len(every)
    some = data.draw(st.lists(st.sampled_from(every), unique_by=lambda each: each.id)) if every else []
    transcript = Transcript(text="", language="en", segments=ours, processing_time=0)
    changed = corrected(transcript, *taken_over(ours, some)).segments
    rest = list(differences(changed, theirs))
    assert keys(after(changed, rest)) == keys(other)


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (["we met ada lovelace", "in the rain"], ["we met Ada Lovelace", "in the rain"]),
        (["we met ada loveless", "in the rain"], ["we met Ada loveless", "in the rain"]),
        (["so we met ada lovelace in the rain", "today"], ["so we met Ada Lovelace in the rain", "today"]),
        (["ada lovelace"], ["Ada Lovelace"]),
        (["an ada is"], ["an ada is"]),
    ],
)
def test_corrections_are_carried_over_where_the_texts_agree(new: list[str], expected: list[str]) -> None:
    machine, by_person = segments("we met ada lovelace", "in the rain"), segments("we met Ada Lovelace", "in the rain")
    assert after(segments(*new), carried_over(machine, by_person, segments(*new))) == expected


def test_a_word_that_was_added_or_removed_is_carried_over() -> None:
    machine, by_person = segments("so we um met", "here"), segments("so we met", "only here")
    new = segments("and so we um met here")
    assert after(new, carried_over(machine, by_person, new)) == ["and so we met only here"]


def test_long_texts_are_compared_in_a_second() -> None:
    # some words are frequent, most are rare, as in any language
    words = [f"w{int(number)}" for number in np.random.default_rng(1).zipf(1.3, 40_000) % 100_000]
    other = [word if number % 10 else "x" for number, word in enumerate(words)]
    mine, theirs = (
        segments(*(" ".join(text[at : at + 10]) for at in range(0, len(text), 10))) for text in (words, other)
    )
    started_s = time.process_time()
    every = list(differences(mine, theirs))
    assert 3900 < len(every) < 4100
    assert 3900 < len(taken_over(mine, every)[2]) <= 4000
    assert time.process_time() - started_s < 4


def test_words_have_times_and_places() -> None:
    (line,) = segments("one two")
    first, second = words_in([line])
    assert (first.text, first.start, first.end, second.start) == ("one", 1, 4, 5)
    assert 0 <= first.start_s < first.end_s <= second.start_s < second.end_s == 1
