"""Reading a whole recording: the right track and channels, its real length, and what its user has to know about it."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from localwhisper.audio.channels import StereoLevels
from localwhisper.audio.container import Container, describe
from localwhisper.audio.decode import AudioDecoder, Source
from localwhisper.audio.ffmpeg import SAMPLE_RATE, Ffmpeg
from localwhisper.audio.tracks import TrackChoice, choose_track
from localwhisper.errors import AudioInterrupted, AudioTooLong
from localwhisper.messages import Message

N_ATTEMPTS = 2
MAX_CHANNELS = 16  # read separately
MAX_MISSING_S = 2.0  # a stated duration may differ so much from the decoded one, or by
MAX_MISSING = 0.02  # this part of it
JUMP_SLACK_S = 60.0  # times this much after the stated end can't be true
log = logging.getLogger(__name__)


class Sink(Protocol):
    """Takes the samples of one channel."""

    def write(self, start: int, samples: NDArray[np.int16]) -> None:
        """`samples`, int16, shape (n,), 16 kHz, begin at sample `start`. Before them may be a gap."""

    def close(self) -> None: ...


S = TypeVar("S", bound=Sink)


@dataclass(frozen=True)
class Channel(Generic[S]):
    name: str | None  # None: the mix of all, or the only one
    sink: S


@dataclass(frozen=True)
class Recording(Generic[S]):
    channels: Sequence[Channel[S]]
    duration_s: float  # decoded
    track: TrackChoice
    warnings: tuple[Message, ...]

    def warnings_for(self, text: str) -> tuple[Message, ...]:
        """What a reader of this text has to know."""
        choice = self.track
        if text.strip() or choice.n_tracks == 1:
            return self.warnings
        unheard = Message("other_tracks_unheard", {"track": choice.track.number, "tracks": choice.n_tracks})
        return (*(warning for warning in self.warnings if warning.code != "audio_track_used"), unheard)


class RecordingReader:
    """Reads media files. Threading: SAFE."""

    def __init__(self, ffmpeg: Ffmpeg, *, max_audio_s: float) -> None:
        self._ffmpeg = ffmpeg
        self._max_audio_s = max_audio_s

    @contextmanager
    def read(
        self,
        path: Path,
        new_sink: Callable[[], S],
        *,
        check: Callable[[], None],
        track: str | None = None,
        split: bool = False,
        until_s: float | None = None,
    ) -> "Iterator[Recording[S]]":
        """Decode a recording into sinks, which are open within the block.

        `track`: see tracks.find_track(); `split`: each channel for itself; `until_s`: read no more than that. Raises
        AudioTrackNotFound, AudioTooLong, AudioInterrupted, and what describe() and the decoder raise.
        """
        container = describe(self._ffmpeg, path)
        choice = choose_track(
            self._ffmpeg, path, container, track, check=check, max_audio_s=until_s or self._max_audio_s
        )
        with ExitStack() as stack:
            reading = _Reading(self._ffmpeg, path, container, choice, check, until_s or self._max_audio_s + 1)
            channels, warnings = reading.all(new_sink, stack, split=split)
            if until_s is None and reading.end_s > self._max_audio_s:
                raise AudioTooLong(limit_s=round(self._max_audio_s))
            yield Recording(channels, reading.end_s, choice, (*_track_notes(choice), *warnings))


class _Reading:
    """Reads one recording."""

    def __init__(
        self,
        ffmpeg: Ffmpeg,
        path: Path,
        container: Container,
        choice: TrackChoice,
        check: Callable[[], None],
        max_audio_s: float,
    ) -> None:
        self.end_s = 0.0
        self._ffmpeg = ffmpeg
        self._path = path
        self._container = container
        self._choice = choice
        self._check = check
        self._max_audio_s = max_audio_s
        self._ends_early = container.is_cut

    def all(
        self, new_sink: Callable[[], S], stack: ExitStack, *, split: bool
    ) -> tuple[list[Channel[S]], tuple[Message, ...]]:
        """Read everything; the sinks are closed with the stack."""
        track = self._choice.track
        n_channels = min(track.n_channels, MAX_CHANNELS)
        if split and n_channels > 1:
            sinks = self._decode(new_sink, stack, self._source(n_channels=n_channels))
            channels = [Channel(_channel_name(n, n_channels), sink) for n, sink in enumerate(sinks)]
            return channels, self._ending()
        levels = StereoLevels() if track.n_channels == 2 else None
        with ExitStack() as mix_stack:
            sinks = self._decode(new_sink, mix_stack, self._source(), levels)
            fault = levels.fault() if levels is not None else None
            if fault is None:
                stack.push(mix_stack.pop_all())
                return [Channel(None, sinks[0])], self._ending()
        code, channel = fault
        sinks = self._decode(new_sink, stack, self._source(channel=channel))
        return [Channel(None, sinks[0])], (Message(code, {"channel": channel + 1}), *self._ending())

    def _source(self, *, n_channels: int = 1, channel: int | None = None) -> Source:
        """A single track is left to ffmpeg to find, as openai-whisper does."""
        choice = self._choice
        number = choice.track.number if choice.n_tracks > 1 else None
        return Source(number, n_channels, channel, choice.track.delay_s)

    def _decode(
        self, new_sink: Callable[[], S], stack: ExitStack, source: Source, levels: StereoLevels | None = None
    ) -> list[S]:
        """One sink for each channel. A decoder that dies is given a second chance."""
        for attempt in range(1, N_ATTEMPTS + 1):
            with ExitStack() as sink_stack:
                sinks = [sink_stack.enter_context(_closing(new_sink())) for _ in range(source.n_channels)]
                try:
                    self._decode_into(sinks, source, levels)
                except AudioInterrupted as error:
                    if attempt == N_ATTEMPTS:
                        raise
                    log.warning("decoding starts again: %s", error)
                    continue
                stack.push(sink_stack.pop_all())
                return sinks
        raise AssertionError

    def _decode_into(self, sinks: Sequence[S], source: Source, levels: StereoLevels | None) -> None:
        container = self._container
        stated_s = None if container.is_duration_estimated else container.duration_s
        decoder = AudioDecoder(
            self._ffmpeg,
            self._path,
            source,
            check=self._check,
            max_audio_s=self._max_audio_s,
            last_s=(stated_s or self._max_audio_s) + JUMP_SLACK_S,
            levels=levels,
        )
        for block in decoder:
            if block.start > self._max_audio_s * SAMPLE_RATE:
                break
            columns = [block.samples] if source.n_channels == 1 else block.samples.T
            for sink, samples in zip(sinks, columns, strict=True):
                sink.write(block.start, samples)
        self.end_s = decoder.end / SAMPLE_RATE
        self._ends_early |= decoder.ends_early

    def _ending(self) -> tuple[Message, ...]:
        """Whether the recording ends before it should. Beside a video, the sound may end earlier than the file."""
        container = self._container
        if self.end_s >= self._max_audio_s:
            return ()
        stated_s = None if container.is_duration_estimated else container.duration_s
        missing_s = 0.0 if stated_s is None else stated_s - self.end_s
        if missing_s > max(MAX_MISSING_S, MAX_MISSING * self.end_s):
            if self._ends_early or not (container.has_video or self._choice.n_tracks > 1):
                return (Message("audio_cut_short", {"read_s": round(self.end_s), "stated_s": round(stated_s or 0)}),)
            return ()
        return (Message("audio_ends_early", {"read_s": round(self.end_s)}),) if self._ends_early else ()


@contextmanager
def _closing(sink: S) -> Iterator[S]:
    try:
        yield sink
    finally:
        sink.close()


def _track_notes(choice: TrackChoice) -> tuple[Message, ...]:
    """What to say about the choice among several tracks, unless the user made it."""
    if choice.n_tracks == 1 or choice.is_wanted:
        return ()
    code = "silent_tracks_skipped" if choice.after_silent else "audio_track_used"
    return (Message(code, {"track": choice.track.number, "tracks": choice.n_tracks}),)


def _channel_name(channel: int, n_channels: int) -> str:
    return ("left", "right")[channel] if n_channels == 2 else f"channel {channel + 1}"
