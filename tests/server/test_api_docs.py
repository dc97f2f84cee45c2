"""The API's documentation against the real process: every curl example is run."""

import html
import re
import shlex
import subprocess
from typing import Any

import pytest
import requests

from localwhisper.server.apidocs.openapi import document
from localwhisper.server.routes import ROUTES
from tests.process.server import Server
from tests.speech import CLIP

SAMPLES = {
    f"{method.upper()} {path}": (operation, sample["source"])
    for path, operations in document(ROUTES)["paths"].items()
    for method, operation in operations.items()
    for sample in operation.get("x-codeSamples", ())
}
# other than success, but documented: a finished job can't be retried or cancelled, the bundled model doesn't translate,
# there may be no correction to discard, no token is set, the imported file is no checkpoint, no other program keeps
# the model here, the job isn't being recorded, and the text to align has no words
EXPECTED_STATUS = {
    "POST /job/{job_id}/retry": {"409"},
    "DELETE /job/{job_id}": {"409"},
    "POST /v1/audio/translations": {"400"},
    "DELETE /job/{job_id}/transcript": {"200", "409"},
    "PATCH /job/{job_id}/speakers": {"200", "409"},  # another example may have changed the version
    "POST /login": {"200", "401"},
    "POST /models/import": {"400"},
    "POST /models/{name}/import": {"404"},
    "POST /job/{job_id}/align": {"400"},
    "POST /job/{job_id}/recording": {"409"},
    "POST /job/{job_id}/recording/finish": {"409"},
    "POST /watched-folders": {"400"},  # there is no such folder here
    "DELETE /watched-folders/{folder_id}": {"404"},
    "POST /known-voices": {"400"},  # the speaker has no name
    "DELETE /known-voices/{voice_id}": {"404"},
}


@pytest.fixture(scope="module")
def job_id(server: Server) -> str:
    submitted = server.submit(CLIP)
    server.job_when(submitted, "completed", timeout_s=180)
    return submitted


@pytest.mark.parametrize("call", SAMPLES)
def test_every_curl_example_works(server: Server, job_id: str, call: str) -> None:
    operation, line = SAMPLES[call]
    line = line.replace("http://localhost:9000", server.url).replace("talk.mp3", str(CLIP)).replace("JOB_ID", job_id)
    line = line.replace("model=medium", "model=demo").replace("@my-model.pt", "@pyproject.toml")
    version = server.request("GET", f"/job/{job_id}")["transcript_version"]  # other examples correct the transcript
    line = line.replace('"version": 0', f'"version": {version}').replace("?version=1", f"?version={version}")
    command = [*shlex.split(line), "-s", "-o", "/dev/null", "-w", "%{http_code}"]
    status = subprocess.run(command, capture_output=True, text=True, check=True, timeout=180).stdout
    assert status in EXPECTED_STATUS.get(call, {next(iter(operation["responses"]))})
    assert status in operation["responses"]


def test_the_docs_page_shows_every_curl_example(server: Server) -> None:
    page = requests.get(f"{server.url}/docs", timeout=30).text
    for _, line in SAMPLES.values():
        assert html.escape(line) in page
    assert "<script" not in page
    assert not re.findall(r'(?:href|src)="(?:https?:)?//', page)


def test_asyncapi_references_resolve_to_their_message_types(server: Server) -> None:
    document: dict[str, Any] = requests.get(f"{server.url}/asyncapi.json", timeout=30).json()
    assert document["asyncapi"] == "3.0.0"
    for operation in document["operations"].values():
        for reference in operation["messages"]:
            target: Any = document
            for step in reference["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            kind = reference["$ref"].rsplit("/", 1)[-1]
            message = document["components"]["messages"][target["$ref"].rsplit("/", 1)[-1]]
            assert message["name"] == kind
            if message.get("contentType") is None:  # JSON
                assert message["payload"]["properties"]["type"] == {"const": kind}


def test_metrics_are_collected(server: Server, job_id: str) -> None:
    answer = requests.get(f"{server.url}/metrics", timeout=30)
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    figures = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
    assert float(figures['localwhisper_jobs{state="completed"}']) >= 1
    assert float(figures['localwhisper_jobs_ended_total{state="completed"}']) >= 1
    assert float(figures['localwhisper_real_time_factor_count{model="demo"}']) >= 1
    assert float(figures['localwhisper_expected_real_time_factor{model="demo",variant="clip"}']) > 0
    assert float(figures["localwhisper_queue_wait_seconds_count"]) >= 1
    assert float(figures["localwhisper_loop_lag_seconds_count"]) >= 1
    assert float(figures["localwhisper_stored_bytes"]) > 1000
    assert float(figures['localwhisper_model_memory_bytes{model="demo"}']) > 1e6
    assert float(figures["process_resident_memory_bytes"]) > 1e7
