"""The route table as an OpenAPI 3.1 document."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from localwhisper import __version__
from localwhisper.server.apidocs.schemas import SCHEMAS
from localwhisper.server.http_errors import STATUS

if TYPE_CHECKING:
    from localwhisper.server.routes import Operation, Route

_EVERYWHERE = (
    "bad_request",
    "forbidden_host",
    "forbidden_origin",
    "unauthorized",
    "too_many_attempts",
    "internal_error",
    "memory_full",
)
PATH_EXAMPLES = {"job_id": "JOB_ID", "name": "tiny", "model": "demo", "format": "srt"}
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
            route.path: {method: _operation(route, method, operation) for method, operation in route.operations.items()}
            for route in routes
        },
        "components": {"schemas": SCHEMAS},
    }


def _operation(route: "Route", method: str, operation: "Operation") -> dict[str, Any]:
    path = route.path
    body: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": re.sub(r"\W+", "_", f"{method}{path}").strip("_"),
        "parameters": [*_path_parameters(route), *_query_parameters(operation)],
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
        body["description"] = "A WebSocket: /asyncapi.json says what goes over it."
    else:
        body["x-codeSamples"] = [{"lang": "Shell", "label": "curl", "source": curl(path, method, operation)}]
    return body


def curl(path: str, method: str, operation: "Operation") -> str:
    """The call as a line for a shell; a test runs each."""
    parts = ["curl"]
    if method != ("post" if operation.takes else "get"):
        parts.append(f"-X {method.upper()}")
    if operation.example:
        parts.append(operation.example)
    for name, value in PATH_EXAMPLES.items():
        path = path.replace(f"{{{name}}}", value)
    query = f"?{operation.example_query}" if operation.example_query else ""
    return " ".join([*parts, f"http://localhost:9000{path}{query}"])


def _path_parameters(route: "Route") -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": dict(schema)}
        for name, schema in route.path_schemas.items()
    ]


def _query_parameters(operation: "Operation") -> list[dict[str, Any]]:
    found = []
    for name, given in operation.query.items():
        schema = dict(given)
        required = {"required": True} if schema.pop("required", False) else {}
        found.append({"name": name, "in": "query", **required, "schema": schema})
    return found


def _responses(operation: "Operation") -> dict[str, Any]:
    content: dict[str, Any] = {media_type: {} for media_type in operation.media_types}
    if operation.returns is not None:
        content["application/json"] = {"schema": {"$ref": f"#/components/schemas/{operation.returns}"}}
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
