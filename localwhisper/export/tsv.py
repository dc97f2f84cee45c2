"""Tab-separated values: start and end in whole milliseconds, text.

A line break in a text becomes a space; openai-whisper's writer would break the row.
"""

from localwhisper.export.about import About
from localwhisper.export.voices import column_name, columns
from localwhisper.jobs.transcript import Segment, Transcript
from localwhisper.options import Layout


def write(transcript: Transcript, layout: Layout, about: About) -> str:
    column = column_name(transcript)
    heading = ["start", "end", "text", *([column] if column else [])]
    rows = (_row(segment, column) for segment in transcript.segments)
    return "".join("\t".join(row) + "\n" for row in (heading, *rows))


def _row(segment: Segment, column: str | None) -> list[str]:
    lines = segment.text.strip().replace("\t", " ").splitlines()
    text = " ".join(line.strip() for line in lines if line.strip())
    times = (round(1000 * segment.start), round(1000 * segment.end))
    return [*map(str, times), text, *columns(segment, column)]
