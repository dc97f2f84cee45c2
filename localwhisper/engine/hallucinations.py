"""Silence around what may be a hallucination is skipped, as `whisper.transcribe` does.

Words that are improbable, very short or very long are signs of one (hallucination_silence_threshold).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from whisper.audio import FRAMES_PER_SECOND, N_FRAMES

from localwhisper.engine.segmentation import SegmentDict, WindowSegments, last_word_end_s

PUNCTUATION = "\"'“¿([{-\"'.。,，!！?？:：”)]}、"


@dataclass(frozen=True)
class DecodedAudio:
    """The window that was decoded, in frames of 10 ms, and the words before it."""

    seek: int
    n_frames: int
    n_total_frames: int  # of the recording
    last_speech_s: float


def without_hallucinations(
    split: WindowSegments, window: DecodedAudio, next_seek: int, threshold_s: float
) -> tuple[list[SegmentDict] | None, int]:
    """The segments of a window with word times that remain, None if it is to be decoded again without the silence at
    its start, and where the next window begins."""
    segments, start_s = list(split.segments), window.seek / FRAMES_PER_SECOND
    window_end_s = (window.seek + N_FRAMES) / FRAMES_PER_SECOND
    end_s = last_word_end_s(segments)
    if not split.single_timestamp_ending and end_s is not None and end_s > start_s:
        is_silence_long = window_end_s - end_s > threshold_s
        next_seek = round(end_s * FRAMES_PER_SECOND) if is_silence_long else window.seek + window.n_frames
    first = _next_with_words(segments)
    if first is not None and _is_anomalous(first) and first["start"] - start_s > threshold_s:
        return None, window.seek + round((first["start"] - start_s) * FRAMES_PER_SECOND)
    last_end_s = window.last_speech_s
    for index, segment in enumerate(segments):
        if not segment["words"]:
            continue
        if _is_anomalous(segment):
            following = _next_with_words(segments[index + 1 :])
            audio_end_s = start_s + window.n_frames / FRAMES_PER_SECOND
            next_start_s = following["words"][0]["start"] if following else audio_end_s
            is_silent_before = (
                segment["start"] - last_end_s > threshold_s
                or segment["start"] < threshold_s
                or segment["start"] - start_s < 2.0
            )
            is_silent_after = (
                next_start_s - segment["end"] > threshold_s
                or _is_anomalous(following)
                or window_end_s - segment["end"] < 2.0
            )
            if is_silent_before and is_silent_after:
                next_seek = round(max(start_s + 1, segment["start"]) * FRAMES_PER_SECOND)
                if window.n_total_frames / FRAMES_PER_SECOND - segment["end"] < threshold_s:
                    next_seek = window.n_total_frames
                return segments[:index], next_seek
        last_end_s = segment["end"]
    return segments, next_seek


def _next_with_words(segments: Sequence[SegmentDict]) -> SegmentDict | None:
    return next((segment for segment in segments if segment["words"]), None)


def _is_anomalous(segment: SegmentDict | None) -> bool:
    if segment is None or not segment["words"]:
        return False
    words = [word for word in segment["words"] if word["word"] not in PUNCTUATION][:8]
    score = sum(map(_anomaly_score, words))
    return score >= 3 or score + 0.01 >= len(words)


def _anomaly_score(word: dict[str, Any]) -> float:
    duration_s, score = word["end"] - word["start"], 0.0
    if word["probability"] < 0.15:
        score += 1.0
    if duration_s < 0.133:
        score += (0.133 - duration_s) * 15
    if duration_s > 2.0:
        score += duration_s - 2.0
    return score
