"""OpenAI's Realtime transcription with OpenAI's SDK, against the real process and the bundled model."""

import asyncio
import base64
from typing import Any

import numpy as np
import openai
import pytest

from tests.conftest import Serve
from tests.process.server import Server
from tests.speech import CLIP, decoded, is_text_of
from tests.step_engine import StepEngine

RATE = 24_000
TRANSCRIPTION = "conversation.item.input_audio_transcription"


def speech_at(rate: int) -> bytes:
    """A bundled clip between pauses."""
    clip = np.concatenate([np.zeros(8_000, np.int16), decoded(CLIP), np.zeros(16_000, np.int16)])
    at = np.arange(len(clip) * rate // 16_000) * 16_000 / rate
    return np.interp(at, np.arange(len(clip)), clip).astype("<i2").tobytes()


def transcript(events: list[Any]) -> str:
    return " ".join(event.transcript for event in events if event.type == f"{TRANSCRIPTION}.completed")


async def converse(server: Server, turn_detection: Any, *, commits: bool) -> list[Any]:
    """Send the clip; return the events until all of it is transcribed."""
    client = openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)
    events: list[Any] = []
    async with client.realtime.connect(extra_query={"intent": "transcription"}) as connection:
        await connection.session.update(
            session={
                "type": "transcription",
                "audio": {
                    "input": {
                        "format": {"type": "audio/pcm", "rate": RATE},
                        "transcription": {"model": "demo", "language": "en"},
                        "turn_detection": turn_detection,
                    }
                },
            }
        )
        pcm = speech_at(RATE)
        for first in range(0, len(pcm), RATE):  # half a second each
            await connection.input_audio_buffer.append(audio=base64.b64encode(pcm[first : first + RATE]).decode())
        if commits:
            await connection.input_audio_buffer.commit()
        async for event in connection:
            events.append(event)
            if event.type == f"{TRANSCRIPTION}.completed" and is_text_of(CLIP, transcript(events)):
                break
    await client.close()
    return events


@pytest.mark.parametrize("commits", [False, True])
def test_the_sdk_gets_deltas_then_the_text(server: Server, commits: bool) -> None:
    turn_detection = None if commits else {"type": "server_vad"}
    events = asyncio.run(asyncio.wait_for(converse(server, turn_detection, commits=commits), 180))
    kinds = [event.type for event in events]
    assert kinds[:2] == ["session.created", "session.updated"]
    assert (events[1].session.type, events[1].session.audio.input.transcription.model) == ("transcription", "demo")
    for item in [event for event in events if event.type == f"{TRANSCRIPTION}.completed"]:
        deltas = [event for event in events if event.type == f"{TRANSCRIPTION}.delta" and event.item_id == item.item_id]
        assert "".join(event.delta for event in deltas).strip() == item.transcript
    assert ("input_audio_buffer.speech_started" in kinds) == (not commits)
    assert kinds.index("input_audio_buffer.committed") < kinds.index("conversation.item.added")
    job = server.newest_job_when("completed", "Realtime.wav")  # the client has left
    assert is_text_of(CLIP, server.request("GET", f"/job/{job['job_id']}")["result"]["text"])
    assert job["audio_duration"] == pytest.approx(len(speech_at(RATE)) / 2 / RATE, abs=0.01)


@pytest.mark.gen_test
async def test_faulty_events_are_answered_in_openai_s_form(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    socket = await client.socket("/v1/realtime?intent=transcription")
    assert (await socket.until("session.created"))["session"]["audio"]["input"]["format"]["rate"] == RATE
    for event, param, code in [
        ("no JSON", None, "invalid_frame"),
        ({"type": "response.create", "event_id": "mine"}, None, "invalid_frame"),
        ({"type": "input_audio_buffer.commit"}, None, "invalid_frame"),
        ({"type": "input_audio_buffer.append", "audio": "*"}, "audio", "invalid_option"),
        ({"type": "input_audio_buffer.append", "audio": "AAAA"}, "audio", "invalid_option"),  # 3 bytes
        ({"type": "session.update", "session": {"type": "realtime"}}, "session.type", "invalid_option"),
        ({"type": "session.update"}, None, "invalid_frame"),
        (
            {"type": "session.update", "session": {"audio": {"input": {"format": {"type": "audio/pcmu"}}}}},
            "format",
            "invalid_option",
        ),
    ]:
        await socket.send(event)
        error = (await socket.until("error"))["error"]
        assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", code, param)
        assert error["event_id"] == (event.get("event_id") if isinstance(event, dict) else None)
    assert (await client.get("/jobs")).json["jobs"] == []


@pytest.mark.gen_test
async def test_the_beta_form_and_several_items(serve: Serve, engine: StepEngine) -> None:
    """The fake engine hears a word a second, and ends an utterance after three."""
    client = await serve()
    socket = await client.socket("/v1/realtime?intent=transcription")
    update = {"input_audio_format": "pcm16", "input_audio_transcription": {"model": "demo"}}
    await socket.send({"type": "transcription_session.update", "session": update})
    assert (await socket.until("transcription_session.updated"))["session"]["audio"]["input"]["transcription"][
        "model"
    ] == "demo"
    second = base64.b64encode(bytes(2 * RATE)).decode()
    for _ in range(7):
        await socket.send({"type": "input_audio_buffer.append", "audio": second})
    transcripts = [(await socket.until(f"{TRANSCRIPTION}.completed"))["transcript"] for _ in range(2)]
    assert transcripts == ["w0 w1 w2", "w3 w4 w5"]
    socket.close()
    job = (await client.get("/jobs")).json["jobs"][0]
    engine.release()
    await client.job_when(job["job_id"], "completed")
