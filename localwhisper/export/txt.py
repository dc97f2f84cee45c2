"""Plain text: one line for each segment, or paragraphs with an empty line between them."""

from localwhisper.export.about import About
from localwhisper.export.paragraphs import paragraphs
from localwhisper.export.voices import with_channel
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout


def write(transcript: Transcript, layout: Layout, about: About) -> str:
    if not transcript.segments and transcript.text.strip():
        return transcript.text.strip() + "\n"  # transcribed with return_timestamps=false
    if layout.paragraphs:
        return "\n".join(f"{with_channel(part.channel, part.text)}\n" for part in paragraphs(transcript))
    return "".join(f"{with_channel(segment.channel, segment.text.strip())}\n" for segment in transcript.segments)
