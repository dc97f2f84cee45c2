"""LRC lyrics: [mm:ss.hh] before each line, hh in hundredths of a second. Minutes may have more than two digits."""

from localwhisper.export.about import About
from localwhisper.export.voices import with_channel
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout


def write(transcript: Transcript, layout: Layout, about: About) -> str:
    return "".join(
        f"[{_time(segment.start)}]{with_channel(segment.channel, ' '.join(segment.text.split()))}\n"
        for segment in transcript.segments
        if segment.text.strip()
    )


def _time(time_s: float) -> str:
    minutes, hundredths = divmod(round(max(time_s, 0.0) * 100), 6000)
    return f"{minutes:02d}:{hundredths // 100:02d}.{hundredths % 100:02d}"
