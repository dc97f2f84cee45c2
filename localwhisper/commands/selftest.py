"""--test-services: one real job through the whole pipeline: page, upload, queue, model, WebSocket, exports.

It runs a second server on a temporary data directory. What it leaves behind is what any first use of the bundled model
leaves: the unpacked checkpoint and the result of its calibration.
"""

import json
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import tornado.httpclient
import tornado.websocket

from localwhisper.app import SAMPLES, App
from localwhisper.audio.ffmpeg import Ffmpeg, ffmpeg_path
from localwhisper.client.multipart_form import multipart_form
from localwhisper.engine_setup import model_library, whisper_engine
from localwhisper.errors import LocalWhisperError
from localwhisper.export.registry import EXPORTERS
from localwhisper.settings import Settings

TIMEOUT_S = 600  # the first import of torch on a slow or busy machine takes minutes


class StepFailed(Exception):
    """Its text says what happened instead of what was expected."""


@contextmanager
def step(name: str) -> Iterator[None]:
    print(f"  {name} ", end="", flush=True)
    started_s = time.monotonic()
    yield
    print(f"ok ({time.monotonic() - started_s:.2f} s)", flush=True)


async def run(settings: Settings) -> bool:
    """Print each step with its time; returns whether all passed."""
    print("Testing the services", flush=True)
    try:
        with step("ffmpeg"):
            ffmpeg_path()
        with tempfile.TemporaryDirectory(prefix="localwhisper-") as folder:
            temporary = replace(settings, host="127.0.0.1", port=0, token=None, data_dir=Path(folder))
            engine = whisper_engine(settings, model_library(settings), Ffmpeg())
            app = App(temporary, engine=engine)
            with step("server"):
                port = await app.start()
            try:
                await _run_job(f"127.0.0.1:{port}")
            finally:
                await app.stop()
                engine.close()  # the server that is started next has its own
    except (LocalWhisperError, StepFailed, OSError, tornado.httpclient.HTTPError) as error:
        print(f"failed: {error}", flush=True)
        return False
    print("All services work.", flush=True)
    return True


async def _run_job(host: str) -> None:
    client = tornado.httpclient.AsyncHTTPClient()
    sample = json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))[0]
    with step("page"):
        page = await client.fetch(f"http://{host}/")
        if b"<html" not in page.body:
            raise StepFailed("the server sent something else")
    with step("upload"):
        audio = (SAMPLES / sample["filename"]).read_bytes()
        body, content_type = multipart_form(audio, sample["filename"], {"model": "demo"})
        answer = await client.fetch(
            f"http://{host}/transcribe-job",
            method="POST",
            body=body,
            headers={"Content-Type": content_type},
            request_timeout=TIMEOUT_S,
        )
        job = json.loads(answer.body)
    with step(f"transcription of '{sample['text']}'"):
        text = await _follow(job["websocket_url"])
        if words(text) != words(sample["text"]):
            raise StepFailed(f"the text is '{text}'")
    with step("exports"):
        for name in EXPORTERS:
            await client.fetch(f"http://{host}/job/{job['job_id']}/transcript.{name}")


async def _follow(url: str) -> str:
    """Wait for a job on its WebSocket; returns the text."""
    connection = await tornado.websocket.websocket_connect(url)
    try:
        while (frame := await connection.read_message()) is not None:
            message: dict[str, Any] = json.loads(frame)
            if message["type"] == "completed":
                return str(message["data"]["result"]["text"])
            if message["type"] == "error":
                raise StepFailed(message["data"]["error"]["message"])
    finally:
        connection.close()
    raise StepFailed("the WebSocket was closed before the job was completed")


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
