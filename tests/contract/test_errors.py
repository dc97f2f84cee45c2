"""One shape for every error, on every route and for every cause."""

import jsonschema
import pytest

from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.server.apidocs.schemas import SCHEMAS
from localwhisper.server.routes import ROUTES, Route
from tests.client import Answer
from tests.conftest import Serve
from tests.contract.test_security import PATHS

pytestmark = pytest.mark.gen_test


def check_shape(answer: Answer, route: Route | None = None) -> None:
    """As its route documents; those that speak another product's format have its shape."""
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    schema = next(iter(route.operations.values())).fails_with if route else "Error"
    jsonschema.validate(answer.json, {**SCHEMAS[schema], "components": {"schemas": SCHEMAS}})
    if schema != "Error":
        return
    assert set(answer.json) == {"error"}
    assert set(answer.json["error"]) == {"code", "message"}
    assert len(answer.json["error"]["message"]) > 10


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_every_route_with_every_method(serve: Serve, method: str) -> None:
    client = await serve()
    for route, path in zip(ROUTES, PATHS, strict=True):
        body = b"" if method in ("POST", "PUT", "PATCH") else None
        answer = await client.fetch(method, path, body=body)
        if method.lower() not in route.operations:
            assert answer.status == 405, path
        if answer.status >= 400:
            check_shape(answer, route)


@pytest.mark.parametrize("path", ["/nothing", "/job", "/job/1/2/3", "/ws", "/css/none.css", "/%ff", "/jobs/"])
async def test_unknown_routes(serve: Serve, path: str) -> None:
    client = await serve()
    for method in ("GET", "DELETE"):
        answer = await client.fetch(method, path)
        check_shape(answer)
        assert answer.status in (404, 405)


async def test_a_socket_route_asked_by_a_plain_request(serve: Serve) -> None:
    client = await serve()
    answer = await client.get("/ws/queue")
    assert answer.status in (400, 426)


async def test_a_crash_answers_an_id_and_no_internals(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crash(self: JobQueue) -> None:
        raise ZeroDivisionError("internals")

    client = await serve()
    monkeypatch.setattr(JobQueue, "waiting", crash)
    answer = await client.get("/queue/info")
    check_shape(answer)
    assert (answer.status, answer.code) == (500, "internal_error")
    assert "internals" not in answer.json["error"]["message"]
    log_id = answer.json["error"]["message"].rstrip(".").split()[-1]
    record = next(record for record in caplog.records if log_id in record.getMessage())
    assert record.exc_info is not None
    monkeypatch.undo()


async def test_both_languages(serve: Serve) -> None:
    client = await serve()
    assert "nothing" in (await client.get("/nothing")).json["error"]["message"]
    assert "No hay nada" in (await client.get("/nothing", Accept_Language="es")).json["error"]["message"]
    assert "No hay nada" in (await client.get("/nothing?lang=es")).json["error"]["message"]
