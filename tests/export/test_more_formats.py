"""Documents and the formats of linguists and subtitlers, read back by other programs."""

import io
import re
import subprocess
import xml.etree.ElementTree as ET
from datetime import datetime, timezone
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import docx
import pympi
import pysubs2
import pytest

from localwhisper.audio.ffmpeg import ffmpeg_path
from localwhisper.export.about import About
from localwhisper.export.cues import cues
from localwhisper.export.registry import EXPORTERS, TEXT_FORMATS, ending_with
from localwhisper.jobs.transcript import Transcript, Word
from localwhisper.options import Layout
from tests.export import results
from tests.export.results import segment, transcript

ABOUT = About(
    filename="مقابلة.mp3",
    created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
    duration_s=9000.0,
    language_name="arabic",
)
ARABIC = transcript(
    segment(0, 0.0, 1.0, " مرحبا بكم"), segment(1, 1.0, 2.0, " (123) שלום world"), segment(2, 2.0, 3.0, " Hello مرحبا")
)
CASES = ["plain", "words", "hours", "arrow", "out_of_order", "words_missing", "line_breaks", "empty_segment"]


def spoken(result: Transcript) -> list[str]:
    return [" ".join(s.text.split()) for s in sorted(result.segments, key=lambda s: (s.start, s.end)) if s.text.strip()]


def test_right_to_left_paragraphs_of_a_document() -> None:
    document = docx.Document(io.BytesIO(EXPORTERS["docx"].to_bytes(ARABIC, about=ABOUT)))
    title, date, *lines = document.paragraphs
    assert (title.text, date.text) == ("مقابلة", "2026-01-02 · Arabic")
    assert [bool(paragraph._p.xpath("w:pPr/w:bidi")) for paragraph in lines] == [True, True, False]
    assert [bool(paragraph.runs[1].font.rtl) for paragraph in lines] == [True, True, False]
    assert title._p.xpath("w:pPr/w:bidi")
    assert (document.core_properties.title, document.core_properties.created) == (
        "مقابلة",
        datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
    )


@pytest.mark.parametrize("name", TEXT_FORMATS)
def test_text_files_begin_with_a_byte_order_mark_on_request(name: str) -> None:
    content = EXPORTERS[name].to_bytes(ARABIC, Layout(bom=True))
    assert content.decode("utf-8-sig") == EXPORTERS[name].to_text(ARABIC)
    assert content.startswith(b"\xef\xbb\xbf")
    assert not Layout(bom=True).needs_words


@pytest.mark.parametrize("case", CASES)
def test_textgrid_and_eaf_are_read_by_pympi(case: str, tmp_path: Path) -> None:
    result = results.ALL[case]
    for name in ("textgrid", "eaf"):
        (tmp_path / name).write_bytes(EXPORTERS[name].to_bytes(result, about=ABOUT))
    grid = pympi.Praat.TextGrid(str(tmp_path / "textgrid"))
    intervals = [interval for interval in grid.get_tier("segments").get_all_intervals() if interval[2]]
    assert [text for _, _, text in intervals] == spoken(result)
    assert grid.xmax == 9000.0
    for tier in grid.get_tiers():
        edges = [(start, end) for start, end, _ in tier.get_all_intervals()]
        assert edges[0][0] == 0
        assert edges[-1][1] == 9000.0
        assert all(one[1] == other[0] and one[0] < one[1] for one, other in pairwise(edges))
    eaf = pympi.Elan.Eaf(str(tmp_path / "eaf"))
    annotations = sorted(eaf.get_annotation_data_for_tier("segments"))
    assert [text for _, _, text in annotations] == spoken(result)
    assert [(start, end) for start, end, _ in annotations] == [
        (round(s * 1000), round(e * 1000)) for s, e, _ in intervals
    ]
    has_words = any(segment.words for segment in result.segments)
    assert ("words" in eaf.get_tier_names()) == has_words
    assert len(list(grid.get_tiers())) == 1 + has_words


@pytest.mark.parametrize("case", CASES)
def test_audacity_labels(case: str) -> None:
    """Read here by its rules, three columns between tabs: a package that reads them brings pandas with it."""
    rows = [line.split("\t") for line in EXPORTERS["audacity"].to_text(results.ALL[case]).splitlines()]
    expected = [" ".join(segment.text.split()) for segment in results.ALL[case].segments if segment.text.strip()]
    assert [text for _, _, text in rows] == expected
    assert all(float(start) >= 0 and float(end) >= 0 for start, end, _ in rows)


@pytest.mark.parametrize("name", ["srt", "vtt", "ass"])
def test_a_line_that_lasts_no_time_overlaps_no_subtitle(name: str) -> None:
    lines = transcript(segment(0, 0.0, 10.0, " one"), segment(1, 10.0, 10.0, " two"), segment(2, 10.0, 12.0, " three"))
    events = list(pysubs2.SSAFile.from_string(EXPORTERS[name].to_text(lines), name))
    assert len(events) == 3
    assert all(event.start < event.end for event in events)
    assert all(one.end <= other.start for one, other in pairwise(events))


@pytest.mark.parametrize("case", CASES)
def test_ass_is_read_by_ffmpeg(case: str, tmp_path: Path) -> None:
    path = tmp_path / "a.ass"
    path.write_bytes(EXPORTERS["ass"].to_bytes(results.ALL[case], about=ABOUT))
    call = [ffmpeg_path(), "-nostdin", "-v", "error", "-i", str(path), "-f", "srt", "-"]
    read = subprocess.run(call, capture_output=True, check=True, text=True).stdout
    blocks = [block.split("\n", 2) for block in read.strip().split("\n\n")]
    texts = [" ".join(re.sub(r"^<font[^>]*>|</font>$", "", text).split()) for _, _, text in blocks]
    alike = str.maketrans({"\\": "\N{REVERSE SOLIDUS OPERATOR}", "{": "\uff5b", "}": "\uff5d"})
    assert texts == [" ".join(cue.text.split()).translate(alike) for cue in cues(results.ALL[case], Layout())]


@pytest.mark.parametrize("case", ["hours", "out_of_order"])
def test_lrc_is_read_by_ffmpeg(case: str, tmp_path: Path) -> None:
    path = tmp_path / "a.lrc"
    path.write_bytes(EXPORTERS["lrc"].to_bytes(results.ALL[case]))
    call = [ffmpeg_path(), "-nostdin", "-v", "error", "-i", str(path), "-f", "srt", "-"]
    read = pysubs2.SSAFile.from_string(subprocess.run(call, capture_output=True, check=True, text=True).stdout)
    expected = sorted((round(segment.start, 2), segment.text.strip()) for segment in results.ALL[case].segments)
    assert sorted((line.start / 1000, line.plaintext) for line in read) == expected


@pytest.mark.parametrize("case", CASES)
def test_ttml_is_read_by_pysubs2(case: str) -> None:
    result = results.ALL[case]
    file = pysubs2.SSAFile.from_string(EXPORTERS["ttml"].to_text(result), "ttml")
    expected = [(round(cue.start_s * 1000), round(cue.end_s * 1000)) for cue in cues(result, Layout())]
    assert [(event.start, event.end) for event in file] == expected


@pytest.mark.parametrize("case", CASES)
def test_ttml_has_a_paragraph_for_each_cue(case: str) -> None:
    root = ET.fromstring(EXPORTERS["ttml"].to_text(results.ALL[case], about=ABOUT))
    paragraphs = root.findall(".//{http://www.w3.org/ns/ttml}p")
    texts = [" ".join(" ".join(paragraph.itertext()).split()) for paragraph in paragraphs]
    assert texts == [" ".join(cue.text.split()) for cue in cues(results.ALL[case], Layout())]


@pytest.mark.parametrize("name", [name for name in TEXT_FORMATS if name != "json"])
def test_nothing_ends_after_the_recording(name: str) -> None:
    beyond = transcript(segment(0, 0.0, 2.0, " a", (Word(word=" a", start=0.5, end=2.0, probability=1.0),)))
    within = transcript(segment(0, 0.0, 1.0, " a", (Word(word=" a", start=0.5, end=1.0, probability=1.0),)))
    about = About(duration_s=1.0)
    assert EXPORTERS[name].to_text(beyond, about=about) == EXPORTERS[name].to_text(within, about=about)
    assert ending_with(beyond, 2.5) == beyond
    later = transcript(*beyond.segments, segment(1, 1.5, 3.0, " b"))
    assert ending_with(later, 1.0) == later  # the duration must be wrong


def test_a_cue_does_not_stretch_over_a_pause() -> None:
    words = (
        Word(word=" ask", start=2.38, end=7.56, probability=1.0),
        Word(word=" not", start=7.6, end=8.0, probability=1.0),
    )
    two = transcript(segment(0, 2.0, 7.56, " ask", words[:1]), segment(1, 7.6, 8.0, " not", words[1:]))
    for result in (two, transcript(segment(0, 2.0, 8.0, " ask not", words))):
        first, second = cues(result, Layout())
        assert (first.start_s, first.end_s, second.start_s) == (2.38, 2.88, 7.6)
        assert (first.text, second.text) == ("ask", "not")


class Page(HTMLParser):
    """What a browser finds in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.lines: list[tuple[str, str, str]] = []  # start, end, text
        self.audio: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = dict(attrs)
        if tag == "audio":
            self.audio = values["src"]
        if tag == "p":
            self.lines.append((values.get("data-start") or "", values.get("data-end") or "", ""))

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] == ["time"] and self.lines and data.strip():
            start, end, text = self.lines[-1]
            self.lines[-1] = (start, end, text + data)


@pytest.mark.parametrize("case", CASES)
def test_a_page_plays_its_recording(case: str) -> None:
    page = Page()
    page.feed(EXPORTERS["html"].to_text(results.ALL[case], about=ABOUT))
    assert page.audio == "%D9%85%D9%82%D8%A7%D8%A8%D9%84%D8%A9.mp3"
    expected = [segment for segment in results.ALL[case].segments if segment.text.strip()]
    assert [float(start) for start, _, _ in page.lines] == pytest.approx([s.start for s in expected], abs=0.001)
    for (_, _, shown), heard in zip(page.lines, expected, strict=True):
        assert shown.endswith(" ".join(heard.text.split()))
    assert set(page.tags) <= {"html", "head", "meta", "title", "style", "body", "h1", "audio", "p", "time", "script"}


def test_a_page_plays_a_recording_whose_name_is_not_utf_8() -> None:
    page = Page()
    about = About(filename=b"caf\xe9.mp3".decode("utf-8", "surrogateescape"))
    page.feed(EXPORTERS["html"].to_bytes(results.ALL[CASES[0]], about=about).decode("utf-8"))
    assert page.audio == "caf%E9.mp3"
