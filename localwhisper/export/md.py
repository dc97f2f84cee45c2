"""Markdown: a paragraph a segment, its time before it."""

import re

from localwhisper.export.cues import timestamp
from localwhisper.jobs.model import Transcript
from localwhisper.options import Layout


def write(transcript: Transcript, layout: Layout) -> str:
    if not transcript.segments and transcript.text.strip():
        return _plain(transcript.text) + "\n"
    return "\n".join(
        f"**{short_time(segment.start)}** {_plain(segment.text)}\n"
        for segment in transcript.segments
        if segment.text.strip()
    )


def short_time(time_s: float) -> str:
    """[H:]MM:SS"""
    return timestamp(int(time_s), always_hours=False, decimal_mark=".").split(".")[0]


def _plain(text: str) -> str:
    """The text so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&])", r"\\\1", " ".join(text.split()))
