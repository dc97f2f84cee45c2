"""Transcripts and their parts, and what else is computed from the audio, as frozen data. Positions are in seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

from localwhisper.messages import Message

FRAMES_PER_SECOND = 100  # of Whisper's log-mel spectrogram; the unit of `seek`


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    word: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """One segment of the transcript, with Whisper's figures for the window it comes from.

    `seek` is the start of that window, in frames of 10 ms; `tokens` are Whisper's token ids, timestamps included.
    """

    id: int
    start: float
    end: float
    text: str
    seek: int
    tokens: tuple[int, ...]
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    temperature: float
    retries: int = 0  # how often its window was decoded again because the text was repetitive or improbable
    words: tuple[Word, ...] | None = None  # None: word timestamps were not requested
    channel: str | None = None  # name of the channel it was spoken on; None: all were mixed
    speaker: str | None = None  # id of a Speaker; None: nobody was looked for, or heard
    speaker_given: bool = False  # by a person, who knows better than what is computed again
    overlap: bool = False  # another speaker talks at the same time


def written_segment(text: str, start: float, end: float, id: int = 0) -> Segment:
    """A segment that a person wrote: without tokens and without Whisper's figures."""
    return Segment(
        id=id,
        start=start,
        end=end,
        text=text,
        seek=round(start * FRAMES_PER_SECOND),
        tokens=(),
        avg_logprob=0.0,
        no_speech_prob=0.0,
        compression_ratio=1.0,
        temperature=0.0,
    )


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where the next window starts, and what decoding it needs from the windows before.

    A job that continues after a crash starts from its last Position, and decodes the same text as it would have
    without the crash.
    """

    seek: int = 0  # frames of 10 ms
    language: str | None = None  # given or detected
    prompt: tuple[int, ...] = ()  # token ids of the previous text, at most as many as Whisper reads
    last_speech_s: float = 0.0  # end of the last word, for word timestamps
    channel: int = 0  # from 0; each channel of a recording that is split has its own position
    plan: str | None = None  # name of the number formats in which the window before was computed


@dataclass(frozen=True, kw_only=True)
class Window:
    """One decoded window: its segments and the position after it."""

    segments: tuple[Segment, ...]
    after: Position


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A time in which one speaker talks; those of several overlap where they talk at once."""

    start: float
    end: float
    speaker: str  # id


@dataclass(frozen=True, kw_only=True)
class Diarization:
    """Who speaks when."""

    turns: tuple[Turn, ...] = ()  # in the order of their starts


@dataclass(frozen=True, kw_only=True)
class Speaker:
    id: str  # S1, S2, … in the order of their first turns
    name: str = ""  # empty until a person gives one
    merged: bool = False  # by a person, of several


@dataclass(frozen=True, kw_only=True)
class ChannelLanguage:
    """What is spoken on one channel of a recording whose channels were transcribed separately."""

    channel: str  # its name, as in segments
    language: str  # code


@dataclass(frozen=True, kw_only=True)
class Transcript:
    speakers: tuple[Speaker, ...] = ()  # first here, and so in records: the search index reads no further than the text
    text: str
    language: str
    segments: tuple[Segment, ...]
    processing_time: float  # seconds of work in the last execution, without loading the model and without pauses
    warnings: tuple[Message, ...] = ()  # what its reader has to know about the audio
    version: int = 0  # 0: the machine's own; each correction adds one
    turns: tuple[Turn, ...] = ()  # in the order of their starts
    channel_languages: tuple[ChannelLanguage, ...] = ()  # only if they differ


@dataclass(frozen=True, kw_only=True)
class Waveform:
    """Data for drawing the audio: the peak of each of many equal parts, 0 to 255, and the speech in it."""

    duration: float
    peaks: tuple[int, ...]
    speech: tuple[tuple[float, float], ...] = ()  # where somebody speaks: start and end in seconds


@dataclass(frozen=True, kw_only=True)
class Detection:
    """The most probable language of a recording."""

    language: str  # a code
    probability: float


def segments_of(windows: Sequence[Window]) -> tuple[Segment, ...]:
    """Return all segments of a job's windows, in order; those of several channels in the order of their times."""
    segments = [segment for window in windows for segment in window.segments]
    if any(window.after.channel for window in windows):
        segments.sort(key=lambda segment: segment.start)
    return tuple(segments)
