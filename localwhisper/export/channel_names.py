"""The channel a segment was spoken on, in formats that have no field for it."""

from localwhisper.jobs.transcript import Segment, Transcript


def with_channel(channel: str | None, text: str) -> str:
    """The text with the channel's name in front, if each channel was transcribed for itself."""
    return text if channel is None or not text else f"{channel}: {text}"


def has_channels(transcript: Transcript) -> bool:
    return any(segment.channel is not None for segment in transcript.segments)


def columns(segment: Segment, *, with_channels: bool) -> tuple[str, ...]:
    """The last columns of a table's row."""
    return (segment.channel or "",) if with_channels else ()
