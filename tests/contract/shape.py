"""A concrete path for each route, and the shape that errors have on it."""

import jsonschema

from localwhisper.server.apidocs.schemas import SCHEMAS
from localwhisper.server.route import Route
from localwhisper.server.routes import ROUTES
from tests.http_client import Answer

PLACEHOLDERS = {
    "job_id": "00000000-0000-0000-0000-000000000000",
    "name": "tiny",
    "format": "srt",
    "model": "demo",
    "list": "Talks",
    "folder_id": "00000000-0000-0000-0000-000000000000",
    "voice_id": "00000000-0000-0000-0000-000000000000",
}
ROUTE_OF_PATH: dict[str, Route] = {route.path.format(**PLACEHOLDERS): route for route in ROUTES}


def has_own_shape(route: Route) -> bool:
    """Whether errors have this product's shape, and not that of a product it is compatible with."""
    return all(operation.error_schema == "Error" for operation in route.operations.values())


def check_shape(answer: Answer, route: Route | None = None) -> None:
    """The error is of the shape that its route documents."""
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    check_body(answer.json, route)


def check_body(body: object, route: Route | None = None) -> None:
    schema = next(iter(route.operations.values())).error_schema if route else "Error"
    jsonschema.validate(body, {**SCHEMAS[schema], "components": {"schemas": SCHEMAS}})
    if schema == "Error":
        assert isinstance(body, dict)
        assert set(body) == {"error"}
        assert set(body["error"]) == {"code", "message"}
        assert len(body["error"]["message"]) > 10
