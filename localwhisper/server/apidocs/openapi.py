"""Derives the OpenAPI 3.1 document from the route table."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from localwhisper import __version__
from localwhisper.server.apidocs.schemas import SCHEMAS
from localwhisper.server.http_errors import STATUS

if TYPE_CHECKING:
    from localwhisper.server.route import Operation, Route

COMMON_ERRORS = (
    "bad_request",
    "forbidden_host",
    "forbidden_origin",
    "unauthorized",
    "too_many_attempts",
    "internal_error",
    "memory_full",
)
EXAMPLE_PARAMETERS = {"job_id": "JOB_ID", "name": "tiny", "model": "demo", "format": "srt"}
INPUT_ERRORS = frozenset({"invalid_body", "missing_file", "invalid_option"})
_STATUS_OF_CODE = {error.code: status for error, status in STATUS.items()}


def document(routes: "Iterable[Route]") -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "localwhisper",
            "version": __version__,
            "description": "Transcription on this machine. Times are in UTC, durations in seconds. "
            "Texts are in English or Spanish, by Accept-Language or ?lang=.",
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
    if operation.form_schema is not None:
        body["requestBody"] = {
            "required": True,
            "content": {"multipart/form-data": {"schema": {"$ref": f"#/components/schemas/{operation.form_schema}"}}},
        }
    if operation.json_schema is not None:
        schema = {"$ref": f"#/components/schemas/{operation.json_schema}"}
        body["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    if operation.status == 101:
        body["description"] = "A WebSocket; its messages are described in /asyncapi.json."
    else:
        body["x-codeSamples"] = [{"lang": "Shell", "label": "curl", "source": curl(path, method, operation)}]
    return body


def curl(path: str, method: str, operation: "Operation") -> str:
    """The call as a shell command; a test runs each of them."""
    parts = ["curl"]
    if method != ("post" if operation.form_schema else "get"):
        parts.append(f"-X {method.upper()}")
    if operation.curl_arguments:
        parts.append(operation.curl_arguments)
    for name, value in EXAMPLE_PARAMETERS.items():
        path = path.replace(f"{{{name}}}", value)
    query = f"?{operation.curl_query}" if operation.curl_query else ""
    return " ".join([*parts, f"http://localhost:9000{path}{query}"])


def _path_parameters(route: "Route") -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": dict(schema)}
        for name, schema in route.path_schemas.items()
    ]


def _query_parameters(operation: "Operation") -> list[dict[str, Any]]:
    parameters = []
    for name, row in operation.query.items():
        schema = dict(row)
        required = {"required": True} if schema.pop("required", False) else {}
        parameters.append({"name": name, "in": "query", **required, "schema": schema})
    return parameters


def _responses(operation: "Operation") -> dict[str, Any]:
    content: dict[str, Any] = {media_type: {} for media_type in operation.media_types}
    response: dict[str, Any] = {"$ref": f"#/components/schemas/{operation.response_schema}"}
    if operation.response_schema is not None:
        content["application/json"] = {"schema": response}
    error: dict[str, Any] = {"$ref": f"#/components/schemas/{operation.error_schema}"}
    done = {"description": "Done", "content": content}
    answers: dict[str, Any] = {str(status): done for status in (operation.status, *operation.other_statuses)}
    by_status: dict[int, list[str]] = {}
    for code in (*operation.errors, *COMMON_ERRORS):
        status = operation.invalid_status if code in INPUT_ERRORS else _STATUS_OF_CODE[code]
        by_status.setdefault(status, []).append(code)
    for status in sorted(by_status):
        schema = {"anyOf": [response, error]} if status in operation.other_statuses else error
        answers[str(status)] = {
            "description": ", ".join(by_status[status]),
            "content": {"application/json": {"schema": schema}},
        }
    return answers
