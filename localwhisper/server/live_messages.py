"""The messages of /ws/live: their types, data and JSON. When they are sent is decided in live_socket.py."""

import struct
from collections.abc import Iterable, Mapping

from localwhisper.errors import InvalidOption
from localwhisper.jobs.events import LiveTextChanged
from localwhisper.jobs.job import DraftCorrection
from localwhisper.jobs.live import LiveSegment
from localwhisper.server.http_errors import InvalidFrame
from localwhisper.server.serializers import Json, word_body

# type → description, in the order in which a client receives them
SENT: Mapping[str, str] = {
    "connected": "The handshake is complete.",
    "started": "The answer to start. data: job_id, samples (how many are on the server's disk: the number of the next "
    "one to send), bytes (the same of a recording that comes as a container), live_model. The segments so far follow; "
    "if the recording has ended, what happens to the job.",
    "ack": "data: samples, the number of those that are on the server's disk; or bytes, of a container.",
    "preparing": "The model is being loaded. data: code, message.",
    "partial": "The text of the utterance that goes on. data: stable (won't change any more), tentative (may change), "
    "words (of both, with times), heard (s: how much was read), lag (s: how much wasn't yet), language.",
    "segment": "An utterance that is final, or again one that somebody corrected. data: id, start, end, text, "
    "language. It is a draft: see completed.",
    "marked": "The answer to mark. data: at (s).",
    "unavailable": "There will be no live text; the recording goes on. data: code, message.",
    "status": "After stop: the job as in GET /job/{job_id}, at every change of its state.",
    "progress": "After stop: the job's progress. data: status, progress (percent), message, estimated_time_remaining.",
    "completed": "The recording was transcribed; the text replaces the draft, and has its corrections. data: as on "
    "/ws/transcription/{job_id}. "
    "Then the server closes with 1000.",
    "error": "The job failed: data: status, error, completed_at. Or a message was refused, and none of its "
    "samples is on the disk: data: code, message.",
    "cancelled": "data: status, progress, message, completed_at. Then the server closes with 1000.",
    "pong": "The answer to ping.",
}
RECEIVED: Mapping[str, str] = {
    "start": "Begins a recording: options (as in POST /recordings), filename, live_model (for the live text; by "
    "default the job's, or the best one here that keeps up), format (what will be sent: pcm, the default, or "
    "container: a media file that grows, such as WebM of MediaRecorder). With job_id: follows a recording that goes "
    "on, and may continue it.",
    "stop": "The recording is complete: it is transcribed as an ordinary job.",
    "correct": "A person corrects a segment: id, text. The final text gets the correction, too.",
    "mark": "Remember what is being said: it becomes a note on the final text.",
    "ping": "Answered by pong. A recording that was begun here is finished 30 s after its last message.",
    "get_status": "Answered by status.",
}
AUDIO = (
    "Binary: the number of its first sample, counted from 0 since the recording began (8 bytes, unsigned, "
    "little-endian); then samples, mono, 16 kHz, signed 16-bit little-endian. At most 65,536 bytes. "
    "Answered by ack. Samples that the server has already are ignored. With the format container: the number of the "
    "message's first byte, and bytes."
)
FORMATS = ("pcm", "container")
_NUMBER = struct.Struct("<Q")


def parse_audio(frame: bytes) -> tuple[int, bytes]:
    """The number of a frame's first sample, or byte, and what follows it. Raises InvalidFrame."""
    if len(frame) < _NUMBER.size:
        raise InvalidFrame(reason="it has no number of 8 bytes")
    (first,) = _NUMBER.unpack_from(frame)
    return first, frame[_NUMBER.size :]


def text_field(body: Mapping[str, object], name: str) -> str | None:
    """A text of a client's message, if it has it. Raises InvalidOption."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidOption(field=name, value=str(value)[:100], accepted="a text")
    return value or None


def is_container(body: Mapping[str, object]) -> bool:
    """Whether a container will be sent. Raises InvalidOption."""
    name = text_field(body, "format") or FORMATS[0]
    if name not in FORMATS:
        raise InvalidOption(field="format", value=name[:100], accepted=", ".join(FORMATS))
    return name == "container"


def options_field(body: Mapping[str, object]) -> dict[str, str]:
    """The options of a client's message as texts. Raises InvalidOption."""
    options = body.get("options") or {}
    if not isinstance(options, dict):
        raise InvalidOption(field="options", value=str(options)[:100], accepted="an object")
    return {str(name): str(value) for name, value in options.items() if value is not None}


def segment_data(segment: LiveSegment, corrections: Iterable[DraftCorrection] = ()) -> Json:
    """`corrections`: of the recording; one may be of this segment."""
    place = segment.start, segment.end, segment.text
    return {
        "id": segment.id,
        "start": segment.start,
        "end": segment.end,
        "text": next((each.text for each in corrections if (each.start, each.end, each.draft) == place), segment.text),
        "language": segment.language,
    }


def partial_data(event: LiveTextChanged) -> Json:
    text = event.text
    return {
        "stable": "".join(word.word for word in text.stable),
        "tentative": "".join(word.word for word in text.tentative),
        "words": [word_body(word) for word in (*text.stable, *text.tentative)],
        "heard": round(text.heard_s, 2),
        "lag": round(event.lag_s, 2),
        "language": text.language,
    }
