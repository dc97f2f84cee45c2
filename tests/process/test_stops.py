"""A stop in each phase of a job, and memory that runs out: the program ends or goes on, and nothing is lost."""

import resource
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from localwhisper.commands.selftest import form
from tests.process.conftest import NewServer
from tests.process.server import Server

SPARE_BYTES = 300_000_000  # enough to take a job, not for torch
HALF_UPLOAD = (
    b"POST /transcribe-job HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nhalf'
)


def stop(server: Server, number: int) -> None:
    started_s = time.monotonic()
    assert server.stop(number) == 0
    assert time.monotonic() - started_s < 2 + 1  # the machine may be busy with other tests


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_in_the_midst_of_an_upload(new_server: NewServer, number: int) -> None:
    server = new_server().start()
    with socket.create_connection(("localhost", server.port)) as connection:
        connection.sendall(HALF_UPLOAD)
        while not list((server.data_dir / "incoming").iterdir()):
            time.sleep(0.01)
        stop(server, number)
    server.start()
    assert list((server.data_dir / "incoming").iterdir()) == []
    assert server.ask("GET", "/jobs")["jobs"] == []


def test_stopped_while_the_model_is_loaded(new_server: NewServer, samples: dict[Path, str]) -> None:
    server = new_server().start()
    path, text = next(iter(samples.items()))
    job_id = server.submit(path)
    while "Loading" not in (job := server.ask("GET", f"/job/{job_id}"))["message"] and job["status"] != "completed":
        time.sleep(0.002)
    stop(server, signal.SIGTERM)
    server.start()
    assert server.job_when(job_id, "completed")["result"]["text"].strip() == text


@pytest.mark.skipif(sys.platform != "linux", reason="limits another process's memory: only Linux can")
def test_without_memory_for_torch_the_job_says_what_to_do(new_server: NewServer, samples: dict[Path, str]) -> None:
    server = new_server().start()
    path, text = next(iter(samples.items()))
    body, content_type = form(b"no audio", "no.wav", {})
    server.ask("POST", "/transcribe-job", body, content_type)  # what an upload takes is there from now on
    status = Path(f"/proc/{server.pid}/status").read_text()
    size_bytes = 1024 * int(status.split("VmSize:")[1].split()[0])
    resource.prlimit(server.pid, resource.RLIMIT_AS, (size_bytes + SPARE_BYTES, resource.RLIM_INFINITY))
    job_id = server.submit(path)
    job = server.job_when(job_id, "failed", "completed")
    assert job["error"]["code"] == "engine_not_loaded", job
    assert server.ask("GET", "/health")["status"] == "ok"
    assert server.stop() == 0
    server.start()
    server.ask("POST", f"/job/{job_id}/retry", b"")
    assert server.job_when(job_id, "completed", "failed")["result"]["text"].strip() == text
