"""A Word document: title, date and language, then one paragraph for each segment, or paragraphs, with
their start times.

Paragraphs in a script that is read from right to left are set so.
"""

import io
import unicodedata
from typing import Any

from localwhisper.export.about import About
from localwhisper.export.archive import redated
from localwhisper.export.cues import short_timestamp
from localwhisper.export.paragraphs import paragraphs
from localwhisper.export.voices import with_channel
from localwhisper.export.xml_text import valid_xml
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout


def write(transcript: Transcript, layout: Layout, about: About) -> bytes:
    from docx import Document  # a slow import that few runs need
    from docx.shared import RGBColor

    document = Document()
    properties = document.core_properties
    properties.author = properties.comments = ""
    properties.language = transcript.language
    if about.title:
        properties.title = valid_xml(about.title)[:255]  # as many as a property may have
        _set_direction(document.add_heading(valid_xml(about.title), level=1))
    if about.created_at is not None:
        properties.created = about.created_at.replace(tzinfo=None)
        language = f" · {about.language_name.title()}" if about.language_name else ""
        document.add_paragraph(f"{about.created_at:%Y-%m-%d}{language}")
    if not transcript.segments and transcript.text.strip():
        _set_direction(document.add_paragraph(valid_xml(transcript.text)))
    for part in paragraphs(transcript, joined=layout.paragraphs):
        paragraph = document.add_paragraph()
        time = paragraph.add_run(f"{short_timestamp(part.start_s)}\t")
        time.font.color.rgb = RGBColor(0x77, 0x77, 0x77)
        paragraph.add_run(valid_xml(with_channel(part.channel, part.text)))
        _set_direction(paragraph, part.text)
    buffer = io.BytesIO()
    document.save(buffer)
    return redated(buffer.getvalue(), about.created_at)


def is_right_to_left(text: str) -> bool:
    """Whether the first letter that has a direction is one of a right-to-left script (UAX #9, P2)."""
    directions = (unicodedata.bidirectional(char) for char in text)
    return next((direction for direction in directions if direction in ("L", "R", "AL")), "L") != "L"


def _set_direction(paragraph: Any, text: str | None = None) -> None:
    """`text`: what decides; the paragraph's own by default."""
    if not is_right_to_left(paragraph.text if text is None else text):
        return
    from docx.oxml import OxmlElement

    properties = paragraph._p.get_or_add_pPr()
    properties.append(OxmlElement("w:bidi"))
    for run in paragraph.runs:
        if is_right_to_left(run.text):
            run.font.rtl = True
