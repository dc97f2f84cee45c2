"""Cuts a decoded window's tokens into segments and says where the next window begins, as `whisper.transcribe` does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from whisper.audio import FRAMES_PER_SECOND, N_FRAMES
from whisper.decoding import DecodingResult
from whisper.tokenizer import Tokenizer

from localwhisper.engine.audio_window import AudioWindow
from localwhisper.engine.decoding import FallbackResult
from localwhisper.engine.gradual_vad import GradualVoiceActivity
from localwhisper.engine.vad import VoiceActivity
from localwhisper.jobs.transcript import Segment, Word

FRAMES_PER_TIMESTAMP = 2  # a timestamp token counts 20 ms, whatever the model
SECONDS_PER_TIMESTAMP = FRAMES_PER_TIMESTAMP / FRAMES_PER_SECOND

MAX_EDGE_FRAMES = 30  # of a segment, parted from the rest by a pause: no word is that short

SegmentDict = dict[str, Any]  # a segment as whisper's own functions pass it around


@dataclass
class WindowSegments:
    """A window's segments as the tokens' timestamps cut them."""

    segments: list[SegmentDict]
    advance_frames: int  # from this window's start to the next one's
    single_timestamp_ending: bool  # the window's rest is silence


def split_by_timestamps(result: DecodingResult, tokenizer: Tokenizer, *, seek: int, n_frames: int) -> WindowSegments:
    """Cut a window into segments. `seek`: its first frame; `n_frames`: the number of its frames without padding."""
    tokens: list[int] = list(result.tokens)
    timestamp_begin = tokenizer.timestamp_begin
    is_timestamp = [token >= timestamp_begin for token in tokens]
    single_timestamp_ending = is_timestamp[-2:] == [False, True]
    slices = [i + 1 for i in range(len(tokens) - 1) if is_timestamp[i] and is_timestamp[i + 1]]
    offset_s = seek / FRAMES_PER_SECOND

    def segment(start_s: float, end_s: float, tokens: list[int]) -> SegmentDict:
        return {
            "seek": seek,
            "start": start_s,
            "end": end_s,
            "tokens": tokens,
            "text": tokenizer.decode([token for token in tokens if token < tokenizer.eot]),
        }

    if not slices:
        times = [token - timestamp_begin for token in tokens if token >= timestamp_begin]
        duration_s = times[-1] * SECONDS_PER_TIMESTAMP if times and times[-1] != 0 else n_frames / FRAMES_PER_SECOND
        return WindowSegments([segment(offset_s, offset_s + duration_s, tokens)], n_frames, single_timestamp_ending)
    if single_timestamp_ending:
        slices.append(len(tokens))
    segments = []
    for first, last in zip([0, *slices], slices, strict=False):
        part = tokens[first:last]
        start_s, end_s = ((token - timestamp_begin) * SECONDS_PER_TIMESTAMP for token in (part[0], part[-1]))
        segments.append(segment(offset_s + start_s, offset_s + end_s, part))
    advance = n_frames if single_timestamp_ending else (tokens[slices[-1] - 1] - timestamp_begin) * FRAMES_PER_TIMESTAMP
    return WindowSegments(segments, advance, single_timestamp_ending)


def move_to_recording(
    segments: Sequence[SegmentDict], window: AudioWindow, vad: VoiceActivity | GradualVoiceActivity
) -> None:
    """Change the times of a window's segments and words from the window's own to the recording's.

    They end with the window, and don't begin or end in a pause. A word doesn't span a pause.
    """
    for segment in segments:
        _move(segment, window, vad, MAX_EDGE_FRAMES)
        for word in segment.get("words", ()):
            _move(word, window, vad, N_FRAMES)


def _move(part: dict[str, Any], window: AudioWindow, vad: VoiceActivity | GradualVoiceActivity, max_edge: int) -> None:
    """`part`: a segment or a word."""
    start, end = (round(part[name] * FRAMES_PER_SECOND) for name in ("start", "end"))
    if start < window.seek + window.n_frames < end:
        end = window.seek + window.n_frames
    start, end = start + window.n_left_out(start), end + window.n_left_out(end, is_end=True)
    start, end = vad.without_pauses(start, end, max_edge)
    part["start"], part["end"] = start / FRAMES_PER_SECOND, end / FRAMES_PER_SECOND


def last_word_end_s(segments: Sequence[SegmentDict]) -> float | None:
    """The end of the last word, or of the last segment if there are no words, as whisper's get_end()."""
    ends_s = (word["end"] for segment in reversed(segments) for word in reversed(segment["words"]))
    return next(ends_s, segments[-1]["end"] if segments else None)


def final_segments(
    segments: Sequence[SegmentDict], fallback: FallbackResult, ids: Iterator[int], *, with_words: bool
) -> tuple[Segment, ...]:
    """Convert a window's segments. One without duration or text is kept, but emptied."""
    return tuple(_final(segment, next(ids), fallback, with_words) for segment in segments)


def _final(segment: SegmentDict, id: int, fallback: FallbackResult, with_words: bool) -> Segment:
    result = fallback.result
    is_empty = segment["start"] == segment["end"] or not segment["text"].strip()
    words = () if is_empty else tuple(map(_word, segment.get("words", ())))
    return Segment(
        id=id,
        start=float(segment["start"]),
        end=float(segment["end"]),
        text="" if is_empty else segment["text"],
        seek=segment["seek"],
        tokens=() if is_empty else tuple(segment["tokens"]),
        avg_logprob=float(result.avg_logprob),
        no_speech_prob=float(result.no_speech_prob),
        compression_ratio=float(result.compression_ratio),
        temperature=float(result.temperature),
        retries=fallback.retries,
        words=words if with_words else None,
    )


def _word(word: dict[str, Any]) -> Word:
    return Word(
        word=word["word"], start=float(word["start"]), end=float(word["end"]), probability=float(word["probability"])
    )
