"""JSON with the keys of openai-whisper's result.

NaN and infinities become null; openai-whisper's writer writes them as they are, which isn't valid JSON.
"""

import json
import math
from typing import Any

from localwhisper.jobs.transcript import Segment, Transcript
from localwhisper.options import Layout


def write(transcript: Transcript, layout: Layout) -> str:
    result = {
        "text": transcript.text,
        "segments": [_segment(segment) for segment in transcript.segments],
        "language": transcript.language,
    }
    return json.dumps(result, allow_nan=False)


def _segment(segment: Segment) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": segment.id,
        "seek": segment.seek,
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "tokens": list(segment.tokens),
        "temperature": _finite(segment.temperature),
        "avg_logprob": _finite(segment.avg_logprob),
        "compression_ratio": _finite(segment.compression_ratio),
        "no_speech_prob": _finite(segment.no_speech_prob),
    }
    if segment.words is not None:
        body["words"] = [
            {"word": w.word, "start": w.start, "end": w.end, "probability": _finite(w.probability)}
            for w in segment.words
        ]
    return body


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
