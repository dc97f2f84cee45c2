"""Half of a surrogate pair, which JSON can write but UTF-8 can't, is refused where text comes in and never goes out."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from localwhisper import paths
from localwhisper.errors import InvalidOption
from localwhisper.export.registry import EXPORTERS
from localwhisper.options import OPTIONS
from localwhisper.server.ws_outbox import text_frame
from localwhisper.unicode_text import load_json
from tests.conftest import Serve
from tests.export.results import segment, transcript
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test
LONE = "\\ud800"  # as JSON writes it


@pytest.mark.parametrize("lone", [LONE, "\\uD83D", "\\udfff\\ud800", "\\ude00\\ud83d"])
async def test_it_is_refused_in_json_and_frames(serve: Serve, engine: StepEngine, lone: str) -> None:
    engine.release()
    client = await serve()
    job_id = await client.new_job()
    await client.job_when(job_id, "completed")
    edit = f'{{"version": 0, "at": 0, "remove": 1, "segments": [{{"start": 0, "end": 1, "text": "a{lone}"}}]}}'
    retry, login = f'{{"initial_prompt": "{lone}"}}', f'{{"token": "{lone}"}}'
    for method, path, body in [
        ("PATCH", f"/job/{job_id}/transcript", edit),
        ("POST", f"/job/{job_id}/retry", retry),
        ("POST", "/login", login),
        ("POST", "/login", f'{{"{lone}": 1}}'),
    ]:
        answer = await client.fetch(method, path, body=body.encode())
        assert (answer.status, answer.code) == (400, "invalid_body"), path
    socket = await client.socket("/ws/queue")
    await socket.until("snapshot")
    await socket.send(f'{{"type": "ping", "job_id": "{lone}"}}')
    assert (await socket.until("error", "pong") or {})["type"] == "error"
    await socket.send('{"type": "ping", "job_id": "\\ud83d\\ude00"}')  # a pair
    assert (await socket.until("pong"))["job_id"] == "\U0001f600"


def test_options_from_the_command_line_are_checked_too() -> None:
    with pytest.raises(InvalidOption):
        OPTIONS["initial_prompt"].from_text("a\udcff")


async def test_stored_ones_are_replaced(serve: Serve, engine: StepEngine, tmp_path: Path) -> None:
    """As an older version may have stored them."""
    engine.release()
    client = await serve()
    job_id = await client.new_job(initial_prompt="a PROMPT")
    await client.job_when(job_id, "completed")
    await client.close()
    for file in (paths.jobs(tmp_path / "data") / job_id).glob("*.json*"):
        content = file.read_bytes()
        file.write_bytes(content.replace(b"PROMPT", LONE.encode()).replace(b" part 1", b" p" + LONE.encode()))
    client = await serve()
    job = (await client.get(f"/job/{job_id}")).json
    assert job["options"]["initial_prompt"] == "a \ufffd"
    assert job["result"]["segments"][1]["text"] == " p\ufffd"
    socket = await client.socket(f"/ws/transcription/{job_id}")
    assert (await socket.until("completed"))["data"]["result"]["segments"][1]["text"] == " p\ufffd"
    for name in EXPORTERS:
        assert (await client.get(f"/job/{job_id}/transcript.{name}")).status == 200, name


def test_whatever_goes_out_is_utf_8() -> None:
    lone = transcript(replace(segment(0, 0.0, 1.0, " a\ud800"), tokens=(1,)))
    for name, exporter in EXPORTERS.items():
        content = exporter.to_bytes(lone)
        if name not in ("docx", "zip"):
            json.dumps(content.decode(), ensure_ascii=False).encode()
    assert "\ufffd".encode() in text_frame("a\ud800")


def test_pairs_and_backslashes_are_left_alone() -> None:
    assert load_json(b'["\\ud83d\\ude00", "\\\\ud800"]') == ["\U0001f600", "\\ud800"]
