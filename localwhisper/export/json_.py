"""JSON with the keys of openai-whisper's result.

NaN and infinities become null; openai-whisper's writer writes them as they are, which isn't valid JSON.
"""

import math
from dataclasses import asdict
from typing import Any

from localwhisper import long_json
from localwhisper.export.about import About
from localwhisper.jobs.speakers import seconds_of
from localwhisper.jobs.transcript import Segment, Transcript
from localwhisper.options import Layout


def write(transcript: Transcript, layout: Layout, about: About) -> str:
    by_id = {each.id: each.name or each.id for each in transcript.speakers}
    result: dict[str, Any] = {
        "text": transcript.text,
        "segments": (_full_segment(segment, by_id.get(segment.speaker or "")) for segment in transcript.segments),
        "language": transcript.language,
    }
    if transcript.channel_languages:
        result["channel_languages"] = [asdict(each) for each in transcript.channel_languages]
    if transcript.speakers:
        result["speakers"] = [
            {"speaker": by_id[each], "seconds": round(seconds, 3)} for each, seconds in seconds_of(transcript).items()
        ]
    return long_json.dumps(result, separators=(", ", ": "), allow_nan=False)


def segment_body(segment: Segment) -> dict[str, Any]:
    """A segment with openai-whisper's keys, without words."""
    return {
        "id": segment.id,
        "seek": segment.seek,
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "tokens": list(segment.tokens),
        "temperature": finite(segment.temperature),
        "avg_logprob": finite(segment.avg_logprob),
        "compression_ratio": finite(segment.compression_ratio),
        "no_speech_prob": finite(segment.no_speech_prob),
    }


def _full_segment(segment: Segment, speaker: str | None) -> dict[str, Any]:
    """With what only some transcripts have: the channel, the speaker, and words."""
    body = segment_body(segment)
    if segment.channel is not None:
        body["channel"] = segment.channel
    if speaker is not None:
        body |= {"speaker": speaker, "overlap": segment.overlap}
    if segment.words is None:
        return body
    words = [
        {"word": word.word, "start": word.start, "end": word.end, "probability": finite(word.probability)}
        | ({} if speaker is None else {"speaker": speaker})
        for word in segment.words
    ]
    return {**body, "words": words}


def finite(value: float) -> float | None:
    """None for NaN and infinities, which JSON doesn't have."""
    return value if math.isfinite(value) else None
