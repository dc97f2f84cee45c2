"""What a correction does to segments, words and their times."""

import time
from dataclasses import replace

from localwhisper.jobs.corrections import Line, corrected
from localwhisper.jobs.transcript import Segment, Transcript, Word
from tests.step_engine import segment


def transcript(*segments: Segment) -> Transcript:
    text = "".join(each.text for each in segments)
    return Transcript(text=text, language="en", segments=segments, processing_time=1.0)


def recognized(*texts: str) -> Segment:
    """A segment of one second that its words share equally."""
    each_s = 1 / len(texts)
    words = tuple(
        Word(word=f" {text}", start=at * each_s, end=(at + 1) * each_s, probability=0.5)
        for at, text in enumerate(texts)
    )
    return replace(segment(0), text="".join(word.word for word in words), words=words)


THREE = transcript(segment(0), segment(1), segment(2))


def test_a_segment_is_replaced_and_the_others_stay_as_they_were() -> None:
    after = corrected(THREE, 1, 1, [Line(start=1, end=2, text="better")])
    assert after.text == " part 0 better part 2"
    assert (after.segments[0], after.segments[2]) == (THREE.segments[0], THREE.segments[2])
    assert after.segments[1].avg_logprob == THREE.segments[1].avg_logprob
    assert after.segments[1].tokens == ()  # they encode the old text
    assert after.version == 1


def test_segments_are_renumbered_after_split_merge_and_removal() -> None:
    split = corrected(THREE, 0, 1, [Line(start=0, end=0.4, text="part"), Line(start=0.4, end=1, text="0")])
    assert [each.id for each in split.segments] == [0, 1, 2, 3]
    merged = corrected(split, 0, 2, [Line(start=0, end=1, text="part 0")])
    assert merged.text == THREE.text
    assert [each.text for each in corrected(merged, 1, 1, []).segments] == [" part 0", " part 2"]


def test_recognized_words_keep_their_times() -> None:
    before = transcript(recognized("one", "too", "three", "four"))
    words = corrected(before, 0, 1, [Line(start=0, end=1, text="one two three four")]).segments[0].words or ()
    assert [word.word for word in words] == [" one", " two", " three", " four"]
    assert [word.start for word in words] == [0, 0.25, 0.5, 0.75]
    assert [word.probability for word in words] == [0.5, 1, 0.5, 0.5]


def test_new_words_share_the_time_between_recognized_ones() -> None:
    before = transcript(recognized("one", "four"))
    line = Line(start=0, end=1, text="zero one or some four five")
    words = corrected(before, 0, 1, [line]).segments[0].words or ()
    assert "".join(word.word for word in words) == " zero one or some four five"
    starts = [word.start for word in words]
    assert starts == sorted(starts)
    assert all(0 <= word.start <= word.end <= 1 for word in words)


def test_a_split_distributes_the_words() -> None:
    before = transcript(recognized("one", "two", "three", "four"))
    lines = [Line(start=0, end=0.5, text="one two"), Line(start=0.5, end=1, text="three four")]
    first, second = corrected(before, 0, 1, lines).segments
    assert (first.words or ()) + (second.words or ()) == before.segments[0].words


def test_words_without_spaces_between_them_keep_their_times() -> None:
    chinese = transcript(recognized("你", "好"))
    after = corrected(chinese, 0, 1, [Line(start=0, end=1.5, text="你好")])
    assert [word.start for word in after.segments[0].words or ()] == [0, 0.5]


def test_an_empty_line_has_no_words() -> None:
    assert corrected(transcript(recognized("one")), 0, 1, [Line(start=0, end=1, text=" ")]).segments[0].words == ()


def test_all_lines_of_a_long_transcript_are_corrected_in_linear_time() -> None:
    def line_at(number: int, texts: list[str]) -> Segment:
        each = recognized(*texts)
        words = tuple(
            replace(word, start=number + word.start, end=number + word.end, probability=0.25)
            for word in each.words or ()
        )
        return replace(each, id=number, start=float(number), end=number + 1.0, words=words)

    long = transcript(*(line_at(number, ["the", "old", str(number), "words"]) for number in range(5000)))
    lines = [Line(start=each.start, end=each.end, text=f"the new {each.id} words") for each in long.segments]
    started_s = time.process_time()
    after = corrected(long, 0, 5000, lines)
    assert time.process_time() - started_s < 5  # takes 0.2 s; quadratic, a minute
    for number, each in enumerate(after.segments):
        assert [(word.word, word.probability) for word in each.words or ()] == [
            (" the", 0.25),
            (" new", 1.0),
            (f" {number}", 0.25),
            (" words", 0.25),
        ]


def test_a_line_gets_the_figures_of_the_segment_that_it_overlaps_most() -> None:
    long, inner = (replace(segment(0), start=start, end=end, avg_logprob=-end) for start, end in ((0, 100), (40, 42)))
    other = replace(segment(0), start=100, end=101, avg_logprob=-101.0)
    before = transcript(long, inner, other)
    times = ((90, 100.2), (100, 101), (500, 501))
    lines = [Line(start=start, end=end, text="other") for start, end in times]
    assert [each.avg_logprob for each in corrected(before, 0, 3, lines).segments] == [-100, -101, -101]
