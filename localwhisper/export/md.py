"""Markdown: one paragraph for each segment, or paragraphs, with their start times in bold."""

import re

from localwhisper.export.about import About
from localwhisper.export.cues import short_timestamp
from localwhisper.export.paragraphs import paragraphs
from localwhisper.export.voices import with_channel
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout


def write(transcript: Transcript, layout: Layout, about: About) -> str:
    if not transcript.segments and transcript.text.strip():
        return re.sub(r"^(\d*)([-+.)])", r"\1\\\2", _escaped(transcript.text)) + "\n"  # no list, no rule
    return "\n".join(
        f"**{short_timestamp(part.start_s)}** {_escaped(with_channel(part.channel, part.text))}\n"
        for part in paragraphs(transcript, joined=layout.paragraphs)
    )


def _escaped(text: str) -> str:
    """The text on one line, with Markdown's special characters escaped."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&])", r"\\\1", " ".join(text.split()))
