"""Language detection stops when the client hangs up."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from localwhisper.client.multipart_form import multipart_form
from localwhisper.engine.base import Control
from localwhisper.jobs.transcript import Detection
from tests.conftest import Serve
from tests.http_client import Client, wav
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test


class SlowDetection(StepEngine):
    """Detects nothing until it is released or stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.started_detections, self.ended_detections = threading.Semaphore(0), threading.Semaphore(0)
        self.may_detect = threading.Event()

    def detect_language(self, audio: Path, model: str, control: Control) -> Detection:
        self.started_detections.release()
        try:
            while not self.may_detect.wait(0.01):
                control.check()
        finally:
            self.ended_detections.release()
        return Detection(language="es", probability=0.75)


async def acquired(semaphore: threading.Semaphore) -> bool:
    return await asyncio.get_running_loop().run_in_executor(None, semaphore.acquire, True, 60)


async def detect(client: Client) -> asyncio.StreamWriter:
    """Send a request on a socket of its own, and do not wait for the answer."""
    body, content_type = multipart_form(wav(), "clip.wav", {})
    body = body.replace(b'name="file"', b'name="audio_file"')
    host, port = client.host.split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /detect-language HTTP/1.1\r\nHost: {client.host}\r\nContent-Type: {content_type}\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()
    return writer


@pytest.fixture
def slow() -> Iterator[SlowDetection]:
    engine = SlowDetection()
    yield engine
    engine.may_detect.set()


@pytest.mark.parametrize("position", ["running", "queued"])
async def test_hanging_up_frees_the_detector(
    serve: Serve, slow: SlowDetection, position: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = await serve(engine=slow)
    first = await detect(client)
    assert await acquired(slow.started_detections)
    hanging = first
    if position == "queued":
        hanging = await detect(client)
        await asyncio.sleep(0.3)
    hanging.transport.abort()
    if position == "running":
        assert await acquired(slow.ended_detections)
    else:
        await asyncio.sleep(0.1)
        slow.may_detect.set()
        assert await acquired(slow.ended_detections)
        slow.may_detect.clear()
        assert not slow.started_detections.acquire(timeout=0.2)
        first.transport.abort()
    third = await detect(client)
    assert await acquired(slow.started_detections)
    third.transport.abort()
    assert await acquired(slow.ended_detections)
    while list((tmp_path / "data" / "incoming").iterdir()):
        await asyncio.sleep(0.01)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
