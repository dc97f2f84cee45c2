"""NIST's Rich Transcription Time Marked: when each speaker talks, for programs that compare such times."""

from localwhisper.export.about import About
from localwhisper.export.voices import names
from localwhisper.jobs.speakers import by_channel
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout


def write(transcript: Transcript, layout: Layout, about: About) -> str:
    """Fields have no spaces in them."""
    if not transcript.speakers and any(segment.channel is not None for segment in transcript.segments):
        transcript = by_channel(transcript)
    by_id = names(transcript, about)
    file = _field(about.title) or "recording"
    return "".join(
        f"SPEAKER {file} 1 {turn.start:.3f} {turn.end - turn.start:.3f} <NA> <NA>"
        f" {_field(by_id.get(turn.speaker, turn.speaker))} <NA> <NA>\n"
        for turn in transcript.turns
    )


def _field(text: str) -> str:
    return "_".join(text.split())
