"""The JSON log of a real process: one id from the request to the worker."""

import json
import subprocess
from pathlib import Path

from tests.process.conftest import NewServer
from tests.process.server import Server


def test_a_job_is_logged_under_its_id_from_submission_to_worker(
    new_server: NewServer, samples: dict[Path, str]
) -> None:
    server: Server = new_server("--log-format", "json").start()
    path = next(iter(samples))
    job_id = server.submit(path)
    server.job_when(job_id, "completed")
    process = server.process
    assert process is not None
    process.terminate()
    assert process.stdout is not None
    lines = [json.loads(line) for line in process.stdout.read().splitlines() if line.startswith("{")]
    messages = [line["message"] for line in lines if line["request_id"] == job_id]
    assert any(text.startswith("POST /transcribe-job 200 ") for text in messages)
    assert any(text.startswith("model demo starts") for text in messages)
    assert f"job {job_id} is completed" in messages
    assert not any(samples[path].split()[0] in line["message"] for line in lines)
    assert {"time", "level", "logger", "message", "request_id"} == set(lines[0])


def test_a_valid_request_id_of_the_client_is_kept(new_server: NewServer) -> None:
    server = new_server().start()
    command = ["curl", "-s", "-D", "-", "-o", "/dev/null", f"{server.url}/health", "-H"]
    for request_id, is_kept in (("trace-1.a", True), ("a b\x7f", False)):
        headers = subprocess.run(
            [*command, f"X-Request-Id: {request_id}"], capture_output=True, text=True, check=True
        ).stdout
        assert (f"x-request-id: {request_id}\n" in headers.lower()) == is_kept
