"""The structured log of the real process: one id from the request into the worker."""

import json
import subprocess
from pathlib import Path

from tests.process.conftest import NewServer
from tests.process.server import Server


def test_a_submission_s_id_is_its_job_s_in_every_line(new_server: NewServer, samples: dict[Path, str]) -> None:
    server: Server = new_server("--log-format", "json").start()
    path = next(iter(samples))
    job_id = server.submit(path)
    server.job_when(job_id, "completed")
    process = server.process
    assert process is not None
    process.terminate()
    assert process.stdout is not None
    lines = [json.loads(line) for line in process.stdout.read().splitlines() if line.startswith("{")]
    said = [line["message"] for line in lines if line["request_id"] == job_id]
    assert any(text.startswith("POST /transcribe-job 200 ") for text in said)
    assert any(text.startswith("model demo begins") for text in said)
    assert f"job {job_id} is completed" in said
    assert not any(samples[path].split()[0] in line["message"] for line in lines)
    assert {"time", "level", "logger", "message", "request_id"} == set(lines[0])


def test_a_request_keeps_the_name_it_came_with(new_server: NewServer) -> None:
    server = new_server().start()
    command = ["curl", "-s", "-D", "-", "-o", "/dev/null", f"{server.url}/health", "-H"]
    for given, kept in (("trace-1.a", True), ("a b\x7f", False)):
        told = subprocess.run([*command, f"X-Request-Id: {given}"], capture_output=True, text=True, check=True).stdout
        assert (f"x-request-id: {given}\n" in told.lower()) == kept
