"""Advanced SubStation Alpha subtitles, as pysubs2 writes them. No word is highlighted."""

from dataclasses import replace

from localwhisper.export.about import About
from localwhisper.export.cues import cues
from localwhisper.export.voices import with_channel
from localwhisper.export.xml_text import valid_xml
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout

# Braces enclose commands and a backslash begins one, and there is no way to write them: look-alikes take their places.
_LOOK_ALIKES = str.maketrans({"\\": "\N{REVERSE SOLIDUS OPERATOR}", "{": "\uff5b", "}": "\uff5d"})
RESOLUTION_MS = 10


def write(transcript: Transcript, layout: Layout, about: About) -> str:
    import pysubs2  # few runs need it
    from pysubs2.formats.substation import MAX_REPRESENTABLE_TIME  # ms; there is one digit for hours

    file = pysubs2.SSAFile()
    if about.title:
        file.info["Title"] = valid_xml(about.title)
    last_ms = 0  # where the cue before ends: rounded to RESOLUTION_MS, it may have become longer
    for cue in cues(transcript, replace(layout, highlight_words=False), about.duration_s):
        start_ms, end_ms = (min(round(1000 * time_s), MAX_REPRESENTABLE_TIME) for time_s in (cue.start_s, cue.end_s))
        start_ms = max(start_ms, last_ms)
        last_ms = max(end_ms, start_ms + RESOLUTION_MS)
        event = pysubs2.SSAEvent(start=start_ms, end=last_ms)
        lines = with_channel(cue.channel, cue.text).splitlines()
        event.plaintext = "\n".join(valid_xml(line).translate(_LOOK_ALIKES) for line in lines)
        file.append(event)
    return file.to_string("ass")
