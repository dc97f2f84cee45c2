"""A Word document: a paragraph a segment, its time before it."""

import io
import re

from localwhisper.export.md import short_time
from localwhisper.jobs.model import Transcript
from localwhisper.options import Layout

_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(transcript: Transcript, layout: Layout) -> bytes:
    from docx import Document  # here: it takes a while, and few need it
    from docx.shared import RGBColor

    document = Document()
    document.core_properties.author = ""
    document.core_properties.comments = ""
    document.core_properties.language = transcript.language
    if not transcript.segments and transcript.text.strip():
        document.add_paragraph(_text(transcript.text))
    for segment in transcript.segments:
        if segment.text.strip():
            paragraph = document.add_paragraph()
            time = paragraph.add_run(f"{short_time(segment.start)}\t")
            time.font.color.rgb = RGBColor(0x77, 0x77, 0x77)
            paragraph.add_run(_text(segment.text))
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _text(text: str) -> str:
    return " ".join(_NOT_XML.sub("", text).split())
