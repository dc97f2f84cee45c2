"""The WebSocket protocol as an AsyncAPI 3 document, from the tables in ws_messages.py."""

from collections.abc import Mapping
from typing import Any

from localwhisper import __version__
from localwhisper.server import live_messages
from localwhisper.server.apidocs.schemas import SCHEMAS
from localwhisper.server.ws_messages import RECEIVED, SENT

QUEUE_ONLY = ("snapshot", "job", "corrected", "removed", "queue", "model")
EXAMPLES: Mapping[str, Any] = {
    "connected": {"message": "Connected", "job_id": "…"},
    "progress": {
        "status": "processing",
        "progress": 65.0,
        "message": "Processing segment 15/23",
        "estimated_time_remaining": 15.2,
    },
    "pong": {},
}
SCHEMA_OF = {"status": "Job", "job": "Job", "segment": "Segment", "model": "Model"}
LIVE_SCHEMAS = {"segment": "LiveSegment", "partial": "LivePartial"}
JOB_PARAMETER = {"job_id": {"description": "from the answer of POST /transcribe-job"}}
LIVE = "live_"  # before the names of messages of /ws/live, some of which have other data


def document() -> dict[str, Any]:
    of_job = [kind for kind in SENT if kind not in QUEUE_ONLY]
    channels = {
        "job": _channel(
            "/ws/transcription/{job_id}",
            "One job: first what the client missed, then every change until its end.",
            {kind: kind for kind in [*of_job, *RECEIVED]},
            parameters=JOB_PARAMETER,
        ),
        "queue": _channel(
            "/ws/queue",
            "The changes of all jobs, and the queue's figures.",
            {kind: kind for kind in [*SENT, *RECEIVED]},
        ),
        "live": _channel(
            "/ws/live",
            "A recording while it is made: the client sends it, and gets its text.",
            {kind: LIVE + kind for kind in [*live_messages.SENT, *live_messages.RECEIVED, "audio"]},
        ),
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "localwhisper",
            "version": __version__,
            "license": {"name": "MIT"},
            "description": "The WebSockets of a running server. Every message of the server is "
            "{type, job_id, data, timestamp}.",
        },
        "defaultContentType": "application/json",
        "servers": {"local": {"host": "localhost:9000", "protocol": "ws"}},
        "channels": channels,
        "operations": {
            "jobSends": _operation("send", "job", of_job),
            "jobReceives": _operation("receive", "job", [*RECEIVED]),
            "queueSends": _operation("send", "queue", [*SENT]),
            "queueReceives": _operation("receive", "queue", [*RECEIVED]),
            "liveSends": _operation("send", "live", [*live_messages.SENT]),
            "liveReceives": _operation("receive", "live", [*live_messages.RECEIVED, "audio"]),
        },
        "components": {
            "messages": {
                **{kind: _message(kind, summary, _envelope(kind)) for kind, summary in SENT.items()},
                **{kind: _message(kind, summary, _request(kind)) for kind, summary in RECEIVED.items()},
                **_live_messages(),
            },
            "schemas": SCHEMAS,
        },
    }


def _channel(
    address: str, description: str, messages: Mapping[str, str], **others: Mapping[str, Any]
) -> dict[str, Any]:
    """`messages`: type → name of the component."""
    references = {kind: {"$ref": f"#/components/messages/{name}"} for kind, name in messages.items()}
    return {"address": address, "description": description, "messages": references, **others}


def _live_messages() -> dict[str, Any]:
    sent = {
        LIVE + kind: _message(kind, summary, _envelope(kind, LIVE_SCHEMAS.get(kind)))
        for kind, summary in live_messages.SENT.items()
    }
    received = {
        LIVE + kind: _message(kind, summary, _request(kind)) for kind, summary in live_messages.RECEIVED.items()
    }
    audio = {
        "name": "audio",
        "summary": live_messages.AUDIO,
        "contentType": "application/octet-stream",
        "payload": {"type": "string", "format": "binary"},
    }
    return {**sent, **received, f"{LIVE}audio": audio}


def _operation(action: str, channel: str, kinds: list[str]) -> dict[str, Any]:
    """Describe what the server sends or receives on a channel; `action` is from the server's point of view."""
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{kind}"} for kind in kinds],
    }


def _message(kind: str, summary: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"name": kind, "summary": summary, "payload": payload}


def _envelope(kind: str, schema: str | None = None) -> dict[str, Any]:
    """`schema`: of the data; by default the one that a type has in SCHEMA_OF."""
    data: dict[str, Any] = {"type": "object"}
    if (name := schema or SCHEMA_OF.get(kind)) is not None:
        data = {"$ref": f"#/components/schemas/{name}"}
    elif kind in EXAMPLES:
        data = {**data, "examples": [EXAMPLES[kind]]}
    return {
        "type": "object",
        "required": ["type", "job_id", "data", "timestamp"],
        "properties": {
            "type": {"const": kind},
            "job_id": {"type": ["string", "null"]},
            "data": data,
            "timestamp": {"type": "string", "format": "date-time"},
        },
    }


def _request(kind: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"const": kind}, "job_id": {"type": "string"}},
    }
