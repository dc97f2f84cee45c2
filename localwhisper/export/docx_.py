"""A Word document: one paragraph for each segment, with its start time."""

import io
import re

from localwhisper.export.channel_names import with_channel
from localwhisper.export.cues import short_timestamp
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout

_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(transcript: Transcript, layout: Layout) -> bytes:
    from docx import Document  # a slow import that few runs need
    from docx.shared import RGBColor

    document = Document()
    document.core_properties.author = ""
    document.core_properties.comments = ""
    document.core_properties.language = transcript.language
    if not transcript.segments and transcript.text.strip():
        document.add_paragraph(_valid_xml(transcript.text))
    for segment in transcript.segments:
        if segment.text.strip():
            paragraph = document.add_paragraph()
            time = paragraph.add_run(f"{short_timestamp(segment.start)}\t")
            time.font.color.rgb = RGBColor(0x77, 0x77, 0x77)
            paragraph.add_run(_valid_xml(with_channel(segment.channel, segment.text.strip())))
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _valid_xml(text: str) -> str:
    """The text on one line, without the characters that XML can't hold."""
    return " ".join(_NOT_XML.sub("", text).split())
