"""Plain text: a line a segment."""

from localwhisper.jobs.model import Transcript
from localwhisper.options import Layout


def write(transcript: Transcript, layout: Layout) -> str:
    if not transcript.segments and transcript.text.strip():
        return transcript.text.strip() + "\n"  # a result without segments is still worth its text
    return "".join(f"{segment.text.strip()}\n" for segment in transcript.segments)
