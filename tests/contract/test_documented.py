"""Every error that HTTP can carry has a status and a route; answers that aren't as documented fail the tests."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import pytest

from localwhisper import errors
from localwhisper.errors import LocalWhisperError
from localwhisper.server import http_errors, routes
from localwhisper.server.apidocs.openapi import COMMON_ERRORS, document
from localwhisper.server.apidocs.schemas import SCHEMAS
from localwhisper.server.http_errors import STATUS
from tests import documented_answers
from tests.documented_answers import JSON_TYPE, Undocumented, check_answer
from tests.test_messages import ERRORS

# Errors that end a command or the start of the server, are only stored with a job (JobCrashed), or are a bug
# (InvalidTransition).
NOT_IN_HTTP = {
    errors.BadSetting,
    errors.CertificatesExist,
    errors.CertificatesMissing,
    errors.DataDirInUse,
    errors.FileMissing,
    errors.InvalidTransition,
    errors.JobCrashed,
    errors.NoMicrophone,
    errors.NotOnThisSystem,
    errors.OutputUnwritable,
    errors.PackageMissing,
    errors.PortForbidden,
    errors.PortInUse,
    errors.ServerNotStarting,
    errors.StoreTooNew,
    errors.TooFewDescriptors,
    errors.WorkerModel,
    errors.WorkersLost,
    errors.WorkerVersion,
}
# Answers of every path, and errors of WebSockets, that no row lists.
WITHOUT_ROUTE = {http_errors.RouteNotFound, http_errors.MethodNotAllowed, http_errors.InvalidFrame}
LISTED_CODES = {
    *COMMON_ERRORS,
    *(code for route in routes.ROUTES for operation in route.operations.values() for code in operation.errors),
}


@pytest.mark.parametrize("cls", ERRORS)
def test_every_error_has_a_status(cls: type[LocalWhisperError]) -> None:
    assert (cls in STATUS) != (cls in NOT_IN_HTTP), (
        f"add {cls.__name__} to STATUS in server/http_errors.py, or to NOT_IN_HTTP here if no request can cause it"
    )


@pytest.mark.parametrize("cls", [cls for cls in STATUS if cls not in WITHOUT_ROUTE], ids=lambda cls: cls.__name__)
def test_every_error_is_listed_by_a_route(cls: type[LocalWhisperError]) -> None:
    assert cls.code in LISTED_CODES, f"add {cls.code!r} to `errors` of the routes that answer it in server/*_routes.py"


def test_every_listed_code_is_an_error_with_a_status() -> None:
    assert {cls.code for cls in STATUS} >= LISTED_CODES


def test_both_bodies_of_a_status_are_documented() -> None:
    responses = document(routes.ROUTES)["paths"]["/health"]["get"]["responses"]
    references = responses["503"]["content"]["application/json"]["schema"]["anyOf"]
    assert [reference["$ref"].rsplit("/", 1)[-1] for reference in references] == ["Health", "Error"]
    assert responses["503"]["description"] == "memory_full"


# -- the check of every answer that the tests' client gets --------------------------------

SAMPLES = {"samples": [{"id": "a", "language": "en", "title": "A", "text": "a", "duration": 1.5, "url": "samples/a"}]}
NOT_FOUND = {"error": {"code": "job_not_found", "message": "There is no such job."}}
JOB = "/job/00000000-0000-0000-0000-000000000000"


def check(method: str, path: str, status: int, body: object) -> None:
    check_answer(method, path, status, JSON_TYPE, json.dumps(body).encode())


def change_row(monkeypatch: pytest.MonkeyPatch, path: str, **changes: object) -> None:
    """Change the GET operation of a route."""
    rows = []
    for route in routes.ROUTES:
        operations: Mapping[str, Any] = route.operations
        if route.path == path:
            operations = {**operations, "get": dataclasses.replace(operations["get"], **changes)}
        rows.append(dataclasses.replace(route, operations=operations))
    monkeypatch.setattr(documented_answers, "ROUTES", tuple(rows))


def test_documented_answers_are_accepted() -> None:
    check("GET", "/samples?lang=es", 200, SAMPLES)
    check("GET", JOB, 404, NOT_FOUND)
    check("GET", "/not/a/route", 200, {"anything": 1})


@pytest.mark.parametrize("name", SAMPLES["samples"][0])
def test_a_missing_field_is_detected(name: str) -> None:
    row = {key: value for key, value in SAMPLES["samples"][0].items() if key != name}
    with pytest.raises(Undocumented, match=f"'Samples'.*'{name}' is a required property"):
        check("GET", "/samples", 200, {"samples": [row]})


def test_a_field_that_the_schema_lacks_is_detected() -> None:
    with pytest.raises(Undocumented, match="'colour' was unexpected"):
        check("GET", "/samples", 200, {"samples": [{**SAMPLES["samples"][0], "colour": "red"}]})


@pytest.mark.parametrize("name", sorted(set(SCHEMAS) - {"Samples", "OpenApi", "Retry"}))
def test_a_wrong_schema_is_detected(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    change_row(monkeypatch, "/samples", response_schema=name)
    with pytest.raises(Undocumented, match=f"'{name}'"):
        check("GET", "/samples", 200, SAMPLES)


def test_json_without_a_schema_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    change_row(monkeypatch, "/samples", response_schema=None)
    with pytest.raises(Undocumented, match="add `response_schema`"):
        check("GET", "/samples", 200, SAMPLES)


def test_an_error_code_that_the_row_lacks_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    change_row(monkeypatch, "/job/{job_id}", errors=("job_damaged",))
    with pytest.raises(Undocumented, match=r"GET /job/\{job_id\} .*'job_not_found': add it"):
        check("GET", JOB, 404, NOT_FOUND)


def test_another_status_than_the_row_s_is_detected() -> None:
    with pytest.raises(Undocumented, match="says 200"):
        check("GET", "/samples", 202, SAMPLES)
