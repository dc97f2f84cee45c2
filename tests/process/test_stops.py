"""Stopped in any phase of a job, the server exits within two seconds and loses nothing."""

import http.client
import json
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.http_client import wav
from tests.process.conftest import NewServer
from tests.process.fake_engine_program import HANG_S, START_FILE
from tests.process.server import FakeEngineServer, Server

HALF_UPLOAD = (
    b"POST /transcribe-job HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nhalf'
)


def stop(server: Server, number: int) -> None:
    assert server.seconds_to_stop(number) < 2 + 1  # other tests may keep the disk busy


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_during_an_upload(new_server: NewServer, number: int) -> None:
    server = new_server().start()
    with socket.create_connection(("localhost", server.port)) as connection:
        connection.sendall(HALF_UPLOAD)
        while not list((server.data_dir / "incoming").iterdir()):
            time.sleep(0.01)
        stop(server, number)
    server.start()
    assert list((server.data_dir / "incoming").iterdir()) == []
    assert server.request("GET", "/jobs")["jobs"] == []


PHASES = {  # what appears in the data directory when the phase is reached
    "saving": "incoming/*.job",
    "decoding": "jobs/*/segments.jsonl",
    "finishing": "jobs/*/.transcript.json.*.tmp",
}


@pytest.mark.parametrize("phase", PHASES)
def test_stopped_in_each_phase_on_a_slow_disk(tmp_path: Path, phase: str) -> None:
    server = FakeEngineServer(tmp_path / "data", environ={"SLOW_DISK_S": "0.1"}).start()
    (server.data_dir / START_FILE).touch()
    try:
        is_reached = threading.Event()

        def submit_until_reached() -> None:  # a busy machine may miss the phase, which lasts 0.1 s
            while not is_reached.is_set():
                job_id = server.submit_bytes(wav(1.0), "a.wav")
                server.job_when(job_id, "completed")

        sending = threading.Thread(target=ignore_disconnect, args=(submit_until_reached,))
        sending.start()
        while not list(server.data_dir.glob(PHASES[phase])):
            time.sleep(0.002)
        is_reached.set()
        stop(server, signal.SIGINT if phase == "decoding" else signal.SIGTERM)
        sending.join()
        server.start()
        for job in server.request("GET", "/jobs")["jobs"]:
            assert server.job_when(job["job_id"], "completed")["result"]["text"] == "whole"
        assert list((server.data_dir / "incoming").iterdir()) == []
    finally:
        server.kill()


def test_stopped_while_the_engine_does_not_respond(tmp_path: Path) -> None:
    server = FakeEngineServer(tmp_path / "data").start()
    try:
        job_id = server.submit_bytes(wav(HANG_S), "hang.wav")
        while "Loading" not in server.request("GET", f"/job/{job_id}")["message"]:
            time.sleep(0.01)
        stop(server, signal.SIGTERM)
        server.start()
        assert server.request("GET", f"/job/{job_id}")["status"] in ("queued", "processing")
    finally:
        server.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows another process's libraries")
def test_stopped_while_torch_is_loaded(new_server: NewServer, samples: dict[Path, str]) -> None:
    server = new_server().start()
    job_id = server.submit(next(iter(samples)))
    while "libtorch" not in Path(f"/proc/{server.pid}/maps").read_text():
        time.sleep(0.002)
    stop(server, signal.SIGTERM)
    server.start()
    assert server.request("GET", f"/job/{job_id}")["status"] in ("queued", "processing", "completed")


def ignore_disconnect(function: Callable[..., object], *arguments: object) -> None:
    """Call a function that sends a request; the server may stop before it answers."""
    with suppress(OSError, http.client.HTTPException):
        function(*arguments)


def test_stopped_while_long_transcripts_are_exported(tmp_path: Path) -> None:
    server = FakeEngineServer(tmp_path / "data").start()
    (server.data_dir / START_FILE).touch()
    try:
        job_id = server.submit_bytes(wav(1.0), "a.wav")
        server.job_when(job_id, "completed")
        file = server.data_dir / "jobs" / job_id / "transcript.json"
        transcript = json.loads(file.read_bytes())
        transcript["segments"] = transcript["segments"] * 10_000
        file.write_text(json.dumps(transcript))
        with ThreadPoolExecutor(12) as clients:
            for _ in range(12):
                clients.submit(ignore_disconnect, server.get, f"/job/{job_id}/transcript.docx")
            time.sleep(1.0)
            stop(server, signal.SIGTERM)
    finally:
        server.kill()
