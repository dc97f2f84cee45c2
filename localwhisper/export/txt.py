"""Plain text: one line for each segment."""

from localwhisper.export.about import About
from localwhisper.export.channel_names import with_channel
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout


def write(transcript: Transcript, layout: Layout, about: About) -> str:
    if not transcript.segments and transcript.text.strip():
        return transcript.text.strip() + "\n"  # transcribed with return_timestamps=false
    return "".join(f"{with_channel(segment.channel, segment.text.strip())}\n" for segment in transcript.segments)
