"""Whose words a segment is: its speaker's name, or that of the channel it was spoken on.

Most formats have no field for it. To them, a speaker is a channel: see with_names().
"""

from collections.abc import Mapping
from dataclasses import replace

from localwhisper.export.about import About
from localwhisper.jobs.transcript import Segment, Transcript


def names(transcript: Transcript, about: About) -> Mapping[str, str]:
    """Each speaker's name by id; "Speaker 1" for one without. Empty where one person, without a name, speaks alone."""
    speakers = transcript.speakers
    if len(speakers) == 1 and not speakers[0].name:
        return {}
    return {each.id: each.name or f"{about.speaker_word} {each.id.removeprefix('S')}" for each in speakers}


def with_names(transcript: Transcript, about: About) -> Transcript:
    """The transcript with the speakers' names as those of channels. Unchanged if nobody is to be named."""
    by_id = names(transcript, about)
    if not transcript.speakers:
        return transcript
    segments = (replace(segment, channel=by_id.get(segment.speaker or "")) for segment in transcript.segments)
    return replace(transcript, segments=tuple(segments))


def without_names(transcript: Transcript) -> Transcript:
    """The transcript as if nobody had asked who speaks."""
    if not transcript.speakers:
        return transcript
    segments = (replace(segment, channel=None, speaker=None) for segment in transcript.segments)
    return replace(transcript, segments=tuple(segments), speakers=(), turns=())


def with_channel(channel: str | None, text: str) -> str:
    """The text with the speaker's or channel's name in front, where there is one."""
    return text if channel is None or not text else f"{channel}: {text}"


def column_name(transcript: Transcript) -> str | None:
    """The heading of a table's column of names; None if it has none."""
    if transcript.speakers:
        return "speaker"
    return "channel" if any(segment.channel is not None for segment in transcript.segments) else None


def columns(segment: Segment, column: str | None) -> tuple[str, ...]:
    """The last columns of a table's row."""
    return () if column is None else (segment.channel or "",)
