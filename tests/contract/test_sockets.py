"""/ws/transcription/{job_id} and /ws/queue."""

import asyncio
import re
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
import tornado.httpclient

from localwhisper import paths
from localwhisper.app import web_folder
from localwhisper.engine.base import Control
from localwhisper.errors import ModelTooLarge
from localwhisper.jobs.transcript import Transcript, Window
from localwhisper.messages import Message
from localwhisper.server.ws_handlers import MAX_SNAPSHOT_JOBS
from tests.conftest import Serve
from tests.http_client import wav
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test


@pytest.mark.parametrize("path", ["/ws/queue", f"/ws/transcription/{uuid.UUID(int=1)}", "/ws/live", "/v1/realtime"])
async def test_sockets_take_no_other_method(serve: Serve, path: str) -> None:
    client = await serve()
    for method in ("PUT", "POST", "DELETE"):
        answer = await client.fetch(method, path, body=b"" if method != "DELETE" else None)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET")


async def test_a_job_is_followed_from_start_to_end(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    job_id = await client.new_job()
    socket = await client.socket(f"/ws/transcription/{job_id}")
    hello = await socket.next()
    assert hello is not None
    assert hello["type"] == "connected"
    assert hello["data"] == {"message": "Connected", "job_id": job_id}
    assert (await socket.until("status"))["data"]["status"] == "processing"
    engine.release()
    messages = await socket.rest()
    assert all(set(message) == {"type", "job_id", "data", "timestamp"} for message in [hello, *messages])
    assert {message["job_id"] for message in messages} == {job_id}
    segments = [message["data"]["id"] for message in messages if message["type"] == "segment"]
    assert segments == [0, 1, 2]
    progress = [message["data"]["progress"] for message in messages if message["type"] == "progress"]
    assert progress == sorted(progress)
    last = messages[-1]
    assert last["type"] == "completed"
    assert (last["data"]["status"], last["data"]["progress"]) == ("completed", 100.0)
    assert last["data"]["result"]["text"] == " part 0 part 1 part 2"
    given = {"status", "progress", "message", "completed_at", "result"}
    assert set(last["data"]) == given | {"model", "model_reason", "warnings"}
    assert socket.close_code == 1000


async def test_progress_has_its_documented_fields(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    socket = await client.socket(f"/ws/transcription/{await client.new_job()}")
    await socket.until("status")
    engine.step()
    data = (await socket.until("progress"))["data"]
    assert set(data) == {"status", "progress", "message", "estimated_time_remaining"}


async def test_a_late_client_gets_the_segments_it_missed(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    job_id = await client.new_job()
    early = await client.socket(f"/ws/transcription/{job_id}")
    engine.step()
    await early.until("segment")
    late = await client.socket(f"/ws/transcription/{job_id}")
    assert (await late.until("segment"))["data"]["id"] == 0
    engine.release()
    assert [m["data"]["id"] for m in await late.rest() if m["type"] == "segment"] == [1, 2]


@pytest.mark.parametrize("end", ["completed", "error", "cancelled"])
async def test_a_client_of_an_ended_job_gets_the_final_message(serve: Serve, engine: StepEngine, end: str) -> None:
    client = await serve()
    job_id = await client.new_job()
    if end == "cancelled":
        await client.fetch("DELETE", f"/job/{job_id}")
    elif end == "error":
        engine.fails_with = ModelTooLarge(model="demo")
    engine.release()
    await client.job_when(job_id, "completed", "failed", "cancelled")
    socket = await client.socket(f"/ws/transcription/{job_id}")
    messages = await socket.rest()
    assert [message["type"] for message in messages][:2] == ["connected", "status"]
    last = messages[-1]
    assert last["type"] == end
    assert "completed_at" in last["data"]
    if end == "error":
        assert last["data"]["status"] == "failed"
        assert last["data"]["error"]["code"] == "out_of_memory"
    assert socket.close_code == 1000


async def test_ping_and_get_status_are_answered(serve: Serve) -> None:
    client = await serve()
    job_id = await client.new_job()
    socket = await client.socket(f"/ws/transcription/{job_id}")
    await socket.send({"type": "ping", "job_id": job_id})
    assert (await socket.until("pong"))["job_id"] == job_id
    await socket.send({"type": "get_status", "job_id": job_id})
    status = (await socket.until("status"))["data"]
    assert status["job_id"] == job_id
    assert set(status) == set((await client.get(f"/job/{job_id}")).json)


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "x",
        "[]",
        "null",
        '"ping"',
        '{"type": "dance"}',
        '{"type": ["ping"]}',
        '{"type": "ping", "job_id": 1}',
        b"\x00",
        "[" * 9000,
    ],
)
async def test_invalid_frames_are_answered_with_an_error(serve: Serve, frame: str | bytes) -> None:
    client = await serve()
    socket = await client.socket(f"/ws/transcription/{await client.new_job()}")
    await socket.send(frame)
    error = await socket.until("error")
    assert set(error["data"]) == {"code", "message"}
    assert error["data"]["code"] == "invalid_frame"
    await socket.send({"type": "ping"})
    await socket.until("pong")


async def test_messages_are_in_the_language_of_the_handshake(serve: Serve) -> None:
    client = await serve()
    job_id = await client.new_job()
    by_header = await client.socket(f"/ws/transcription/{job_id}", Accept_Language="es")
    by_query = await client.socket(f"/ws/transcription/{job_id}?lang=es")
    for socket in (by_header, by_query):
        message = await socket.next()
        assert message is not None
        assert message["data"]["message"] == "Conectado exitosamente"


async def test_the_handshake_of_an_unknown_job_is_a_404(serve: Serve) -> None:
    client = await serve()
    with pytest.raises(tornado.httpclient.HTTPClientError) as refused:
        await client.socket(f"/ws/transcription/{uuid.UUID(int=1)}")
    assert refused.value.code == 404


async def test_every_closed_socket_is_unsubscribed_and_uncounted(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    subscribers = client.app.dependencies.bus._subscribers
    before = {job: list(of_job) for job, of_job in subscribers.items()}
    job_id = await client.new_job()
    sockets = [await client.socket(f"/ws/transcription/{job_id}") for _ in range(3)]
    page = await client.socket("/ws/queue")
    await page.until("snapshot")
    figures = (await client.get("/queue/info")).json["websockets"]
    assert figures == {"total_connections": 4, "jobs_with_connections": 1, "active_jobs": [job_id]}
    sockets[0].close()
    engine.release()
    await sockets[1].rest()
    await sockets[2].rest()
    page.close()
    while (await client.get("/queue/info")).json["websockets"]["total_connections"]:
        await asyncio.sleep(0.01)
    assert subscribers == before


async def test_a_silent_client_is_disconnected(serve: Serve) -> None:
    client = await serve(websocket_timeout=0.2, websocket_ping_interval=5)
    socket = await client.socket("/ws/queue")
    await socket.rest()
    assert socket.close_code == 1001


async def test_answered_pings_keep_a_socket_open(serve: Serve) -> None:
    client = await serve(websocket_timeout=2, websocket_ping_interval=0.1)
    socket = await client.socket("/ws/queue")
    await socket.until("snapshot")
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(socket.next(), 2.5)


async def test_the_queue_socket_reports_every_job(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    before = await client.new_job()
    socket = await client.socket("/ws/queue")
    snapshot = (await socket.until("snapshot"))["data"]
    assert [job["job_id"] for job in snapshot["jobs"]] == [before]
    assert snapshot["queue"]["total_jobs"] == 1
    job_id = await client.new_job()
    seen = [await socket.until("job")]
    engine.release()
    while seen[-1]["data"]["status"] != "completed" or seen[-1]["job_id"] != job_id:
        seen.append(await socket.until("job"))
    states = [
        (message["data"]["status"], message["data"]["language"]) for message in seen if message["job_id"] == job_id
    ]
    assert states == [("queued", None), ("processing", None), ("processing", "en"), ("completed", "en")]
    await client.fetch("DELETE", f"/job/{job_id}?remove=true")
    assert (await socket.until("removed"))["job_id"] == job_id
    assert (await socket.until("queue"))["data"]["total_jobs"] == 1


async def test_the_queue_socket_reports_the_number_of_active_jobs(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    socket = await client.socket("/ws/queue")
    await client.new_job()
    while (figures := (await socket.until("queue"))["data"])["queue_size"]:
        pass  # on its way to a worker
    assert figures["active_jobs"] == 1
    engine.release()
    while (await socket.until("job"))["data"]["status"] != "completed":
        pass
    assert (await socket.until("queue"))["data"]["active_jobs"] == 0


async def test_removing_a_job_closes_its_sockets(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    job_id = await client.new_job()
    socket = await client.socket(f"/ws/transcription/{job_id}")
    await socket.until("status")
    await client.fetch("DELETE", f"/job/{job_id}?remove=true")
    assert (await socket.rest())[-1]["type"] == "cancelled"


async def test_the_page_knows_how_many_jobs_a_snapshot_has_at_most() -> None:
    reducer = (web_folder() / "js" / "job-reducer.js").read_text(encoding="utf-8")
    assert re.findall(r"PAGE_SIZE = (\d+);", reducer) == [str(MAX_SNAPSHOT_JOBS)]


class MeasuringEngine(StepEngine):
    def _transcribe(self, audio: Path, control: Control, windows: list[Window]) -> Transcript:
        control.measured(1.5, 1)
        warnings = (Message("audio_cut_short", {"read_s": 2, "stated_s": 3}),)
        return replace(super()._transcribe(audio, control, windows), warnings=warnings)


async def test_the_real_length_and_the_warnings_of_a_recording(serve: Serve) -> None:
    engine = MeasuringEngine()
    client = await serve(engine=engine)
    page = await client.socket("/ws/queue")
    await page.until("snapshot")
    job_id = (await client.submit(wav(3.0))).json["job_id"]
    lengths = {(await page.until("job"))["data"]["audio_duration"]}
    while 1.5 not in lengths:
        lengths.add((await page.until("job"))["data"]["audio_duration"])
    assert lengths == {3.0, 1.5}
    engine.step()
    percents = [(await page.until("progress"))["data"]["progress"]]
    while percents[-1] == 0:  # before the first window
        percents.append((await page.until("progress"))["data"]["progress"])
    assert percents[-1] == pytest.approx(66.7)  # a window of 1 s
    socket = await client.socket(f"/ws/transcription/{job_id}?lang=es")
    engine.release()
    warnings = (await socket.until("completed"))["data"]["warnings"]
    assert warnings[0]["message"].startswith("La grabación está incompleta")
    job = await client.job_when(job_id, "completed")
    assert (job["audio_duration"], [warning["code"] for warning in job["warnings"]]) == (1.5, ["audio_cut_short"])


async def test_a_long_result_arrives_in_fragments(serve: Serve, engine: StepEngine, tmp_path: Path) -> None:
    engine.release()
    client = await serve()
    job_id = await client.new_job()
    await client.job_when(job_id, "completed")
    await client.close()
    file = paths.jobs(tmp_path / "data") / job_id / "transcript.json"
    text = " wörd" * 100_000
    file.write_bytes(file.read_bytes().replace(b" part 1", text.encode()))
    client = await serve()
    socket = await client.socket(f"/ws/transcription/{job_id}")
    final = (await socket.rest())[-1]
    assert (final["type"], final["data"]["result"]["segments"][1]["text"]) == ("completed", text)
    assert socket.close_code == 1000
