"""The text of a recording while it is being made, as frozen data. Positions are in seconds of the recording."""

from dataclasses import dataclass

from localwhisper.jobs.transcript import Word


@dataclass(frozen=True, kw_only=True)
class LiveSegment:
    """An utterance that has ended, or the final part of a long one: a draft until the recording is transcribed."""

    id: int
    start: float
    end: float
    text: str
    words: tuple[Word, ...]
    language: str


@dataclass(frozen=True, kw_only=True)
class LiveText:
    """What a live transcription knows more than before."""

    segments: tuple[LiveSegment, ...] = ()  # since the last update
    stable: tuple[Word, ...] = ()  # of the utterance that goes on: they won't change
    tentative: tuple[Word, ...] = ()  # after those; the next update may change them
    heard_s: float = 0.0  # up to where the recording was read
    language: str | None = None  # given or detected; None: nobody has spoken yet
