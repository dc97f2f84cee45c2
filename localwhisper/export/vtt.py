"""WebVTT subtitles."""

from functools import partial

from localwhisper.export.cues import cues, timestamp
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout

_time = partial(timestamp, always_hours=False, decimal_mark=".")


def write(transcript: Transcript, layout: Layout) -> str:
    return "WEBVTT\n\n" + "".join(
        f"{_time(cue.start_s)} --> {_time(cue.end_s)}\n{cue.text}\n\n" for cue in cues(transcript, layout)
    )
