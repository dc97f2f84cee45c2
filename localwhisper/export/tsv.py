"""Tab-separated values: start and end in whole milliseconds, text.

A line break in a text becomes a space; openai-whisper's writer would break the row.
"""

from localwhisper.jobs.transcript import Segment, Transcript
from localwhisper.options import Layout


def write(transcript: Transcript, layout: Layout) -> str:
    return "start\tend\ttext\n" + "".join(_row(segment) for segment in transcript.segments)


def _row(segment: Segment) -> str:
    lines = segment.text.strip().replace("\t", " ").splitlines()
    text = " ".join(line.strip() for line in lines if line.strip())
    return f"{round(1000 * segment.start)}\t{round(1000 * segment.end)}\t{text}\n"
