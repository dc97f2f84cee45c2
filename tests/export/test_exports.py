"""Exports equal openai-whisper's byte for byte, don't change unnoticed, and are readable by other programs."""

import calendar
import csv
import importlib
import io
import json
import math
import time
import zipfile
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import docx
import pysubs2
import pytest
import webvtt
from markdown_it import MarkdownIt

from localwhisper.export.about import About
from localwhisper.export.cues import cues, timestamp
from localwhisper.export.registry import EXPORTERS, TEXT_FORMATS
from localwhisper.options import Layout
from tests.export import results

OPENAI_WHISPER_FORMATS = ("txt", "srt", "vtt", "tsv", "json")
GOLDEN = Path(__file__).parent / "golden"


def test_the_formats_and_their_order() -> None:
    whisper, subtitles = ["txt", "srt", "vtt", "tsv", "json"], ["ass", "ttml"]
    assert [*EXPORTERS] == [
        *whisper,
        "csv",
        "lrc",
        "md",
        "html",
        *subtitles,
        "textgrid",
        "eaf",
        "rttm",
        "audacity",
        "docx",
        "zip",
    ]
    others = {"textgrid": "TextGrid", "audacity": "audacity.txt"}
    assert all(exporter.extension == others.get(name, name) for name, exporter in EXPORTERS.items())


@pytest.mark.parametrize("case", results.EQUAL)
@pytest.mark.parametrize("name", OPENAI_WHISPER_FORMATS)
def test_matches_openai_whispers_writers(name: str, case: str) -> None:
    utils = importlib.import_module("whisper.utils")  # a slow import
    expected = io.StringIO()
    utils.get_writer(name, ".").write_result(results.as_whisper(results.EQUAL[case]), expected)
    assert EXPORTERS[name].to_text(results.EQUAL[case]) == expected.getvalue()


LAYOUTS = (
    Layout(max_line_width=20),
    Layout(max_line_width=20, max_line_count=2),
    Layout(max_line_count=1),
    Layout(max_words_per_line=3),
    Layout(highlight_words=True),
    Layout(max_line_width=1000, max_line_count=10),
    Layout(max_line_width=12, max_line_count=1, highlight_words=True),
)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", ["plain", "words", "long_line", "none", "hours"])
def test_layouts_match_openai_whisper(case: str, layout: Layout) -> None:
    utils = importlib.import_module("whisper.utils")
    for name in ("srt", "vtt"):
        expected = io.StringIO()
        utils.get_writer(name, ".").write_result(results.as_whisper(results.EQUAL[case]), expected, asdict(layout))
        assert EXPORTERS[name].to_text(results.EQUAL[case], layout) == expected.getvalue()


@pytest.mark.parametrize("case", results.GOLDEN)
@pytest.mark.parametrize("name", TEXT_FORMATS)
def test_matches_the_golden_file(name: str, case: str) -> None:
    golden = (GOLDEN / f"{case}.{name}").read_bytes().decode()
    assert EXPORTERS[name].to_text(results.GOLDEN[case]) == golden, "if intended: python -m tests.export.write_golden"


def test_every_golden_file_is_used() -> None:
    expected = {f"{case}.{name}" for case in results.GOLDEN for name in TEXT_FORMATS}
    assert {path.name for path in GOLDEN.glob("[!.]*")} == expected


# -- read back by an independent parser --------------------------------------------------


def expected_cues(case: str) -> list[tuple[int, int, str]]:
    """(start ms, end ms, words of the text) of each cue."""
    expected = []
    segments = results.ALL[case].segments
    for segment in segments:
        start, end = segment.start, segment.end
        text = segment.text
        if segment.words is not None:
            if not segment.words:
                continue
            start, end = segment.words[0].start, segment.words[-1].end
            text = "".join(word.word for word in segment.words)
        if text.strip():
            expected.append((round(start * 1000), round(end * 1000), " ".join(text.replace("-->", "->").split())))
    return expected


# pysubs2 interprets markup and \\N, and can't read times above 99 h
@pytest.mark.parametrize("case", sorted(set(results.ALL) - {"hours", "arrow", "only_text", "out_of_order"}))
@pytest.mark.parametrize("name", ["srt", "vtt"])
def test_subtitles_are_read_by_pysubs2(name: str, case: str) -> None:
    subtitles = pysubs2.SSAFile.from_string(EXPORTERS[name].to_text(results.ALL[case]), name)
    events = [(event.start, event.end, " ".join(event.plaintext.split())) for event in subtitles]
    assert events == expected_cues(case)


@pytest.mark.parametrize("name", [name for name in EXPORTERS if name not in ("docx", "zip")])
def test_each_segment_has_the_name_of_its_channel(name: str) -> None:
    lines = EXPORTERS[name].to_text(results.CHANNELS).splitlines()
    if name == "json":
        assert [segment["channel"] for segment in json.loads(lines[0])["segments"]] == ["left", "right", "right"]
    else:
        named = [line for line in lines if "left" in line or "right" in line]
        assert [line.count("left") for line in named] == [1, 0, 0]


@pytest.mark.parametrize("name", [name for name in EXPORTERS if name != "zip"])
def test_every_format_names_the_speakers_or_not(name: str) -> None:
    exporter = EXPORTERS[name]
    named, plain = (
        exporter.to_bytes(results.SPEAKERS, Layout(speaker_names=is_named), About(speaker_word="Hablante"))
        for is_named in (True, False)
    )
    if name == "docx":
        named, plain = (
            "\n".join(p.text for p in docx.Document(io.BytesIO(each)).paragraphs).encode() for each in (named, plain)
        )
    second = {"json": b"S2", "rttm": b"Hablante_2"}.get(name, b"Hablante 2")
    assert b"Ann" in named
    assert second in named
    assert b"Ann" not in plain
    assert second not in plain


def test_dialogues_have_a_paragraph_for_each_turn() -> None:
    text = EXPORTERS["txt"].to_text(results.SPEAKERS)
    assert text == 'Ann "A" <b>: How are you?\n\nSpeaker 2: Fine. And *you*?\n\nAnn "A" <b>: Well.\n'
    paragraphs = docx.Document(io.BytesIO(EXPORTERS["docx"].to_bytes(results.SPEAKERS))).paragraphs
    assert paragraphs[-2].text == "00:02\tSpeaker 2: Fine. And *you*?"


def test_one_person_without_a_name_is_not_named() -> None:
    alone = replace(results.SPEAKERS, speakers=results.SPEAKERS.speakers[1:])
    assert "Speaker" not in EXPORTERS["txt"].to_text(alone)


def test_json_has_the_speaker_of_each_segment_and_word_and_their_times() -> None:
    body = json.loads(EXPORTERS["json"].to_text(results.SPEAKERS))
    assert [segment["speaker"] for segment in body["segments"]] == ['Ann "A" <b>', "S2", "S2", 'Ann "A" <b>']
    assert [segment["overlap"] for segment in body["segments"]] == [False, False, False, True]
    assert {word["speaker"] for word in body["segments"][1]["words"]} == {"S2"}
    assert body["speakers"] == [{"speaker": 'Ann "A" <b>', "seconds": 2.0}, {"speaker": "S2", "seconds": 2.5}]


def test_rttm_has_nists_ten_fields() -> None:
    text = EXPORTERS["rttm"].to_text(results.SPEAKERS, about=About(filename="A talk.wav"))
    rows = [line.split(" ") for line in text.splitlines()]
    assert {(kind, file, channel, *rest) for kind, file, channel, _, _, *rest in rows} == {
        ("SPEAKER", "A_talk", "1", "<NA>", "<NA>", name, "<NA>", "<NA>") for name in ('Ann_"A"_<b>', "Speaker_2")
    }
    times = [(float(start), float(start) + float(length)) for _, _, _, start, length, *_ in rows]
    for (start, end), turn in zip(times, results.SPEAKERS.turns, strict=True):
        assert (start, end) == pytest.approx((turn.start, turn.end))


def test_linguists_formats_have_tiers_for_each_speaker() -> None:
    for name in ("eaf", "textgrid"):
        text = EXPORTERS[name].to_text(results.SPEAKERS)
        for tier in ("Speaker 2", "Speaker 2: words"):
            assert text.count(f'="{tier}"' if name == "eaf" else f'name = "{tier}"') >= 1


def test_a_voice_span_names_the_channel_in_vtt() -> None:
    captions = webvtt.from_string(EXPORTERS["vtt"].to_text(results.CHANNELS))
    assert [(caption.voice, caption.text) for caption in captions][:2] == [("left", "How are you?"), ("right", "Fine.")]


def test_an_arrow_in_the_text_starts_no_cue() -> None:
    for name in ("srt", "vtt"):
        subtitles = pysubs2.SSAFile.from_string(EXPORTERS[name].to_text(results.ALL["arrow"]), name)
        assert [(event.start, event.end) for event in subtitles] == [(0, 1000), (1000, 2000)]


@pytest.mark.parametrize("layout", [Layout(), *LAYOUTS])
@pytest.mark.parametrize("case", results.ALL)
def test_cues_are_ordered_and_never_overlap_or_are_empty(case: str, layout: Layout) -> None:
    times = [(round(cue.start_s * 1000), round(cue.end_s * 1000)) for cue in cues(results.ALL[case], layout)]
    flat = [time for cue in times for time in cue]
    assert flat == sorted(flat)
    assert all(start < end for start, end in times)
    assert all(cue.text.strip() for cue in cues(results.ALL[case], layout))


def test_no_cue_contains_a_blank_line_or_an_arrow() -> None:
    for case in ("line_breaks", "arrow_words"):
        for name in ("srt", "vtt"):
            blocks = EXPORTERS[name].to_text(results.ALL[case]).removeprefix("WEBVTT\n\n").split("\n\n")
            assert len(blocks) == len(results.ALL[case].segments) + 1
            assert blocks[-1] == ""
            assert all(block.count("-->") == 1 for block in blocks[:-1])


@pytest.mark.parametrize("case", results.ALL)
def test_tsv_is_read_by_the_standard_library(case: str) -> None:
    """Without quotes, as openai-whisper writes it."""
    text = EXPORTERS["tsv"].to_text(results.ALL[case])
    header, *rows = csv.reader(io.StringIO(text, newline=""), "excel-tab", quoting=csv.QUOTE_NONE)
    assert header == ["start", "end", "text"]
    assert [[int(row[0]), int(row[1]), " ".join(row[2].split())] for row in rows] == [
        [round(segment.start * 1000), round(segment.end * 1000), " ".join(segment.text.split())]
        for segment in results.ALL[case].segments
    ]


def test_vtt_is_read_by_webvtt() -> None:
    captions = webvtt.from_string(EXPORTERS["vtt"].to_text(results.ALL["words"], Layout(max_words_per_line=1)))
    assert [caption.text for caption in captions] == ["One", "two.", "Three", "三", "四"]
    assert captions[0].start == "00:00:00.320"


def paragraphs(case: str) -> list[str]:
    segments = [segment.text for segment in results.ALL[case].segments] or [results.ALL[case].text]
    return [" ".join(text.split()) for text in segments if text.strip()]


@pytest.mark.parametrize("case", results.ALL)
def test_docx_is_read_by_python_docx(case: str) -> None:
    document = docx.Document(io.BytesIO(EXPORTERS["docx"].to_bytes(results.ALL[case])))
    assert [paragraph.text.split("\t")[-1] for paragraph in document.paragraphs] == paragraphs(case)


@pytest.mark.parametrize("name", EXPORTERS)
def test_the_same_transcript_gives_the_same_file(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    about = About(filename="a.wav", created_at=datetime(2026, 1, 2, 3, 4, 6, tzinfo=timezone.utc))
    files = []
    for year in (2027, 2028):
        now = (year, 1, 1, 0, 0, 0, 0, 1, 0)
        monkeypatch.setattr(time, "time", lambda now=now: calendar.timegm(now))
        monkeypatch.setattr(time, "localtime", lambda *_, now=now: time.struct_time(now))
        files.append(EXPORTERS[name].to_bytes(results.SPEAKERS, about=about))
    assert files[0] == files[1]
    if name in ("zip", "docx"):
        dates = {info.date_time for info in zipfile.ZipFile(io.BytesIO(files[0])).infolist()}
        assert dates == {(2026, 1, 2, 3, 4, 6)}


def test_docx_leaves_out_characters_that_xml_cannot_hold() -> None:
    (first, second) = results.EQUAL["plain"].segments
    odd = replace(first, text=" a\x00b\x1b\ufffe <w:p/> &amp;")
    document = docx.Document(io.BytesIO(EXPORTERS["docx"].to_bytes(results.transcript(odd, second))))
    assert document.paragraphs[0].text == "00:00\tab <w:p/> &amp;"


@pytest.mark.parametrize("case", results.ALL)
def test_csv_is_read_by_the_standard_library(case: str) -> None:
    header, *rows = csv.reader(io.StringIO(EXPORTERS["csv"].to_text(results.ALL[case]), newline=""))
    assert header == ["start", "end", "text"]
    assert [row[2] for row in rows] == [" ".join(segment.text.split()) for segment in results.ALL[case].segments]


def test_lrc_times() -> None:
    assert EXPORTERS["lrc"].to_text(results.EQUAL["hours"]) == "[59:58.77]before\n[60:00.00]after\n"


MARKUP = """ # 1. *a* _b_ `c` ~~d~~ [e](f) ![g](h) <i>&amp; | - + > \\ http://i.j"""


@pytest.mark.parametrize("case", [*results.ALL, "markup", "only text", "a list", "a number", "a rule"])
def test_markdown_is_read_by_markdown_it(case: str) -> None:
    """Every part is a paragraph, its time in bold, and whatever looks like markup in it is text."""
    others = {
        "markup": results.transcript(results.segment(0, 0.0, 1.0, MARKUP), results.segment(1, 1.0, 2.0, " - 2. x")),
        **{
            name: replace(results.transcript(), text=text)
            for name, text in (("only text", MARKUP), ("a list", " - x"), ("a number", " 1986. x"), ("a rule", "---"))
        },
    }
    result = {**results.ALL, **others}[case]
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(EXPORTERS["md"].to_text(result))
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    texts = []
    for token in tokens:
        if token.type == "inline":
            children = token.children or []
            if result.segments:
                assert [child.type for child in children[1:4]] == ["strong_open", "text", "strong_close"]
                children = children[4:]
            assert {child.type for child in children} <= {"text", "text_special"}
            texts.append("".join(child.content for child in children).strip())
    segments = [segment.text for segment in result.segments] or [result.text]
    assert texts == [" ".join(text.split()) for text in segments if text.strip()]


def test_zip_holds_every_other_format() -> None:
    about = About(filename="mi/charla: 1.mp3")
    named = zipfile.ZipFile(io.BytesIO(EXPORTERS["zip"].to_bytes(results.EQUAL["words"], about=about)))
    assert {name.split(".", 1)[0] for name in named.namelist()} == {"charla_ 1"}
    archive = zipfile.ZipFile(io.BytesIO(EXPORTERS["zip"].to_bytes(results.EQUAL["words"])))
    extensions = [exporter.extension for name, exporter in EXPORTERS.items() if name != "zip"]
    assert archive.namelist() == [f"transcript.{extension}" for extension in extensions]
    assert archive.read("transcript.srt").decode() == EXPORTERS["srt"].to_text(results.EQUAL["words"])


@pytest.mark.parametrize("case", results.ALL)
def test_json_equals_openai_whispers_result(case: str) -> None:
    expected: Any = results.as_whisper(results.ALL[case])
    for segment in expected["segments"]:
        segment["tokens"] = list(segment["tokens"])
    assert json.loads(EXPORTERS["json"].to_text(results.ALL[case])) == expected


def test_json_is_valid_when_a_figure_is_not_finite() -> None:
    (first, second) = results.EQUAL["plain"].segments
    odd = replace(first, avg_logprob=math.nan, no_speech_prob=math.inf)
    text = EXPORTERS["json"].to_text(results.transcript(odd, second))
    segment = json.loads(text, parse_constant=pytest.fail)["segments"][0]
    assert (segment["avg_logprob"], segment["no_speech_prob"]) == (None, None)


def test_a_transcript_without_segments_exports_its_text() -> None:
    assert EXPORTERS["txt"].to_text(results.ALL["only_text"]) == "all of it\n"


@pytest.mark.parametrize(
    ("time_s", "text"),
    [
        (0.0, "00:00.000"),
        (-0.001, "00:00.000"),
        (0.0004, "00:00.000"),
        (0.0006, "00:00.001"),
        (59.9996, "01:00.000"),
        (3599.9996, "01:00:00.000"),
        (360_000.0, "100:00:00.000"),
    ],
)
def test_timestamps(time_s: float, text: str) -> None:
    assert timestamp(time_s, always_hours=False, decimal_mark=".") == text
    hours = text if text.count(":") == 2 else f"00:{text}"
    assert timestamp(time_s, always_hours=True, decimal_mark=",") == hours.replace(".", ",")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", " =HYPERLINK(0)", "\t=1", "\r\n-1", "＝1"])
def test_a_csv_cell_is_never_a_formula(text: str) -> None:
    content = EXPORTERS["csv"].to_text(results.transcript(results.segment(0, 0.0, 1.0, text)))
    (_, (*_, cell)) = csv.reader(io.StringIO(content, newline=""))
    assert cell == "'" + text.strip()
