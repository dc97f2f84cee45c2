"""/ws/live: a recording is sent while it is made, nothing of it is lost or doubled, and its text comes back."""

import asyncio
import io
import json
import subprocess
import wave
from typing import Any

import pytest

from localwhisper.audio.ffmpeg import Ffmpeg, ffmpeg_path
from localwhisper.audio.stream_decoder import StreamDecoder
from localwhisper.errors import ModelTooLarge
from localwhisper.server.apidocs import asyncapi
from localwhisper.services import live_text, recordings
from tests.conftest import Serve
from tests.http_client import Answer, Client, Socket
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test
RATE = 16_000


def pcm(first: int, n_samples: int) -> bytes:
    """Samples that can be told apart: each one's value is its number, modulo 2^15."""
    return b"".join((number % 32_768).to_bytes(2, "little") for number in range(first, first + n_samples))


def audio(first: int, n_samples: int) -> bytes:
    return first.to_bytes(8, "little") + pcm(first, n_samples)


async def send_audio(socket: Socket, first: int, n_samples: int) -> int:
    """Send samples in messages of at most a second; return how many the server has in the end."""
    n_acked = 0
    for start in range(first, first + n_samples, RATE):
        await socket.send(audio(start, min(RATE, first + n_samples - start)))
        n_acked = (await socket.until("ack"))["data"]["samples"]
    return n_acked


async def begin(client: Client, **message: object) -> tuple[Socket, str]:
    socket = await client.socket("/ws/live")
    await socket.send({"type": "start", "filename": "Memo.wav", **message})
    started = (await socket.until("started"))["data"]
    assert started["samples"] == 0
    return socket, started["job_id"]


async def samples_of(client: Client, job_id: str) -> bytes:
    body = (await client.fetch("GET", f"/job/{job_id}/audio")).body
    with wave.open(io.BytesIO(body)) as reader:
        return reader.readframes(10**9)


async def test_text_comes_while_the_recording_is_made_then_the_job_s(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    socket, job_id = await begin(client, options={"language": "es", "word_timestamps": True})
    follower = await client.socket(f"/ws/transcription/{job_id}")
    assert (await follower.until("status"))["data"]["status"] == "pending"
    messages: list[dict[str, Any]] = []
    for second in range(5):
        for part in range(2):
            first = second * RATE + part * RATE // 2
            await socket.send(audio(first, RATE // 2))
            while (message := await socket.next()) is not None:
                messages.append(message)
                if message["type"] == "ack":
                    assert message["data"]["samples"] == first + RATE // 2
                    break
    while not any(m["type"] == "partial" and m["data"]["tentative"] == " w4" for m in messages):
        message = await socket.next()
        assert message is not None
        messages.append(message)
    assert [m["data"]["text"] for m in messages if m["type"] == "segment"] == [" w0 w1 w2"]
    last = [m["data"] for m in messages if m["type"] == "partial"][-1]
    assert (last["stable"], last["tentative"], last["heard"], last["language"]) == (" w3", " w4", 5.0, "en")
    assert [word["start"] for word in last["words"]] == [3, 4]

    await socket.send({"type": "stop"})
    segment = (await socket.until("segment"))["data"]
    assert segment == {"id": 1, "start": 3, "end": 5, "text": " w3 w4", "language": "en"}
    engine.release()
    completed = (await socket.until("completed"))["data"]
    assert completed["result"]["text"] == " part 0 part 1 part 2"
    assert await socket.next() is None
    assert socket.close_code == 1000
    assert [m["data"]["id"] for m in await follower.rest() if m["type"] == "segment"] == [0, 1, 2]
    job = (await client.get(f"/job/{job_id}")).json
    assert (job["filename"], job["audio_duration"], job["options"]["language"]) == ("Memo.wav", 5.0, "es")
    assert await samples_of(client, job_id) == pcm(0, 5 * RATE)
    while not engine.live[0].is_closed:
        await asyncio.sleep(0.01)


async def test_what_is_sent_again_after_a_drop_and_a_restart_is_not_doubled(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    socket, job_id = await begin(client)
    assert await send_audio(socket, 0, 5 * RATE // 2) == 5 * RATE // 2
    socket.close()
    again = await client.socket("/ws/live")
    await again.send({"type": "start", "job_id": job_id})
    assert (await again.until("started"))["data"]["samples"] == 5 * RATE // 2
    assert await send_audio(again, RATE, 3 * RATE) == 4 * RATE  # half of it is there
    await again.send(audio(4 * RATE + 1, 10))
    refused = (await again.until("error"))["data"]
    assert refused["code"] == "invalid_option"
    await client.close()

    client = await serve()
    third = await client.socket("/ws/live")
    await third.send({"type": "start", "job_id": job_id})
    assert (await third.until("started"))["data"]["samples"] == 4 * RATE
    assert (await third.until("segment"))["data"]["text"] == " w0 w1 w2"  # read from the disk
    await third.send(audio(4 * RATE, 1))
    await third.until("ack")
    engine.release()
    await third.send({"type": "stop"})
    await third.until("completed")
    assert await samples_of(client, job_id) == pcm(0, 4 * RATE + 1)


@pytest.fixture(scope="module")
def webm() -> bytes:
    """Four seconds, as MediaRecorder makes them."""
    source = ["-f", "lavfi", "-i", "sine=440:duration=4", "-ac", "1", "-c:a", "libopus", "-cluster_time_limit", "200"]
    command = [ffmpeg_path(), "-loglevel", "error", "-nostdin", *source, "-f", "webm", "-"]
    return subprocess.run(command, check=True, capture_output=True).stdout


async def test_a_container_is_decoded_while_it_comes_also_after_a_restart(
    serve: Serve, engine: StepEngine, webm: bytes
) -> None:
    engine.release()
    decoding = [ffmpeg_path(), "-loglevel", "error", "-i", "-", "-f", "s16le", "-ac", "1", "-ar", str(RATE), "-"]
    whole = subprocess.run(decoding, input=webm, check=True, capture_output=True).stdout
    half = len(webm) // 2
    client = await serve()
    socket, job_id = await begin(client, format="container")
    for first in range(0, half, 500):
        await socket.send(first.to_bytes(8, "little") + webm[first : min(first + 500, half)])
    is_stored = is_heard = False
    while not (is_stored and is_heard):  # in either order
        message = await socket.until("ack", "partial")
        is_heard |= message["type"] == "partial"
        is_stored |= message["data"] == {"bytes": half}
    await socket.send((half + 1).to_bytes(8, "little") + b"late")
    assert (await socket.until("error"))["data"]["code"] == "invalid_option"
    await client.close()

    client = await serve()
    again = await client.socket("/ws/live")
    await again.send({"type": "start", "job_id": job_id})
    assert (await again.until("started"))["data"]["bytes"] == half
    await again.send((half - 100).to_bytes(8, "little") + webm[half - 100 :])
    assert (await again.until("ack"))["data"]["bytes"] == len(webm)
    await again.send({"type": "stop"})
    await again.until("completed")
    assert await samples_of(client, job_id) == whole


async def test_a_decoder_that_is_killed_gives_no_half_recording(
    serve: Serve, engine: StepEngine, webm: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.release()
    decoders: list[StreamDecoder] = []
    begin_decoding = StreamDecoder.__init__

    def begin_to_decode(self: StreamDecoder, ffmpeg: Ffmpeg) -> None:
        begin_decoding(self, ffmpeg)
        decoders.append(self)

    monkeypatch.setattr(StreamDecoder, "__init__", begin_to_decode)
    client = await serve()
    socket, job_id = await begin(client, format="container")
    half = len(webm) // 2
    await socket.send(bytes(8) + webm[:half])
    await socket.until("partial")
    decoders[0]._process.kill()
    await socket.send(half.to_bytes(8, "little") + webm[half:])
    await socket.send({"type": "stop"})
    await socket.until("completed")
    assert len(await samples_of(client, job_id)) > 2 * 3.9 * RATE
    assert len(decoders) == 2


async def test_what_is_no_audio_is_refused_at_the_stop(serve: Serve) -> None:
    client = await serve()
    socket, _ = await begin(client, format="container")
    await socket.send(bytes(8) + b"no audio")
    await socket.send({"type": "stop"})
    assert (await socket.until("error"))["data"]["code"] == "audio_unreadable"


async def test_a_client_that_comes_back_after_the_end_gets_the_transcript(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    socket, job_id = await begin(client)
    await socket.send(audio(0, RATE))
    await socket.send({"type": "stop"})
    await socket.until("status")
    socket.close()
    again = await client.socket("/ws/live")
    await again.send({"type": "start", "job_id": job_id})
    assert (await again.until("started"))["data"]["samples"] == RATE
    await again.send(audio(RATE, 1))
    assert (await again.until("error"))["data"]["code"] == "recording_ended"
    engine.release()
    assert (await again.until("completed"))["data"]["result"]["text"] == " part 0 part 1 part 2"
    late = await client.socket("/ws/live")
    await late.send({"type": "start", "job_id": job_id})
    assert [message["type"] for message in await late.rest()] == ["connected", "started", "status", "completed"]


async def test_a_follower_gets_the_text_so_far_and_audio_may_come_by_http(serve: Serve) -> None:
    client = await serve()
    answer = await client.fetch("POST", "/recordings", body=json.dumps({"filename": "Memo.wav"}).encode())
    job_id = answer.json["job_id"]
    first = await client.socket("/ws/live")
    await first.send({"type": "start", "job_id": job_id})
    await first.until("started")
    await client.fetch("POST", f"/job/{job_id}/recording?offset=0", body=pcm(0, 4 * RATE))
    await first.until("partial")
    late = await client.socket("/ws/live")
    await late.send({"type": "start", "job_id": job_id})
    assert (await late.until("segment"))["data"]["text"] == " w0 w1 w2"
    assert (await late.until("partial"))["data"]["tentative"] == " w3"
    await client.fetch("DELETE", f"/job/{job_id}?remove=true")
    await late.rest()
    assert late.close_code == 1000


async def test_corrections_and_marks_come_into_the_final_text(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    socket, job_id = await begin(client)
    for second in range(4):
        await socket.send(audio(second * RATE, RATE))
    segment = (await socket.until("segment"))["data"]
    assert segment["text"] == " w0 w1 w2"
    other = await client.socket("/ws/live")
    await other.send({"type": "start", "job_id": job_id})
    await other.until("segment")
    await socket.send({"type": "correct", "id": segment["id"], "text": "w0 one w2"})
    assert (await socket.until("segment"))["data"] == {**segment, "text": "w0 one w2"}
    assert (await other.until("segment"))["data"]["text"] == "w0 one w2"
    await socket.send({"type": "correct", "id": 7, "text": "w0"})
    assert (await socket.until("error"))["data"]["code"] == "invalid_option"
    await socket.send({"type": "mark"})
    assert (await socket.until("marked"))["data"] == {"at": 4.0}
    late = await client.socket("/ws/live")
    await late.send({"type": "start", "job_id": job_id})
    assert (await late.until("segment"))["data"]["text"] == "w0 one w2"
    follower = await client.socket(f"/ws/transcription/{job_id}")
    engine.release()
    await socket.send({"type": "stop"})
    for each in (socket, follower):
        completed = (await each.until("completed"))["data"]
        assert "one" in completed["result"]["text"]
        job = (await client.get(f"/job/{job_id}")).json
        assert job["result"]["text"] == completed["result"]["text"]
    assert [(note["quote"] != "", note["text"]) for note in job["notes"]] == [(True, "")]


@pytest.mark.parametrize("restarts", [False, True])
async def test_corrections_between_the_stop_and_the_final_text_come_into_it(
    serve: Serve, engine: StepEngine, restarts: bool
) -> None:
    client = await serve()
    socket, job_id = await begin(client)
    for second in range(4):
        await socket.send(audio(second * RATE, RATE))
    await socket.until("segment")
    await socket.send({"type": "stop"})
    await client.job_when(job_id, "processing")
    await socket.send({"type": "correct", "id": 0, "text": "w0 one w2"})
    while (await socket.until("segment"))["data"]["text"] != "w0 one w2":
        pass
    await socket.send({"type": "mark"})
    assert (await socket.until("error"))["data"]["code"] == "recording_ended"
    if restarts:
        await client.close()
        client = await serve()
    engine.release()
    assert "one" in (await client.job_when(job_id, "completed"))["result"]["text"]


async def correct_draft(client: Client, job_id: str, segment: dict[str, Any], text: str) -> Answer:
    body = json.dumps({"segment": segment, "text": text}).encode()
    return await client.fetch("POST", f"/job/{job_id}/recording/draft", body=body)


async def test_a_correction_that_comes_after_the_final_text_corrects_that(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    socket, job_id = await begin(client)
    for second in range(4):
        await socket.send(audio(second * RATE, RATE))
    heard = (await socket.until("segment"))["data"]
    line = {"start": heard["start"], "end": heard["end"], "text": heard["text"]}
    assert (await correct_draft(client, job_id, line, "w0 one w2")).status == 204
    while (await socket.until("segment"))["data"]["text"] != "w0 one w2":
        pass
    engine.release()
    await socket.send({"type": "stop"})
    assert "one" in (await socket.until("completed"))["data"]["result"]["text"]
    line = {**line, "text": "w0 one w2"}
    assert (await correct_draft(client, job_id, line, "w0 one more w2")).status == 204
    job = (await client.get(f"/job/{job_id}")).json
    assert "one more" in job["result"]["text"]
    assert (await correct_draft(client, job_id, line, "w0 one w2")).status == 204  # nothing was corrected
    assert (await client.get(f"/job/{job_id}")).json["transcript_version"] == job["transcript_version"]
    assert (await correct_draft(client, job_id, {**line, "end": -1}, "w0")).code == "invalid_option"


async def test_the_draft_of_a_recording_that_was_given_up_takes_no_correction(serve: Serve) -> None:
    client = await serve()
    _, job_id = await begin(client)
    await client.fetch("DELETE", f"/job/{job_id}")
    assert (await correct_draft(client, job_id, {"start": 0, "end": 1, "text": "w0"}, "zero")).code == "recording_ended"


async def fall_silent(socket: Socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a last sign of life, after which the stream is soon abandoned."""
    monkeypatch.setattr(recordings, "ABANDONED_S", 0.1)
    await socket.send({"type": "ping"})
    await socket.until("pong")
    socket.close()


async def test_a_stream_of_which_nothing_is_heard_is_finished(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await serve()
    socket, job_id = await begin(client)
    await socket.send(audio(0, RATE))
    await socket.until("ack")
    await fall_silent(socket, monkeypatch)
    assert (await client.job_when(job_id, "queued", "processing"))["audio_duration"] == 1.0


async def test_a_stream_that_nobody_continues_after_a_restart_is_finished(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await serve()
    socket, job_id = await begin(client)
    await socket.send(audio(0, RATE))
    await socket.until("ack")
    await client.close()
    monkeypatch.setattr(recordings, "ABANDONED_S", 0.2)
    client = await serve()
    assert (await client.job_when(job_id, "queued", "processing"))["audio_duration"] == 1.0


@pytest.mark.parametrize("is_stream", [True, False])
async def test_a_recording_without_samples_is_removed(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, is_stream: bool
) -> None:
    client = await serve()
    if is_stream:
        socket, _ = await begin(client)
        await fall_silent(socket, monkeypatch)
    else:
        monkeypatch.setattr(recordings, "UNFED_S", 0.1)
        await client.fetch("POST", "/recordings", body=b"{}")
    while (await client.get("/jobs")).json["jobs"]:
        await asyncio.sleep(0.05)


async def test_a_session_that_nobody_follows_is_closed(
    serve: Serve, engine: StepEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_text, "UNWATCHED_S", 0.05)
    client = await serve()
    socket, job_id = await begin(client)
    await socket.send(audio(0, RATE))
    await socket.until("partial")
    socket.close()
    while not engine.live[0].is_closed:
        await client.get("/health")
    again = await client.socket("/ws/live")
    await again.send({"type": "start", "job_id": job_id})
    assert (await again.until("partial"))["data"]["tentative"] == " w0"


async def test_without_a_model_the_recording_goes_on(serve: Serve, engine: StepEngine) -> None:
    engine.fails_with = ModelTooLarge(model="demo")
    client = await serve()
    socket, job_id = await begin(client)
    assert (await socket.until("unavailable"))["data"]["code"] == "out_of_memory"
    await socket.send(audio(0, RATE))
    assert (await socket.until("ack"))["data"]["samples"] == RATE
    assert (await client.get(f"/job/{job_id}")).json["status"] == "pending"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"short", "invalid_frame"),
        (audio(0, 10)[:-1], "invalid_frame"),
        (audio(0, 10), "invalid_frame"),
        ({"type": "stop"}, "invalid_frame"),
        ({"type": "dance"}, "invalid_frame"),
        ({"type": "start", "options": {"speed": 2}}, "unknown_option"),
        ({"type": "start", "options": "fast"}, "invalid_option"),
        ({"type": "start", "live_model": "gpt"}, "invalid_option"),
        ({"type": "start", "format": "vinyl"}, "invalid_option"),
        ({"type": "start", "filename": 7}, "invalid_option"),
        ({"type": "start", "job_id": "none"}, "job_not_found"),
    ],
)
async def test_what_is_refused_begins_no_recording(serve: Serve, message: object, code: str) -> None:
    client = await serve()
    socket = await client.socket("/ws/live")
    await socket.send(message)
    assert (await socket.until("error"))["data"]["code"] == code
    assert (await client.get("/jobs")).json["jobs"] == []
    await socket.send({"type": "ping"})
    await socket.until("pong")


async def test_a_recording_has_the_length_of_the_limit_at_most(serve: Serve) -> None:
    client = await serve(max_audio_seconds=2)
    socket, _ = await begin(client)
    assert await send_audio(socket, 0, 2 * RATE) == 2 * RATE
    await socket.send(audio(2 * RATE, 1))
    assert (await socket.until("error"))["data"]["code"] == "audio_too_long"


async def test_every_message_is_documented(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    socket, _ = await begin(client)
    for second in range(4):
        await socket.send(audio(second * RATE, RATE))
    kinds: set[str] = set()
    while not {"ack", "segment"} <= kinds:
        message = await socket.next()
        assert message is not None
        kinds.add(message["type"])
    await socket.send({"type": "stop"})
    kinds |= {message["type"] for message in await socket.rest()}
    assert "completed" in kinds
    assert kinds <= set(asyncapi.document()["channels"]["live"]["messages"])
