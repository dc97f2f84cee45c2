"""SubRip subtitles."""

from functools import partial

from localwhisper.export.about import About
from localwhisper.export.cues import cues, timestamp
from localwhisper.export.voices import with_channel
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout

_time = partial(timestamp, always_hours=True, decimal_mark=",")


def write(transcript: Transcript, layout: Layout, about: About) -> str:
    return "".join(
        f"{number}\n{_time(cue.start_s)} --> {_time(cue.end_s)}\n{with_channel(cue.channel, cue.text)}\n\n"
        for number, cue in enumerate(cues(transcript, layout, about.duration_s), start=1)
    )
