"""Comma-separated values (RFC 4180): start and end in seconds, text.

A text that a spreadsheet would compute as a formula gets an apostrophe in front, which spreadsheets don't show.
"""

import csv
import io

from localwhisper.export.about import About
from localwhisper.export.voices import column_name, columns
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout


def write(transcript: Transcript, layout: Layout, about: About) -> str:
    buffer = io.StringIO()
    rows = csv.writer(buffer, lineterminator="\r\n")
    column = column_name(transcript)
    rows.writerow(("start", "end", "text", *((column,) if column else ())))
    for segment in transcript.segments:
        text = _plain(" ".join(segment.text.split()))
        rows.writerow((f"{segment.start:.3f}", f"{segment.end:.3f}", text, *columns(segment, column)))
    return buffer.getvalue()


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(tuple("=+-@＝＋－＠")) else text
