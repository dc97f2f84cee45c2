"""Checks that answers are as the route table documents them; http_client.py checks every answer that it gets."""

import functools
import json
import re
from fnmatch import fnmatch
from typing import Any

import jsonschema

from localwhisper.server.apidocs.compat_schemas import COMPAT_SCHEMAS
from localwhisper.server.apidocs.openapi import COMMON_ERRORS
from localwhisper.server.apidocs.schemas import SCHEMAS
from localwhisper.server.route import Operation, Route
from localwhisper.server.routes import ROUTES

JSON_TYPE = "application/json; charset=utf-8"


class Undocumented(AssertionError):
    """The answer differs from its route's row."""


def route_of(path: str) -> Route | None:
    return next((route for route in ROUTES if re.fullmatch(route.pattern, path)), None)


def check_answer(method: str, target: str, status: int, content_type: str, body: bytes) -> None:
    """Raise Undocumented if a route's answer isn't as its row documents it. `target`: the path and query."""
    route = route_of(target.split("?")[0])
    if route is None or not body:
        return
    operation = route.operations.get(method.lower())
    where = f"{method} {route.path}"
    if content_type != JSON_TYPE:
        named = operation is None or any(fnmatch(content_type, f"{each}*") for each in operation.media_types)
        if status < 300 and not named:
            raise Undocumented(
                f"{where} answers {content_type}: add it to `media_types` of its row in server/*_routes.py"
            )
    elif operation is None:
        assert status >= 400, f"{where} is answered with {status}, but not in the route table"
    elif status in (operation.status, *operation.other_statuses):
        if operation.response_schema is not None:
            _check_body(where, operation.response_schema, body)
        elif JSON_TYPE.split(";")[0] not in operation.media_types:
            raise Undocumented(f"{where} answers JSON: add `response_schema` to its row in server/*_routes.py")
    elif status < 400:
        raise Undocumented(f"{where} answers {status}, but its row in server/*_routes.py says {operation.status}")
    else:
        _check_error(where, operation, body)


def _check_error(where: str, operation: Operation, body: bytes) -> None:
    error = json.loads(body).get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if code == "route_not_found" and "{format}" in where:  # the path's schema lists the formats
        return
    _check_body(where, operation.error_schema, body)
    if code == "invalid_api_key":  # OpenAI's name of it
        code = "unauthorized"
    if code is not None and code not in (*operation.errors, *COMMON_ERRORS):
        raise Undocumented(
            f"{where} answers with the error code {code!r}: add it to `errors` of its row in server/*_routes.py"
        )


def _check_body(where: str, schema: str, body: bytes) -> None:
    error = jsonschema.exceptions.best_match(validator(schema).iter_errors(json.loads(body)))
    if error is not None:
        raise Undocumented(
            f"{where}: the body isn't as the schema {schema!r} in server/apidocs/schemas.py says: "
            f"{error.message[:300]} (at {error.json_path})"
        )


@functools.cache
def validator(schema: str) -> jsonschema.Draft202012Validator:
    """Fields that a schema doesn't name are errors, except in other products' bodies."""
    schemas = {name: body if name in COMPAT_SCHEMAS else closed(body) for name, body in SCHEMAS.items()}
    return jsonschema.Draft202012Validator(
        {"$ref": f"#/components/schemas/{schema}", "components": {"schemas": schemas}}
    )


def closed(schema: Any) -> Any:
    """The schema without permission for fields that it doesn't name."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    copy = {name: closed(value) for name, value in schema.items()}
    return {**copy, "additionalProperties": False} if "properties" in schema else copy
