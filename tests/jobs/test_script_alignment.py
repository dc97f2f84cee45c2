"""A script's own words get the times that were heard, and the rest is aligned between those."""

import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from localwhisper.jobs.script_alignment import AlignedScript, align_script
from localwhisper.jobs.scripts import lines_of
from localwhisper.jobs.transcript import Segment, Transcript
from localwhisper.jobs.word_times import spread_words
from tests.jobs.test_differences import segments


def aligned(heard: Sequence[str], lines: Sequence[str]) -> tuple[AlignedScript, list[Segment]]:
    """The script, and the lines that the engine was asked to align. Each heard segment lasts a second."""
    asked: list[Segment] = []

    def align(lines: Sequence[Segment]) -> list[Segment]:
        assert lines
        asked.extend(lines)
        return [replace(line, words=spread_words(line)) for line in lines]

    spoken = tuple(replace(each, words=spread_words(each)) for each in segments(*heard))
    transcript = Transcript(text="", language="en", segments=spoken, processing_time=0)
    return align_script(lines, transcript, len(heard), align), asked


def times(script: AlignedScript) -> list[tuple[float, float]]:
    return [(round(each.start, 2), round(each.end, 2)) for each in script.segments]


def test_heard_words_keep_their_times_whatever_the_lines() -> None:
    script, asked = aligned(["one two three four", "five six"], ["One two,", "three — four!", "Five. Six."])
    assert asked == []
    assert [each.text for each in script.segments] == [" One two,", " three — four!", " Five. Six."]
    assert times(script) == [(0, 0.4), (0.4, 1), (1, 2)]
    assert [[word.word for word in each.words or ()] for each in script.segments] == [
        [" One", " two,"],
        [" three —", " four!"],
        [" Five.", " Six."],
    ]
    assert (script.n_words, script.n_placed) == (6, 6)


def test_lines_with_other_words_are_aligned_where_they_are_spoken() -> None:
    heard = ["he said", "loveless is", "here"]
    script, asked = aligned(heard, ["He said:", "Lovelace is", "here."])
    assert [(each.text, each.start, each.end) for each in asked] == [(" Lovelace is", 1, 2)]
    assert times(script) == [(0, 1), (1, 2), (2, 3)]
    assert script.n_placed == 5


def test_lines_that_follow_one_another_are_aligned_together() -> None:
    heard = ["aa", "xx", "bb", "yy", "zz"]
    _, asked = aligned(heard, ["aa", "other", "bb", "new", "text"])
    assert [(each.text, each.seek) for each in asked] == [(" other", 100), (" new", 300), (" text", 300)]


def test_what_is_not_spoken_has_no_room() -> None:
    script, asked = aligned(["one two", "three"], ["one two", "[He leaves the room]", "three"])
    assert asked == []
    assert times(script)[1] == (1, 1)
    assert (script.n_words, script.n_placed) == (7, 3)


def test_times_never_fall() -> None:
    script, _ = aligned(["a b c", "d e"], ["x a", "y", "c b", "e d z", "—"])
    words = [word for each in script.segments for word in each.words or ()]
    edges = [edge for word in words for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert "".join(word.word for word in words) + " —" == " x a y c b e d z —"
    assert script.segments[-1].start <= script.segments[-1].end


def test_lines_without_letters_share_the_time_between_the_others() -> None:
    script, _ = aligned(["a", "—", "b"], ["—", "a", "♪", "…", "b", "—", "♪"])
    assert times(script) == [(0, 0), (0, 1), (1, 1.5), (1.5, 2), (2, 3), (3, 3), (3, 3)]


def test_a_script_of_many_lines_without_letters_is_aligned_in_a_moment() -> None:
    started_s = time.process_time()
    script, _ = aligned(["a"], ["—"] * 40_000)
    assert len(script.segments) == 40_000
    assert time.process_time() - started_s < 4


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("One line.\r\n\r\n  Another \t line \n", ["One line.", "Another line"]),
        (
            "1\n00:00:01,000 --> 00:00:02,500\n<i>Hello</i> there,\nyou.\n\n"
            "2\n00:00:03,000 --> 00:00:04,000\n{\\an8}Bye.\n",
            ["Hello there, you.", "Bye."],
        ),
        (
            "WEBVTT\n\nSTYLE\n::cue { color: red }\n\nNOTE a comment\n\nintro\n00:01.000 --> 00:02.000 align:start\n"
            "<v Ann>Tom &amp; I</v>\n\n00:03.000 --> 00:04.000\nleft.",
            ["Tom & I", "left."],
        ),
        ("1\n00:00:01,000 --> 00:00:02,000\nOne\n2\n00:00:02,000 --> 00:00:03,000\nTwo", ["One", "Two"]),
        (
            f"{'A sentence of some words. ' * 10}End.",
            ["A sentence of some words. A sentence of some words. A sentence of some words."] * 3
            + ["A sentence of some words. End."],
        ),
        (
            "so we went " * 30,
            [*[("so we went " * 9).strip()] * 3, "so we went so we went so we went"],
        ),
        ("彼は行った" * 50, ["彼は行った" * 20, "彼は行った" * 20, "彼は行った" * 10]),
        ("", []),
    ],
    ids=["text", "srt", "vtt", "srt without empty lines", "a long paragraph", "no sentences", "no spaces", "nothing"],
)
def test_the_lines_of_a_script(text: str, lines: list[str]) -> None:
    assert lines_of(text) == lines
