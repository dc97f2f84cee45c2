"""Handlers don't touch files on the event loop's thread: a slow disk must not hold up other requests."""

import asyncio
import builtins
import io
import os
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from localwhisper.client.multipart_form import multipart_form
from localwhisper.server.routes import ROUTES
from tests.conftest import Serve
from tests.contract.shape import PLACEHOLDERS
from tests.http_client import wav
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test
CALLS = [(os, "stat"), (os, "scandir"), (os, "listdir"), (os, "unlink"), (io, "open"), (builtins, "open")]
EXEMPT = {"/job/{job_id}/audio"}  # tornado's StaticFileHandler sends it


@pytest.fixture
def file_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lines of this package that touched a file on the main thread, where the event loop runs."""
    lines: list[str] = []

    def recorded(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if threading.current_thread() is threading.main_thread():
                frames = traceback.walk_stack(sys._getframe())
                places = (f"{frame.f_code.co_filename}:{line}" for frame, line in frames)
                lines.extend([place for place in places if "/localwhisper/" in place][:1])
            return function(*args, **kwargs)

        return call

    for module, name in CALLS:
        monkeypatch.setattr(module, name, recorded(getattr(module, name)))
    return lines


@pytest.mark.parametrize("path", [route.path for route in ROUTES if route.path not in EXEMPT])
async def test_no_route_touches_files_on_the_event_loop(
    serve: Serve, engine: StepEngine, file_calls: list[str], path: str
) -> None:
    engine.release()
    client = await serve(model_mirror="http://127.0.0.1:9")
    job_id = await client.new_job()
    await client.job_when(job_id, "completed")
    file_calls.clear()
    route = next(route for route in ROUTES if route.path == path)
    for method, operation in route.operations.items():
        concrete = path.format(**{**PLACEHOLDERS, "job_id": job_id})
        if operation.status == 101:
            socket = await client.socket(concrete)
            if path == "/ws/live":
                await socket.send({"type": "start", "filename": "Memo.wav"})
            await socket.until("snapshot", "completed", "started", "session.created")
        elif operation.form_schema:
            body, content_type = multipart_form(wav(), "a.wav", {})
            if operation.form_schema == "AsrUpload":
                body = body.replace(b'name="file"', b'name="audio_file"')
            await client.fetch("POST", concrete, body=body, Content_Type=content_type)
        else:
            await client.fetch(method.upper(), concrete, body=b"" if method in ("post", "patch") else None)
    assert file_calls == []


async def test_model_events_are_sent_without_touching_files(serve: Serve, file_calls: list[str]) -> None:
    client = await serve(model_mirror="http://127.0.0.1:9")
    socket = await client.socket("/ws/queue")
    await socket.until("snapshot")
    file_calls.clear()
    await client.fetch("POST", "/models/tiny/download", body=b"")
    while "error" not in (await socket.until("model"))["data"]:
        pass
    assert file_calls == []


async def test_refused_uploads_are_removed_without_touching_files(serve: Serve, file_calls: list[str]) -> None:
    client = await serve(max_upload_bytes=1000)
    file_calls.clear()
    assert (await client.submit()).status == 413
    assert (await client.submit(b"no audio")).status == 400
    await asyncio.sleep(0.1)
    assert file_calls == []
