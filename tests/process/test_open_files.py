"""At the system's limit of open files, running jobs continue, and what can't be served is told why."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from select import select

import pytest

from tests.http_client import wav
from tests.process.fake_engine_program import START_FILE
from tests.process.server import TIMEOUT_S, FakeEngineServer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs ulimit")
LIMIT = 400
N_UPLOADS = 150
HALF_UPLOAD = (
    b"POST /transcribe-job HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nhalf'
)


class LimitedServer(FakeEngineServer):
    program = ("sh", "-c", f'ulimit -n {LIMIT}; exec "$@"', "sh", *FakeEngineServer.program)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LimitedServer]:
    server = LimitedServer(tmp_path / "data").start()
    yield server
    server.kill()


def test_uploads_leave_open_files_to_running_jobs(server: LimitedServer) -> None:
    job_id = server.submit_bytes(wav(), "a.wav")
    server.job_when(job_id, "processing")
    with ExitStack() as stack:
        connect = partial(socket.create_connection, ("127.0.0.1", server.port))
        uploads = [stack.enter_context(connect()) for _ in range(N_UPLOADS)]
        for upload in uploads:
            upload.sendall(HALF_UPLOAD)
        answered: list[socket.socket] = []
        while not answered:
            answered = select(uploads, [], [], TIMEOUT_S)[0]
            assert answered, "each of the uploads is received"
        for upload in answered:
            head, _, body = upload.recv(4096).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 503"), head
            assert json.loads(body)["error"]["code"] == "too_many_open_files"
        assert server.request("GET", "/health")["status"] == "ok"  # connections are left for others
        (server.data_dir / START_FILE).touch()
        job = server.job_when(job_id, "completed", "failed")
        assert job["status"] == "completed", job["error"]
        assert server.get(f"/job/{job_id}/audio")
    deadline_s = time.monotonic() + TIMEOUT_S
    while "error" in (answer := server.try_submit(wav(), "b.wav")):  # until it has seen that the others have gone
        assert time.monotonic() < deadline_s, answer
        time.sleep(0.05)


def test_a_limit_that_is_too_low_ends_the_start_with_what_is_needed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "localwhisper", "--no-browser", "--port", "0", "--data-dir", str(tmp_path)]
    ended = subprocess.run(
        ["sh", "-c", 'ulimit -n 140; exec "$@"', "sh", *command], capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert ended.returncode == 1, ended.stderr
    (line,) = ended.stderr.splitlines()
    assert "140 files" in line
    assert "ulimit -n" in line
