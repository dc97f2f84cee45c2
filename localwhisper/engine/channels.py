"""Several channels of one recording, each decoded separately, as one sequence of windows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from localwhisper.engine.window_decoder import TranscribeWindows, WindowDecoder
from localwhisper.jobs.transcript import ChannelLanguage, Position, Segment, Window


@dataclass
class ChannelRun:
    """One channel, or the mix of all. `name`: None for a mix."""

    name: str | None
    decoder: WindowDecoder
    position: Position  # after its last window


def transcribe_channels(
    runs: Sequence[ChannelRun], transcribe: TranscribeWindows, first_segment_id: int
) -> Iterator[tuple[Window, int]]:
    """Yield each window, and the frame up to which all channels are done. Next is the channel that is furthest behind,
    so that the text grows in the order of time."""
    windows = {number: transcribe(run.decoder, run.position) for number, run in enumerate(runs)}
    while windows:
        number = min(windows, key=lambda number: runs[number].position.seek)
        window = next(windows[number], None)
        if window is None:
            del windows[number]
            continue
        run = runs[number]
        run.position = window.after
        if len(runs) > 1:
            window = _labelled(window, number, run.name, first_segment_id)
        first_segment_id += len(window.segments)
        yield window, min(run.position.seek for run in runs)


def _labelled(window: Window, channel: int, name: str | None, first_id: int) -> Window:
    segments = tuple(
        replace(segment, id=first_id + number, channel=name) for number, segment in enumerate(window.segments)
    )
    return Window(segments=segments, after=replace(window.after, channel=channel))


def main_language(runs: Sequence[ChannelRun], segments: Sequence[Segment]) -> str:
    """The language of the channel with the most text."""
    n_chars = {run.name: 0 for run in runs}
    for segment in segments:
        n_chars[segment.channel] = n_chars.get(segment.channel, 0) + len(segment.text)
    return max(runs, key=lambda run: n_chars[run.name]).decoder.language


def channel_languages(runs: Sequence[ChannelRun], segments: Sequence[Segment]) -> tuple[ChannelLanguage, ...]:
    """The language of each channel with text; none where all have the same."""
    spoken = {segment.channel for segment in segments if segment.text.strip()}
    found = [
        ChannelLanguage(channel=run.name, language=run.decoder.language)
        for run in runs
        if run.name is not None and run.name in spoken
    ]
    return tuple(found) if len({each.language for each in found}) > 1 else ()
