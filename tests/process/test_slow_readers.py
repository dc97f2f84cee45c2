"""Clients that ask for long answers and don't read them cost no memory, and are disconnected."""

import asyncio
import socket
import sys
import time
from pathlib import Path

import pytest

from localwhisper import paths
from localwhisper.server import base
from tests.conftest import Serve
from tests.http_client import wav
from tests.process.fake_engine_program import START_FILE
from tests.process.server import FakeEngineServer
from tests.step_engine import StepEngine

TEXT_BYTES = 4_000_000


def lengthen(data_dir: Path, job_id: str) -> None:
    """Give a job's second segment a text of TEXT_BYTES, and its audio as many bytes more."""
    with open(paths.jobs(data_dir) / job_id / "audio.wav", "ab") as audio:
        audio.write(bytes(TEXT_BYTES))
    file = paths.jobs(data_dir) / job_id / "transcript.json"
    file.write_bytes(file.read_bytes().replace(b" part 1", b" word" * (TEXT_BYTES // 5)))


def request_without_reading(address: tuple[str, int], path: str) -> socket.socket:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(address)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return connection


def open_socket(address: tuple[str, int], path: str) -> socket.socket:
    """A WebSocket that isn't read."""
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(address)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{upgrade}{key}\r\n".encode())
    return connection


def read_all(connection: socket.socket) -> int:
    """The number of bytes until the server closes the connection."""
    received = 0
    with connection:
        while data := connection.recv(1 << 20):
            received += len(data)
    return received


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_thirty_clients_that_do_not_read_cost_no_memory(tmp_path: Path) -> None:
    server = FakeEngineServer(tmp_path / "data").start()
    try:
        (server.data_dir / START_FILE).touch()
        job_id = server.submit_bytes(wav(), "a.wav")
        server.job_when(job_id, "completed")
        server.stop()
        lengthen(server.data_dir, job_id)
        server.start()
        for path in (f"/job/{job_id}", f"/job/{job_id}/transcript.srt"):
            assert len(server.get(path)) >= TEXT_BYTES
        before = server.resource_usage().rss_bytes
        address = ("127.0.0.1", server.port)
        connections = [
            *(request_without_reading(address, f"/job/{job_id}") for _ in range(10)),
            *(request_without_reading(address, f"/job/{job_id}/transcript.srt") for _ in range(10)),
            *(open_socket(address, f"/ws/transcription/{job_id}") for _ in range(10)),
        ]
        for connection in connections:
            assert connection.recv(1)  # its answer has begun
        time.sleep(0.5)
        grown = server.resource_usage().rss_bytes - before
        assert grown < 80_000_000, f"{grown / 1e6:.0f} MB"
        for connection in connections:
            connection.close()
    finally:
        server.kill()


@pytest.mark.gen_test
@pytest.mark.parametrize("path", ["/job/{}", "/job/{}/transcript.txt", "/job/{}/audio"])
async def test_a_client_that_does_not_read_is_disconnected(
    serve: Serve, engine: StepEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    is_disconnected, disconnect = asyncio.Event(), base.BaseHandler.disconnect

    def note_and_disconnect(handler: base.BaseHandler) -> None:
        is_disconnected.set()
        disconnect(handler)

    monkeypatch.setattr(base.BaseHandler, "disconnect", note_and_disconnect)
    engine.release()
    client = await serve()
    job_id = await client.new_job()
    await client.job_when(job_id, "completed")
    await client.close()
    lengthen(tmp_path / "data", job_id)
    client = await serve()
    host, port = client.host.split(":")
    with monkeypatch.context() as impatient:
        impatient.setattr(base, "WRITE_TIMEOUT_S", 0.3)
        impatient.setattr(base, "MIN_BYTES_PER_SECOND", 1e9)
        connection = request_without_reading((host, int(port)), path.format(job_id))
        await is_disconnected.wait()
    received = await asyncio.to_thread(read_all, connection)
    assert 0 < received < TEXT_BYTES  # it was cut off
    assert len((await client.get(path.format(job_id))).body) >= TEXT_BYTES  # others are served
