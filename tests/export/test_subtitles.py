"""Subtitles cut for reading: their limits, lines, times and places of breaks, for many shapes of text."""

import re
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, pairwise

import pysubs2
import pytest

from localwhisper.export.about import About
from localwhisper.export.cues import Cue, cues
from localwhisper.export.registry import EXPORTERS
from localwhisper.export.subtitle_limits import limits_for, problems, script_of, width
from localwhisper.jobs.transcript import Transcript, Word
from localwhisper.layout import Layout, Subtitles
from tests.export import results

STANDARD = Layout(subtitles="standard")
GAP_S = 0.084
PROSE = (
    "When the rain had stopped, the two of them walked down to the harbour, where the boats lay in a row. "
    "Nobody was there; it was far too early. “Shall we wait?” she asked, and he said that they could wait for an "
    "hour or so, because the ship from the north was never on time, not even in summer."
)


def spoken(text: str, *, seconds_per_character: float = 0.06, start_s: float = 1.0) -> Transcript:
    """Words said one after the other, in one segment; `text` has a `_` for each 0.1 s of pause."""
    return unspaced([f" {word}" for word in text.split()], seconds_per_character, start_s)


def unspaced(texts: Sequence[str], seconds_per_character: float = 0.1, start_s: float = 1.0) -> Transcript:
    words: list[Word] = []
    for text in texts:
        bare = text.lstrip(" _")
        start_s += 0.1 * text.count("_")
        end_s = start_s + seconds_per_character * len(bare)
        words.append(Word(word=" " * text.startswith(" ") + bare, start=start_s, end=end_s, probability=0.5))
        start_s = end_s
    joined = "".join(word.word for word in words)
    return results.transcript(results.segment(0, words[0].start, words[-1].end, joined, tuple(words)))


def cut(transcript: Transcript, layout: Layout = STANDARD, duration_s: float | None = None) -> list[Cue]:
    return list(cues(transcript, layout, duration_s))


def texts(transcript: Transcript, layout: Layout = STANDARD) -> list[str]:
    return [cue.text for cue in cut(transcript, layout)]


def lines_of(transcript: Transcript, layout: Layout = STANDARD) -> list[str]:
    return [line for text in texts(transcript, layout) for line in text.split("\n")]


def found(transcript: Transcript, layout: Layout = STANDARD) -> set[str]:
    """The problems of all subtitles."""
    return set(chain.from_iterable(problems(cut(transcript, layout), limits_for(layout, transcript.text))))


PRESETS: tuple[Subtitles, ...] = ("standard", "netflix", "youtube")

# -- breaks ------------------------------------------------------------------------------


def test_prose_is_broken_at_clauses() -> None:
    assert texts(spoken(PROSE)) == [
        "When the rain had stopped, the two of them\nwalked down to the harbour,",
        "where the boats lay in a row.\nNobody was there; it was far too early.",
        "“Shall we wait?” she asked, and he said\nthat they could wait for an hour or so,",
        "because the ship from the north\nwas never on time, not even in summer.",
    ]


def test_a_short_text_stays_on_one_line() -> None:
    assert texts(spoken("It stays on one line, as it fits there.")) == ["It stays on one line, as it fits there."]


@pytest.mark.parametrize(
    "text",
    [
        "I would never have believed that anybody could do it.",
        "They went to the town which lies on the other side, too.",
    ],
)
def test_no_line_or_subtitle_is_a_lone_short_word(text: str) -> None:
    for width_ in range(20, 60):
        lines = [
            line for each in texts(spoken(text), replace(STANDARD, max_line_width=width_)) for line in each.split("\n")
        ]
        assert min(len(line.split()) for line in lines) > 1, (width_, lines)


def test_a_pause_ends_a_subtitle_even_without_punctuation() -> None:
    assert texts(spoken("one two three ______________________four five six")) == ["one two three", "four five six"]


def test_text_without_punctuation_or_pauses_is_cut_within_the_limits() -> None:
    transcript = spoken("and so we went on talking about many things " * 20, seconds_per_character=0.07)
    assert found(transcript) == set()
    assert " ".join(texts(transcript)).split() == transcript.text.split()


def test_an_abbreviation_or_an_initial_ends_no_sentence() -> None:
    text = "There is nobody here whom you could ask but Mr. Smith and Prof. J. Brown of the other house."
    for each in texts(spoken(text)):
        assert not each.endswith(("Mr.", "Prof.", "J.")), each


def test_numbers_and_quotes_are_kept_whole() -> None:
    text = "He counted 1,000,000 of them, or 3.14 times as many. ‘Really?’ “Yes (he said), about $ 5.50.”"
    assert " ".join(" ".join(texts(spoken(text, seconds_per_character=0.07))).split()) == text


def test_a_word_wider_than_a_line_is_not_divided() -> None:
    long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    transcript = spoken(f"Die {long} wurde gegründet.")
    assert any(long in line for each in texts(transcript) for line in each.split("\n"))
    assert found(transcript) == {"line_too_wide"}


# -- times -------------------------------------------------------------------------------


def test_a_subtitle_starts_with_its_first_word_and_ends_with_its_last() -> None:
    (cue,) = cut(spoken("A sentence that is spoken slowly.", seconds_per_character=0.1))
    assert (cue.start_s, cue.end_s) == (1.0, pytest.approx(1 + 0.1 * 28))


def test_one_short_word_is_shown_for_a_second_where_nobody_speaks() -> None:
    (cue,) = cut(spoken("No."))
    assert (cue.start_s, cue.end_s) == (1.0, 2.0)
    assert cut(spoken("No."), duration_s=1.5) == [Cue(1.0, 1.5, "No.")]


def test_a_subtitle_that_is_spoken_fast_is_shown_until_it_can_be_read() -> None:
    text = "This was said far too fast to be read."
    cue, _ = cut(spoken(f"{text} ________________________________________Yes.", seconds_per_character=0.02))
    assert cue.end_s - cue.start_s == pytest.approx(len(text) / 20, abs=0.002)


def test_what_is_too_fast_is_said() -> None:
    assert found(spoken(PROSE, seconds_per_character=0.02)) == {"too_fast"}


def test_two_frames_are_between_subtitles() -> None:
    shown = cut(spoken(PROSE))
    gaps = [after.start_s - before.end_s for before, after in pairwise(shown)]
    assert len(gaps) > 2
    assert min(gaps) == pytest.approx(GAP_S, abs=0.001)


def test_overlapping_words_give_ordered_subtitles() -> None:
    words = results.words(*((f" word{number}.", number * 0.5, number * 0.5 + 3.0) for number in range(40)))
    shown = cut(results.transcript(results.segment(0, 0.0, 30.0, "", words)))
    assert " ".join(cue.text for cue in shown).split() == [f"word{number}." for number in range(40)]
    flat = [time_s for cue in shown for time_s in (cue.start_s, cue.end_s)]
    assert flat == sorted(flat)


def test_words_without_a_duration_or_out_of_order_are_shown() -> None:
    words = results.words((" b", 2.0, 2.0), (" a", 1.0, 0.5), (" c", 2.0, 2.0))
    (cue,) = cut(results.transcript(results.segment(0, 0.0, 3.0, " b a c", words)))
    assert cue == Cue(2.0, 3.0, "b a c")


def test_a_segment_without_words_shares_its_time_by_length() -> None:
    with_words, without = spoken("Before it."), results.segment(1, 3.0, 15.0, f" {PROSE[:200]}")
    transcript = replace(with_words, segments=(*with_words.segments, without))
    assert found(transcript) == set()
    assert " ".join(texts(transcript)).split() == f"Before it. {PROSE[:200]}".split()


def test_a_long_recording_is_cut_in_little_time() -> None:
    transcript = spoken(PROSE * 20)
    started_s = time.process_time()
    assert len(cut(transcript)) > 60
    assert time.process_time() - started_s < 3


# -- scripts -----------------------------------------------------------------------------

JAPANESE = (
    "昨日の夜は雨が降っていましたが、今日はとてもいい天気です。公園でコーヒーを飲みながら、友達と"
    "「来週どこに行こうか」と話しました。"
)
CHINESE = (
    "今天的天气非常好，我们决定去公园散步。路上遇到了很多朋友，大家一起聊天，一直到太阳下山才回家，真是愉快的一天。"
)
THAI = re.findall(r" ?[^|]+", "วันนี้|อากาศ|ดี|มาก| เรา|จึง|ไป|เดิน|เล่น|ที่|สวน|สาธารณะ| แล้ว|กลับ|บ้าน|ใน|ตอน|เย็น")


@pytest.mark.parametrize("text", [JAPANESE, CHINESE], ids=["japanese", "chinese"])
@pytest.mark.parametrize("preset", PRESETS)
def test_chinese_and_japanese_are_broken_by_width_and_never_before_a_closing_mark(text: str, preset: Subtitles) -> None:
    layout = Layout(subtitles=preset)
    transcript = unspaced(list(text), 0.3)
    lines = lines_of(transcript, layout)
    assert "".join(lines) == text
    assert not [line for line in lines if line[0] in "、。，」っーゃ" or line[-1] == "「"]
    assert found(transcript, layout) <= {"too_fast"}
    assert max(map(width, lines)) > 16


def test_japanese_and_chinese_phrases_end_at_their_punctuation() -> None:
    assert texts(unspaced(list(JAPANESE), 0.2)) == [
        "昨日の夜は雨が降っていましたが、\n今日はとてもいい天気です。",
        "公園でコーヒーを飲みながら、\n友達と「来週どこに行こうか」と話しました。",
    ]
    assert texts(unspaced(list(CHINESE), 0.2)) == [
        "今天的天气非常好，我们决定去公园散步。\n路上遇到了很多朋友，",
        "大家一起聊天，一直到太阳下山才回家，\n真是愉快的一天。",
    ]


def test_a_long_chinese_word_is_divided() -> None:
    whole, divided = unspaced([" " + CHINESE], 0.1), unspaced(list(CHINESE), 0.1)
    assert texts(whole) == texts(divided)


def test_thai_is_broken_at_its_spaces_and_never_within_a_syllable() -> None:
    assert texts(unspaced(THAI, 0.1), replace(STANDARD, max_line_width=24)) == [
        "วันนี้อากาศดีมาก",
        "เราจึงไปเดินเล่นที่สวนสาธารณะ\nแล้วกลับบ้านในตอนเย็น",
    ]
    syllables = unspaced([*"เรา", *"ไป", *"บ้าน", *"กัน"], 0.1)
    assert lines_of(syllables, replace(STANDARD, max_line_width=3)) == ["เรา", "ไป", "บ้าน", "กัน"]


def test_korean_words_are_not_divided() -> None:
    text = "오늘은 날씨가 아주 좋아서 우리는 공원에 가기로 했습니다. 길에서 친구들을 많이 만났습니다."
    transcript = spoken(text, seconds_per_character=0.15)
    assert " ".join(texts(transcript, Layout(subtitles="netflix"))).split() == text.split()
    assert found(transcript, Layout(subtitles="netflix")) == set()


def test_the_script_is_that_of_the_text() -> None:
    expected = {
        JAPANESE: "japanese",
        CHINESE: "chinese",
        "".join(THAI): "thai",
        "오늘은 날씨": "korean",
        PROSE: None,
        "": None,
    }
    assert {text: script_of(text) for text in expected} == expected


def test_width_counts_columns() -> None:
    assert [width(text) for text in ("abc", "日本", "บ้าน", "é", "a\nb")] == [3, 4, 3, 1, 3]


# -- presets and options -----------------------------------------------------------------


def test_presets_have_their_limits() -> None:
    transcript = spoken(PROSE)
    widest = {preset: max(map(width, lines_of(transcript, Layout(subtitles=preset)))) for preset in PRESETS}
    assert 32 < widest["standard"] <= 42
    assert 32 < widest["netflix"] <= 42
    assert 20 < widest["youtube"] <= 32


def test_one_word_at_a_time() -> None:
    transcript = spoken("One two, three.")
    assert texts(transcript, Layout(subtitles="word")) == ["One", "two,", "three."]
    assert found(transcript, Layout(subtitles="word")) == set()


def test_whisper_s_options_change_a_preset() -> None:
    transcript = spoken(PROSE)
    layout = Layout(subtitles="standard", max_line_width=20, max_line_count=1)
    assert all(len(each) <= 20 for each in texts(transcript, layout))
    few_words = Layout(subtitles="standard", max_words_per_line=2)
    assert max(len(each.split()) for each in texts(transcript, few_words)) == 2
    highlighted = texts(transcript, Layout(subtitles="standard", highlight_words=True))
    assert len(highlighted) >= len(PROSE.split())
    assert all(each.count("<u>") <= 1 for each in highlighted)


def test_channels_are_not_mixed_and_their_names_fit_the_line() -> None:
    left, right = spoken(PROSE, start_s=0.0), spoken(PROSE, start_s=60.0)
    segments = (replace(left.segments[0], channel="left"), replace(right.segments[0], channel="right"))
    transcript = replace(left, segments=segments)
    assert {cue.channel for cue in cut(transcript)} == {"left", "right"}
    lines = EXPORTERS["srt"].to_text(transcript, STANDARD).splitlines()
    assert max(map(len, lines)) <= 42


@pytest.mark.parametrize("name", ["srt", "vtt", "ass", "ttml"])
def test_nothing_is_shown_after_the_recording_s_end(name: str) -> None:
    content = EXPORTERS[name].to_text(spoken("No."), STANDARD, About(duration_s=1.7))
    (event,) = pysubs2.SSAFile.from_string(content, name)
    assert (event.start, event.end, event.plaintext) == (1000, 1700, "No.")


@pytest.mark.parametrize("case", results.ALL)
@pytest.mark.parametrize("preset", [*PRESETS, "word"])
def test_any_transcript_can_be_cut(case: str, preset: Subtitles) -> None:
    shown = cut(results.ALL[case], Layout(subtitles=preset))
    flat = [time_s for cue in shown for time_s in (cue.start_s, cue.end_s)]
    assert flat == sorted(flat)
    assert all(cue.text.strip() and "-->" not in cue.text and cue.end_s > cue.start_s for cue in shown)


# -- problems ----------------------------------------------------------------------------


def test_each_problem_is_found() -> None:
    shown = [
        Cue(0.0, 2.0, "All is well."),
        Cue(1.5, 3.0, "It overlaps."),
        Cue(3.0, 4.0, "No gap."),
        Cue(5.0, 5.5, "Short."),
        Cue(6.0, 14.0, "Long."),
        Cue(15.0, 16.0, "This can't be read in a second."),
        Cue(17.0, 22.0, "a line of more than forty-two characters in all"),
        Cue(23.0, 25.0, "one\ntwo\nthree"),
    ]
    assert list(problems(shown, limits_for(Layout(), "text"))) == [
        [],
        ["overlapping"],
        ["gap_too_short"],
        ["too_short"],
        ["too_long"],
        ["too_fast"],
        ["line_too_wide"],
        ["too_many_lines"],
    ]
