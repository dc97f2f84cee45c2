"""Documents in paragraphs. The cases are also those of the page's own paragraphs: tests/browser/lib.test.mjs."""

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import pytest

from localwhisper.export.paragraphs import divided
from localwhisper.export.registry import EXPORTERS
from localwhisper.jobs.transcript import Segment
from localwhisper.options import Layout
from tests.export.results import segment, transcript, words

CASES = json.loads((Path(__file__).parent / "paragraph_cases.json").read_text(encoding="utf-8"))


def segment_of(number: int, start: float, end: float, text: str, channel: str | None = None) -> Segment:
    """A text like `*20.` stands for 20 characters and a full stop."""
    text = re.sub(r"\*(\d+)", lambda match: "x" * int(match[1]), text)
    return replace(segment(number, start, end, f" {text}"), channel=channel)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_text_is_divided(case: dict[str, Any]) -> None:
    groups = divided([segment_of(number, *values) for number, values in enumerate(case["segments"])])
    assert [group[0].id for group in groups] == case["begins"]


TALK = transcript(
    segment(0, 0.0, 3.0, " Good evening"),
    segment(1, 3.0, 5.0, " to all."),
    segment(2, 8.0, 9.0, ""),
    segment(3, 65.0, 66.0, " One more <b>thing</b>."),
)


def test_documents_in_paragraphs() -> None:
    layout = Layout(paragraphs=True)
    assert not layout.needs_words
    assert EXPORTERS["txt"].to_text(TALK, layout) == "Good evening to all.\n\nOne more <b>thing</b>.\n"
    assert EXPORTERS["md"].to_text(TALK, layout).startswith("**00:00** Good evening to all.\n\n**01:05** One")
    html = EXPORTERS["html"].to_text(TALK, layout)
    assert '<p dir="auto" data-start="0.000" data-end="5.000"><time>00:00</time>Good evening to all.</p>' in html
    document = docx.Document(io.BytesIO(EXPORTERS["docx"].to_bytes(TALK, layout)))
    assert [paragraph.text for paragraph in document.paragraphs] == [
        "00:00\tGood evening to all.",
        "01:05\tOne more <b>thing</b>.",
    ]
    assert EXPORTERS["srt"].to_text(TALK, layout) == EXPORTERS["srt"].to_text(TALK)


def test_the_pause_is_between_the_words_and_scripts_without_spaces_get_none() -> None:
    spoken = transcript(
        segment(0, 0.0, 9.0, " One.", words((" One.", 0.0, 1.0))),
        segment(1, 9.0, 10.0, " Two.", words((" Two.", 9, 10))),
    )
    assert len([*divided(spoken.segments)]) == 2
    japanese = transcript(segment(0, 0, 1, "今日は"), segment(1, 1, 2, "いい天気。"), language="ja")
    assert EXPORTERS["txt"].to_text(japanese, Layout(paragraphs=True)) == "今日はいい天気。\n"
