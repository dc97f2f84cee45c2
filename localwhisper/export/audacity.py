"""Audacity's label track: start and end in seconds, and text, separated by tabs."""

from localwhisper.export.about import About
from localwhisper.export.voices import with_channel
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout


def write(transcript: Transcript, layout: Layout, about: About) -> str:
    return "".join(
        f"{segment.start:.6f}\t{segment.end:.6f}\t{with_channel(segment.channel, ' '.join(segment.text.split()))}\n"
        for segment in transcript.segments
        if segment.text.strip()
    )
