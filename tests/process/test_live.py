"""A recording that is being sent when the server is killed: whole to the sample, and nothing doubled."""

import asyncio
import io
import json
import random
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
import tornado.websocket

from tests.process.server import FakeEngineServer, Server

FRAME = 800  # samples
N_FRAMES = 150


@pytest.fixture
def fake_server(tmp_path: Path) -> Iterator[Server]:
    server = FakeEngineServer(tmp_path / "data", "--model-dir", str(tmp_path / "models"))
    yield server.start()
    server.kill()


async def send(server: Server, pcm: bytes, job_id: str | None, kill_at: int | None) -> str:
    """Send what the server doesn't have; `kill_at`: the number of acknowledgements after which it is killed."""
    socket = await tornado.websocket.websocket_connect(f"ws://localhost:{server.port}/ws/live")
    await socket.write_message(json.dumps({"type": "start", **({"job_id": job_id} if job_id else {})}))
    n_acks, n_sent = 0, None
    while (message := await socket.read_message()) is not None:
        body = json.loads(message)
        if body["type"] == "started":
            job_id, n_sent = body["data"]["job_id"], body["data"]["samples"]
            for first in range(n_sent, len(pcm) // 2, FRAME):
                frame = first.to_bytes(8, "little") + pcm[2 * first : 2 * (first + FRAME)]
                await socket.write_message(frame, binary=True)
            if kill_at is None:
                await socket.write_message(json.dumps({"type": "stop"}))
        n_acks += body["type"] == "ack"
        if n_acks == kill_at:
            server.kill()
            break
        if body["type"] == "status" and body["data"]["status"] == "queued":
            break
    socket.close()
    while await socket.read_message() is not None:
        pass
    assert job_id is not None
    return job_id


def test_kill_9_while_samples_come_loses_and_doubles_nothing(fake_server: Server) -> None:
    pcm = random.Random(1).randbytes(2 * FRAME * N_FRAMES)
    job_id = None
    for kill_at in (2, 20):
        job_id = asyncio.run(send(fake_server, pcm, job_id, kill_at))
        fake_server.start()
    job_id = asyncio.run(send(fake_server, pcm, job_id, None))
    with wave.open(io.BytesIO(fake_server.get(f"/job/{job_id}/audio"))) as reader:
        assert reader.readframes(10**9) == pcm
    assert fake_server.request("GET", f"/job/{job_id}")["audio_duration"] == FRAME * N_FRAMES / 16_000
