"""The route table as an OpenAPI 3.1 document."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from localwhisper import __version__
from localwhisper.server.http_errors import STATUS
from localwhisper.server.protocol import SENT, UNDERSTOOD
from localwhisper.server.schemas import SCHEMAS

if TYPE_CHECKING:
    from localwhisper.server.routes import Operation, Route

_EVERYWHERE = ("forbidden_host", "forbidden_origin", "unauthorized", "too_many_attempts", "internal_error")
_INVALID = frozenset({"invalid_body", "missing_file", "invalid_option"})
_STATUS_OF_CODE = {error.code: status for error, status in STATUS.items()}


def document(routes: "Iterable[Route]") -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "localwhisper",
            "version": __version__,
            "description": "Transcription on this machine. Times are UTC, durations seconds. "
            "Texts are in English or Spanish by Accept-Language or ?lang=.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "."}],
        "paths": {
            route.path: {
                method: _operation(route.path, method, operation) for method, operation in route.operations.items()
            }
            for route in routes
        },
        "components": {"schemas": SCHEMAS},
    }


def _operation(path: str, method: str, operation: "Operation") -> dict[str, Any]:
    body: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": re.sub(r"\W+", "_", f"{method}{path}").strip("_"),
        "parameters": [*_path_parameters(path), *_query_parameters(operation)],
        "responses": _responses(operation),
    }
    if operation.takes is not None:
        body["requestBody"] = {
            "required": True,
            "content": {"multipart/form-data": {"schema": {"$ref": f"#/components/schemas/{operation.takes}"}}},
        }
    if operation.takes_json is not None:
        schema = {"$ref": f"#/components/schemas/{operation.takes_json}"}
        body["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    if operation.status == 101:
        sent = "\n".join(f"- `{name}`: {what}" for name, what in SENT.items())
        understood = "\n".join(f"- `{name}`: {what}" for name, what in UNDERSTOOD.items())
        body["description"] = (
            "Every message is {type, job_id, data, timestamp}.\n\nFrom the server:\n"
            f"{sent}\n\nFrom the client:\n{understood}"
        )
    return body


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _query_parameters(operation: "Operation") -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "schema": dict(schema)} for name, schema in operation.query.items()]


def _responses(operation: "Operation") -> dict[str, Any]:
    content: dict[str, Any] = {}
    if operation.returns is not None:
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{operation.returns}"}}}
    elif operation.status == 200:
        content = {operation.media_type: {}}
    answers: dict[str, Any] = {str(operation.status): {"description": "Done", "content": content}}
    by_status: dict[int, list[str]] = {}
    for code in (*operation.errors, *_EVERYWHERE):
        status = operation.invalid_status if code in _INVALID else _STATUS_OF_CODE[code]
        by_status.setdefault(status, []).append(code)
    for status in sorted(by_status):
        answers[str(status)] = {
            "description": ", ".join(by_status[status]),
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{operation.fails_with}"}}},
        }
    return answers
