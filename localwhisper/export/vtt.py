"""WebVTT subtitles."""

from functools import partial
from html import escape

from localwhisper.export.about import About
from localwhisper.export.cues import Cue, cues, timestamp
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout

_time = partial(timestamp, always_hours=False, decimal_mark=".")


def write(transcript: Transcript, layout: Layout, about: About) -> str:
    return "WEBVTT\n\n" + "".join(
        f"{_time(cue.start_s)} --> {_time(cue.end_s)}\n{_text(cue)}\n\n"
        for cue in cues(transcript, layout, about.duration_s)
    )


def _text(cue: Cue) -> str:
    """With a voice span where the channel is known."""
    return cue.text if cue.channel is None else f"<v {escape(cue.channel, quote=False)}>{cue.text}"
