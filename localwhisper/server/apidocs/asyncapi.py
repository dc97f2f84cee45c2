"""The WebSocket protocol as an AsyncAPI 3 document, from the tables in ws_messages.py."""

from collections.abc import Mapping
from typing import Any

from localwhisper import __version__
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
CHANNELS = {
    "job": (
        "/ws/transcription/{job_id}",
        "One job: first what the client missed, then every change until its end.",
        QUEUE_ONLY,
    ),
    "queue": ("/ws/queue", "The changes of all jobs, and the queue's figures.", ()),
}


def document() -> dict[str, Any]:
    channels, operations = {}, {}
    for name, (address, description, excluded) in CHANNELS.items():
        sent = [kind for kind in SENT if kind not in excluded]
        channel = {
            "address": address,
            "description": description,
            "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in [*sent, *RECEIVED]},
        }
        if "{job_id}" in address:
            channel["parameters"] = {"job_id": {"description": "from the answer of POST /transcribe-job"}}
        channels[name] = channel
        operations[f"{name}Sends"] = _operation("send", name, sent)
        operations[f"{name}Receives"] = _operation("receive", name, [*RECEIVED])
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "localwhisper",
            "version": __version__,
            "license": {"name": "MIT"},
            "description": "The WebSockets of a running server. Every message is {type, job_id, data, timestamp}.",
        },
        "defaultContentType": "application/json",
        "servers": {"local": {"host": "localhost:9000", "protocol": "ws"}},
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": {
                **{kind: _message(kind, summary, _envelope(kind)) for kind, summary in SENT.items()},
                **{kind: _message(kind, summary, _request(kind)) for kind, summary in RECEIVED.items()},
            },
            "schemas": SCHEMAS,
        },
    }


def _operation(action: str, channel: str, kinds: list[str]) -> dict[str, Any]:
    """Describe what the server sends or receives on a channel; `action` is from the server's point of view."""
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{kind}"} for kind in kinds],
    }


def _message(kind: str, summary: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"name": kind, "summary": summary, "payload": payload}


def _envelope(kind: str) -> dict[str, Any]:
    data: dict[str, Any] = {"type": "object"}
    of_kind = {"status": "Job", "job": "Job", "segment": "Segment", "model": "Model"}
    if kind in of_kind:
        data = {"$ref": f"#/components/schemas/{of_kind[kind]}"}
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
