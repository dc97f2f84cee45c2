"""WebSocket messages: their types, data and JSON. When they are sent is decided in ws_handlers.py."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localwhisper import long_json
from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.transcript import Transcript
from localwhisper.messages import Message, render
from localwhisper.server import serializers
from localwhisper.server.http_errors import InvalidFrame
from localwhisper.unicode_text import load_json

# type → description, in the order in which a client of a job's socket receives them
SENT: Mapping[str, str] = {
    "connected": "The handshake is complete. data: message, job_id.",
    "status": "The job as in GET /job/{job_id}; the first one has no segments, which follow as messages.",
    "progress": "data: status, progress (percent), message, estimated_time_remaining (s); workers (of a cluster). Only "
    "the latest matters.",
    "segment": "One finished segment, as soon as it is decoded.",
    "completed": "data: status, progress, message, completed_at, result, warnings, model, model_reason. Then the "
    "server closes with 1000.",
    "error": "The job failed: data: status, error, completed_at. Or a frame was invalid: data: code, message.",
    "cancelled": "data: status, progress, message, completed_at. Then the server closes with 1000.",
    "pong": "The answer to ping.",
    "snapshot": "/ws/queue only. data: jobs (the newest), queue (figures).",
    "job": "/ws/queue only: a job was created or changed its state. data: as in GET /job/{job_id}, without result; "
    "with speakers once it is completed.",
    "corrected": "/ws/queue only: the transcript of a completed job was corrected. data: version, speakers.",
    "words": "/ws/queue only: word times of a completed job are being found. data: progress (percent); 100: ended.",
    "removed": "/ws/queue only: the job was deleted with its files.",
    "queue": "/ws/queue only: the queue's figures changed.",
    "model": "/ws/queue only: a model was imported or its download changed. data: as in GET /models, and error.",
}
RECEIVED: Mapping[str, str] = {
    "ping": "Answered by pong.",
    "get_status": "Answered by status.",
}


@dataclass(frozen=True)
class Request:
    """A frame from a client."""

    type: str
    job_id: str | None
    body: Mapping[str, Any] = field(default_factory=dict)


def parse_frame(frame: str | bytes, known: Container[str] = RECEIVED) -> Request:
    """Read a client's frame, of one of the `known` types. Raises InvalidFrame."""
    if isinstance(frame, bytes):
        raise InvalidFrame(reason="it is binary")
    try:
        body = load_json(frame)
    except (ValueError, RecursionError):
        raise InvalidFrame(reason="it is not JSON") from None
    kind = body.get("type") if isinstance(body, dict) else None
    if not isinstance(kind, str) or kind not in known:
        raise InvalidFrame(reason="its type is unknown")
    job_id = body.get("job_id")
    if job_id is not None and not isinstance(job_id, str):
        raise InvalidFrame(reason="its job_id is not a string")
    return Request(kind, job_id, body)


def envelope(kind: str, job_id: str | None, data: Any, now: datetime) -> str:
    body = {"type": kind, "job_id": job_id, "data": data, "timestamp": serializers.time_text(now)}
    return long_json.dumps(body, ensure_ascii=False)


def connected_data(job_id: str | None, language: str) -> serializers.Json:
    return {"message": render(Message("connected"), language), "job_id": job_id}


def final_type(job: Job) -> str:
    """The type of the last message about a job that has ended."""
    return "error" if job.state is JobState.FAILED else job.state.value


def final_data(job: Job, transcript: Transcript | None, language: str) -> serializers.Json:
    data: serializers.Json = {"status": job.state.value, "completed_at": serializers.time_text(job.completed_at)}
    if job.state is JobState.FAILED:
        error = job.error or Message("job_failed")
        return {**data, "error": serializers.message_body(error, language)}
    data |= {"progress": round(job.progress, 1), "message": render(job.message, language)}
    if transcript is not None:
        data["model"] = job.options.model
        data["model_reason"] = serializers.message_body(job.model_reason, language)
        data["warnings"] = [serializers.message_body(warning, language) for warning in transcript.warnings]
        data["result"] = serializers.result_body(transcript, timestamps=job.options.return_timestamps)
    return data
