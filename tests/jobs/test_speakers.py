"""Whose words are whose, and what a person says of that."""

import time
from dataclasses import replace

import pytest

from localwhisper.errors import InvalidOption
from localwhisper.jobs.corrections import Line, corrected
from localwhisper.jobs.speaker_edits import NEW, before_merge, carried_over, given, merged, renamed, split
from localwhisper.jobs.speakers import attributed, by_channel, samples_of, seconds_of, with_missing
from localwhisper.jobs.transcript import Segment, Speaker, Transcript, Turn, Word
from tests.step_engine import segment

ANN, BOB = Speaker(id="S1"), Speaker(id="S2")


def said(start: float, text: str, *, word_s: float = 0.25) -> Segment:
    """A segment whose words follow each other without a pause."""
    words = tuple(
        Word(word=f" {word}", start=start + n * word_s, end=start + (n + 1) * word_s, probability=0.9)
        for n, word in enumerate(text.split())
    )
    return replace(segment(0), start=start, end=words[-1].end, text=f" {text}", words=words)


def transcript(*segments: Segment) -> Transcript:
    numbered = tuple(replace(each, id=number) for number, each in enumerate(segments))
    text = "".join(each.text for each in segments)
    return Transcript(text=text, language="en", segments=numbered, processing_time=1.0)


def turn(start: float, end: float, speaker: str) -> Turn:
    return Turn(start=start, end=end, speaker=speaker)


def lines(of: Transcript) -> list[tuple[str | None, str]]:
    return [(each.speaker, each.text.strip()) for each in of.segments]


def test_a_segment_that_two_people_share_is_divided_between_their_words() -> None:
    shared = transcript(said(0, "Do you like it? Yes, I do like it."))
    after = attributed(shared, [turn(0, 1, "S1"), turn(1, 2.25, "S2")], [ANN, BOB])
    assert lines(after) == [("S1", "Do you like it?"), ("S2", "Yes, I do like it.")]
    assert "".join(each.text for each in after.segments) == shared.text == after.text
    assert [each.id for each in after.segments] == [0, 1]
    assert [(each.start, each.end) for each in after.segments] == [(0, 1), (1, 2.25)]
    assert [word for each in after.segments for word in each.words or ()] == [*(shared.segments[0].words or ())]


def test_the_edge_of_a_turn_within_a_sentence_moves_to_its_end() -> None:
    shared = transcript(said(0, "This is mine. That is yours."))
    after = attributed(shared, [turn(0, 0.5, "S1"), turn(0.5, 1.5, "S2")], [ANN, BOB])
    assert lines(after) == [("S1", "This is mine."), ("S2", "That is yours.")]


def test_a_change_within_a_sentence_takes_much_speech() -> None:
    shared = transcript(said(0, "I said that I would and then they all said that they would not"))
    after = attributed(shared, [turn(0, 1.25, "S1"), turn(1.25, 3.5, "S2")], [ANN, BOB])
    assert lines(after) == [("S1", "I said that I would"), ("S2", "and then they all said that they would not")]


def test_words_without_times_are_divided_by_their_length() -> None:
    without = transcript(replace(said(0, "One two three. Four five six."), words=None))
    after = attributed(without, [turn(0, 0.75, "S1"), turn(0.75, 1.5, "S2")], [ANN, BOB])
    assert lines(after) == [("S1", "One two three."), ("S2", "Four five six.")]
    assert all(each.words is None for each in after.segments)


def test_words_beside_every_turn_belong_to_the_nearest_or_to_those_around_them() -> None:
    apart = transcript(said(0, "First words here."), said(10, "Nobody heard these."), said(20, "Last words here."))
    after = attributed(apart, [turn(0, 0.75, "S1"), turn(19.9, 21, "S2")], [ANN, BOB])
    assert [each.speaker for each in after.segments] in (["S1", "S1", "S2"], ["S1", "S2", "S2"])


def test_one_voice_has_every_line_and_none_has_none() -> None:
    one = attributed(transcript(said(0, "Only me."), said(3, "Still me.")), [turn(0, 4, "S1")], [ANN])
    assert {each.speaker for each in one.segments} == {"S1"}
    nobody = attributed(transcript(said(0, "Only me.")), [], [])
    assert (nobody.speakers, nobody.turns, nobody.segments[0].speaker) == ((), (), None)


def test_what_is_said_at_the_same_time_is_marked() -> None:
    both = transcript(said(0, "We both talk now."), said(2, "Now only me."))
    after = attributed(both, [turn(0, 3, "S1"), turn(0.2, 0.9, "S2")], [ANN, BOB])
    assert [each.overlap for each in after.segments] == [True, False]


def test_each_channel_is_a_speaker() -> None:
    left, right = replace(said(0, "Hello."), channel="left"), replace(said(1, "Hi."), channel="right")
    after = by_channel(transcript(left, right))
    assert [(each.id, each.name) for each in after.speakers] == [("S1", "left"), ("S2", "right")]
    assert [each.speaker for each in after.segments] == ["S1", "S2"]
    assert seconds_of(after) == {"S1": 0.25, "S2": 0.25}


TALK = attributed(
    transcript(said(0, "How are you today?"), said(2, "I am very well."), said(4, "That is good.")),
    [turn(0, 1, "S1"), turn(2, 3, "S2"), turn(4, 4.75, "S1")],
    [ANN, BOB],
)


def test_a_name_is_given_and_taken_away() -> None:
    named = renamed(TALK, {"S2": "Bob"})
    assert [each.name for each in named.speakers] == ["", "Bob"]
    assert named.version == TALK.version + 1
    assert renamed(named, {"S2": ""}).speakers == TALK.speakers
    with pytest.raises(InvalidOption):
        renamed(TALK, {"S3": "Eve"})


def test_two_speakers_become_one_who_keeps_the_name() -> None:
    one = merged(renamed(TALK, {"S2": "Bob"}), "S2", "S1")
    assert [(each.id, each.name) for each in one.speakers] == [("S1", "Bob")]
    assert {each.speaker for each in one.segments} == {each.speaker for each in one.turns} == {"S1"}
    for source, into in (("S1", "S1"), ("S1", "S9"), ("S9", "S1")):
        with pytest.raises(InvalidOption):
            merged(TALK, source, into)


def test_two_who_were_made_one_are_two_again() -> None:
    both_talk = turn(0.5, 2.5, "S2")
    three = replace(
        renamed(given(TALK, 2, 1, NEW), {"S2": "Bob"}), turns=(turn(0, 1, "S1"), both_talk, turn(4, 4.75, "S3"))
    )
    for source, into in (("S2", "S1"), ("S1", "S2"), ("S3", "S2"), ("S1", "S3")):
        one = merged(three, source, into)
        again = split(one, before_merge(three, source, into))
        assert replace(again, version=three.version) == three
        assert again.version == one.version + 1


def test_two_are_two_again_after_other_edits() -> None:
    before = before_merge(TALK, "S2", "S1")
    one = merged(TALK, "S2", "S1")
    assert [each.name for each in split(renamed(one, {"S1": "Ann"}), before).speakers] == ["Ann", ""]
    halves = [Line(start=2, end=2.5, text="I am"), Line(start=2.5, end=3, text="very well.")]
    again = split(corrected(one, 1, 1, halves), before)
    assert [each.speaker for each in again.segments] == ["S1", "S2", "S2", "S1"]
    given_away = split(given(one, 1, 1, NEW), replace(before, source=Speaker(id="S3")))
    assert [each.speaker for each in given_away.segments] == ["S1", "S2", "S1"]
    for edited in (TALK, given(one, 0, 3, NEW)):  # one is still listed, or the other no longer is
        with pytest.raises(InvalidOption):
            split(edited, before)


def test_two_who_talk_at_once_are_two_again() -> None:
    at_once = transcript(*(replace(said(0, text), channel=text) for text in ("left", "right", "left")))
    channels = by_channel(at_once)
    assert split(merged(channels, "S2", "S1"), before_merge(channels, "S2", "S1")).segments == channels.segments


def test_lines_are_given_to_somebody() -> None:
    after = given(TALK, 0, 1, "S2")
    assert [each.speaker for each in after.segments] == ["S2", "S2", "S1"]
    assert seconds_of(after) == {"S1": 0.75, "S2": 2.0}
    new = given(TALK, 2, 1, NEW)
    assert [each.id for each in new.speakers] == ["S1", "S2", "S3"]
    assert new.segments[2].speaker == "S3"
    in_order = given(merged(new, "S2", "S1"), 0, 1, NEW)  # the number that has become free
    assert [each.id for each in in_order.speakers] == ["S1", "S2", "S3"]
    nobody_left = given(TALK, 1, 1, "S1")
    assert [each.id for each in nobody_left.speakers] == ["S1"]


def test_thousands_of_lines_are_given_in_a_moment() -> None:
    numbers = range(3000)
    before = replace(
        transcript(*(replace(said(float(n), "a"), speaker=f"S{n % 2 + 1}") for n in numbers)),
        turns=tuple(turn(n, n + 0.5, f"S{n % 2 + 1}") for n in numbers),
        speakers=(Speaker(id="S1"), Speaker(id="S2")),
    )
    start_s = time.thread_time()
    after = given(before, 0, len(numbers), "S1")
    assert time.thread_time() - start_s < 1.0
    assert {each.speaker for each in after.turns} == {"S1", "S2"}  # what S2 says beside the lines stays
    assert [each.id for each in after.speakers] == ["S1", "S2"]


def test_a_new_search_keeps_names_and_what_a_person_gave() -> None:
    known = given(renamed(TALK, {"S1": "Ann", "S2": "Bob"}), 2, 1, "S2")
    found = [turn(0, 1.1, "S2"), turn(1.9, 3, "S1"), turn(4, 4.8, "S2")]
    after = carried_over(known, found, [Speaker(id="S1"), Speaker(id="S2")])
    assert [(each.id, each.name) for each in after.speakers] == [("S1", "Ann"), ("S2", "Bob")]
    assert [each.speaker for each in after.segments] == ["S1", "S2", "S2"]
    assert after.version == known.version + 1


def test_a_new_search_keeps_those_together_whom_a_person_made_one() -> None:
    after = carried_over(merged(TALK, "S2", "S1"), TALK.turns, TALK.speakers)
    assert {each.speaker for each in after.segments} == {"S1"}
    assert [each.id for each in after.speakers] == ["S1"]


def test_a_new_search_that_finds_nobody_leaves_no_line_to_anybody() -> None:
    known = given(TALK, 0, 1, "S2")
    assert [each.speaker for each in carried_over(TALK, (), ()).segments] == [None] * len(TALK.segments)
    after = carried_over(known, (), ())
    assert {each.speaker for each in after.segments} <= {each.id for each in after.speakers} == {"S2"}


def test_who_is_found_anew_gets_an_id_that_nobody_has() -> None:
    after = carried_over(
        renamed(TALK, {"S1": "Ann"}),
        [turn(0, 1, "S1"), turn(2, 3, "S3"), turn(4, 5, "S2")],
        [Speaker(id="S1"), Speaker(id="S3"), Speaker(id="S2")],
    )
    assert len({each.id for each in after.speakers}) == 3
    assert after.speakers[0].name == "Ann"
    assert len({each.speaker for each in after.segments}) == 3


def test_a_line_without_a_speaker_is_whose_turn_it_is() -> None:
    lost = replace(TALK, segments=tuple(replace(each, speaker=None) for each in TALK.segments))
    assert lines(with_missing(lost)) == lines(TALK)
    beside = replace(lost, turns=(turn(50, 60, "S1"),))
    assert {each.speaker for each in with_missing(beside).segments} == {None}
    assert with_missing(TALK) is TALK


def test_the_sample_of_a_voice_is_ten_seconds_of_its_longest_turn() -> None:
    talk = replace(TALK, turns=(turn(0, 2, "S1"), turn(3, 30, "S1"), turn(31, 32, "S2")))
    assert samples_of(talk) == {"S1": {"start": 3, "end": 13}, "S2": {"start": 31, "end": 32}}
