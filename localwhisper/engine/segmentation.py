"""What a decoded window says: its tokens cut into segments, and where the next window begins.

The rules are those of `whisper.transcribe`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from whisper.audio import FRAMES_PER_SECOND, N_FRAMES
from whisper.decoding import DecodingResult
from whisper.tokenizer import Tokenizer

from localwhisper.engine.decoding import Decoded
from localwhisper.jobs.model import Segment, Word

FRAMES_PER_TIMESTAMP = 2  # a timestamp token counts 20 ms, whatever the model
SECONDS_PER_TIMESTAMP = FRAMES_PER_TIMESTAMP / FRAMES_PER_SECOND

Draft = dict[str, Any]  # a segment as whisper's own functions pass it around


@dataclass
class Cut:
    """A window's segments, the frames to go on by, and whether it ends in silence."""

    drafts: list[Draft]
    advance: int
    ends_in_silence: bool


def cut(result: DecodingResult, tokenizer: Tokenizer, *, seek: int, size: int) -> Cut:
    """`seek`: the window's first frame; `size`: its frames, without padding."""
    tokens: list[int] = list(result.tokens)
    begin = tokenizer.timestamp_begin
    is_time = [token >= begin for token in tokens]
    ends_in_silence = is_time[-2:] == [False, True]
    edges = [i + 1 for i in range(len(tokens) - 1) if is_time[i] and is_time[i + 1]]
    offset_s = seek / FRAMES_PER_SECOND

    def draft(start_s: float, end_s: float, part: list[int]) -> Draft:
        return {
            "seek": seek,
            "start": start_s,
            "end": end_s,
            "tokens": part,
            "text": tokenizer.decode([token for token in part if token < tokenizer.eot]),
        }

    if not edges:
        times = [token - begin for token, timed in zip(tokens, is_time, strict=True) if timed]
        length_s = times[-1] * SECONDS_PER_TIMESTAMP if times and times[-1] != 0 else size / FRAMES_PER_SECOND
        return Cut([draft(offset_s, offset_s + length_s, tokens)], size, ends_in_silence)
    if ends_in_silence:
        edges.append(len(tokens))
    drafts = []
    for first, last in zip([0, *edges], edges, strict=False):
        part = tokens[first:last]
        start_s, end_s = ((token - begin) * SECONDS_PER_TIMESTAMP for token in (part[0], part[-1]))
        drafts.append(draft(offset_s + start_s, offset_s + end_s, part))
    advance = size if ends_in_silence else (tokens[edges[-1] - 1] - begin) * FRAMES_PER_TIMESTAMP
    return Cut(drafts, advance, ends_in_silence)


def last_word_end_s(drafts: Sequence[Draft]) -> float | None:
    """End of the last segment's last word, as whisper's get_end()."""
    words = (word["end"] for draft in reversed(drafts) for word in reversed(draft["words"]))
    return next(words, drafts[-1]["end"] if drafts else None)


def segments(drafts: Sequence[Draft], decoded: Decoded, *, first_id: int, with_words: bool) -> tuple[Segment, ...]:
    """Final segments; one without length or text keeps its place and loses its content."""
    made = []
    result = decoded.result
    for number, draft in enumerate(drafts, start=first_id):
        is_empty = draft["start"] == draft["end"] or not draft["text"].strip()
        words = () if is_empty else tuple(_word(word) for word in draft.get("words", ()))
        made.append(
            Segment(
                id=number,
                start=float(draft["start"]),
                end=float(draft["end"]),
                text="" if is_empty else draft["text"],
                seek=draft["seek"],
                tokens=() if is_empty else tuple(draft["tokens"]),
                avg_logprob=float(result.avg_logprob),
                no_speech_prob=float(result.no_speech_prob),
                compression_ratio=float(result.compression_ratio),
                temperature=float(result.temperature),
                retries=decoded.retries,
                words=words if with_words else None,
            )
        )
    return tuple(made)


def _word(word: Draft) -> Word:
    return Word(
        word=word["word"], start=float(word["start"]), end=float(word["end"]), probability=float(word["probability"])
    )


def n_windows(n_frames: int) -> int:
    """Windows of 30 s that a recording fills."""
    return max(1, math.ceil(n_frames / int(N_FRAMES)))
