"""Errors have the shape that their route documents, whatever the cause."""

import pytest
from tornado.iostream import StreamClosedError

from localwhisper.jobqueue.job_queue import JobQueue
from tests.conftest import Serve
from tests.contract.shape import ROUTE_OF_PATH, check_shape
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_every_method_of_every_route_answers_in_its_error_shape(serve: Serve, method: str) -> None:
    client = await serve()
    for path, route in ROUTE_OF_PATH.items():
        body = b"" if method in ("POST", "PUT", "PATCH") else None
        answer = await client.fetch(method, path, body=body)
        if method.lower() not in route.operations:
            assert answer.status == 405, path
        if answer.status >= 400:
            check_shape(answer, route)


@pytest.mark.parametrize("path", ["/nothing", "/job", "/job/1/2/3", "/ws", "/css/none.css", "/%ff", "/jobs/"])
async def test_unknown_paths_are_not_found(serve: Serve, path: str) -> None:
    client = await serve()
    for method in ("GET", "DELETE"):
        answer = await client.fetch(method, path)
        check_shape(answer)
        assert answer.status in (404, 405)


@pytest.mark.parametrize("query", ["x=%ff", "lang=%ff", "x=1&x=%C3&y=%E2%82"])
async def test_a_badly_encoded_query_is_a_bad_request_on_every_route(serve: Serve, query: str) -> None:
    client = await serve()
    for path, route in ROUTE_OF_PATH.items():
        for method in route.operations:
            body = b"" if method in ("post", "patch") else None
            answer = await client.fetch(method.upper(), f"{path}?{query}", body=body)
            assert answer.status == 400, path
            check_shape(answer, route)
    for path in ("/", "/css/base.css", "/samples/en-greeting.opus"):
        answer = await client.get(f"{path}?{query}")
        assert (answer.status, answer.code) == (400, "bad_request"), path


async def test_a_badly_encoded_query_of_an_export_is_a_bad_request(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    job_id = await client.new_job()
    await client.job_when(job_id, "completed")
    for path in ("transcript", "transcript.srt"):
        answer = await client.get(f"/job/{job_id}/{path}?x=%ff")
        assert (answer.status, answer.code) == (400, "bad_request")


async def test_other_errors_are_answered_if_the_language_is_badly_encoded(serve: Serve) -> None:
    client = await serve(token="s3cret")
    answer = await client.get("/jobs?lang=%ff")
    assert (answer.status, answer.code) == (401, "unauthorized")
    answer = await client.get("/jobs?lang=%ff", Host="evil.example")
    assert (answer.status, answer.code) == (403, "forbidden_host")


async def test_a_plain_request_to_a_websocket_route_is_refused(serve: Serve) -> None:
    client = await serve()
    answer = await client.get("/ws/queue")
    assert answer.status in (400, 426)


async def test_an_unexpected_exception_is_answered_with_a_log_id_only(
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


async def test_a_client_that_leaves_is_no_error(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def leave(self: JobQueue) -> None:
        raise StreamClosedError  # as writing to a closed connection does

    client = await serve()
    monkeypatch.setattr(JobQueue, "waiting", leave)
    await client.get("/queue/info")
    monkeypatch.undo()
    assert [record for record in caplog.records if record.exc_info] == []


async def test_messages_are_in_english_or_spanish(serve: Serve) -> None:
    client = await serve()
    assert "nothing" in (await client.get("/nothing")).json["error"]["message"]
    assert "No hay nada" in (await client.get("/nothing", Accept_Language="es")).json["error"]["message"]
    assert "No hay nada" in (await client.get("/nothing?lang=es")).json["error"]["message"]
