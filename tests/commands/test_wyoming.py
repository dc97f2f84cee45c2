"""localwhisper wyoming, with the client library that Home Assistant uses."""

import asyncio
import json
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient as WyomingClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.server import AsyncTcpServer

from localwhisper.cli import main
from localwhisper.client import AsyncClient, ServerError
from localwhisper.client.results import Transcription
from localwhisper.commands import wyoming_server
from localwhisper.commands.wyoming_server import SpeechHandler
from tests.audio.recordings import write
from tests.process.server import Server
from tests.speech import CLIP, SPANISH_CLIP, decoded, is_text_of


@asynccontextmanager
async def connected(server: Server) -> AsyncIterator[WyomingClient]:
    client = AsyncClient(f"http://localhost:{server.port}")
    speech = AsyncTcpServer("127.0.0.1", 0)
    await speech.start(partial(SpeechHandler, client, {"model": "demo"}))
    assert speech._server is not None
    port = speech._server.sockets[0].getsockname()[1]
    async with WyomingClient.from_uri(f"tcp://127.0.0.1:{port}") as wyoming:
        yield wyoming
    await speech.stop()
    client.close()


async def read(wyoming: WyomingClient) -> Event:
    event = await wyoming.read_event()
    assert event is not None
    return event


async def send(wyoming: WyomingClient, path: Path) -> None:
    with wave.open(str(path)) as file:
        form = {"rate": file.getframerate(), "width": file.getsampwidth(), "channels": file.getnchannels()}
        await wyoming.write_event(AudioStart(**form).event())
        while samples := file.readframes(1024):
            await wyoming.write_event(AudioChunk(**form, audio=samples).event())
    await wyoming.write_event(AudioStop().event())


def test_speech_is_transcribed_and_nothing_of_it_is_kept(server: Server, tmp_path: Path) -> None:
    path = write(tmp_path / "clip.wav", decoded(CLIP))

    async def run() -> Transcript:
        async with connected(server) as wyoming:
            await wyoming.write_event(Describe().event())
            (program,) = Info.from_event(await read(wyoming)).asr
            demo = next(model for model in program.models if model.name == "demo")
            assert {"en", "es"} <= set(demo.languages)
            await wyoming.write_event(Transcribe(language="en", name="demo", transcript_names=["Ada"]).event())
            await send(wyoming, path)
            return Transcript.from_event(await read(wyoming))

    before = json.loads(server.get("/jobs"))["jobs"]
    transcript = asyncio.run(run())
    assert is_text_of(CLIP, transcript.text)
    assert transcript.language == "en"
    assert json.loads(server.get("/jobs"))["jobs"] == before


def test_home_assistant(server: Server, tmp_path: Path) -> None:
    """It asks what there is on one connection, and sends 30 ms at a time on the next, naming only a locale."""
    samples = decoded(SPANISH_CLIP).tobytes()
    form = {"rate": 16_000, "width": 2, "channels": 1}

    async def run() -> tuple[Info, Transcript]:
        async with connected(server) as wyoming:
            await wyoming.write_event(Describe().event())
            info = Info.from_event(await read(wyoming))
        async with connected(server) as wyoming:
            await wyoming.write_event(Transcribe(language="es-ES").event())
            await wyoming.write_event(AudioStart(**form).event())
            for start in range(0, len(samples), 960):
                await wyoming.write_event(AudioChunk(**form, audio=samples[start : start + 960]).event())
            await wyoming.write_event(AudioStop().event())
            return info, Transcript.from_event(await read(wyoming))

    info, transcript = asyncio.run(run())
    assert info.satellite is None
    assert [program.name for program in info.asr if program.installed] == ["localwhisper"]
    assert "es" in {code for model in info.asr[0].models if model.installed for code in model.languages}
    assert info.asr[0].requires_external_vad
    assert is_text_of(SPANISH_CLIP, transcript.text)


def test_the_recording_of_a_job_that_fails_is_not_kept(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "clip.wav", decoded(CLIP))

    async def failing(client: AsyncClient, job_id: str) -> AsyncIterator[Transcription]:
        raise ServerError("model_too_large", "There isn't enough memory.")
        yield

    async def run() -> Error:
        async with connected(server) as wyoming:
            await send(wyoming, path)
            return Error.from_event(await read(wyoming))

    monkeypatch.setattr(AsyncClient, "follow", failing)
    before = json.loads(server.get("/jobs"))["jobs"]
    assert asyncio.run(run()).code == "model_too_large"
    assert json.loads(server.get("/jobs"))["jobs"] == before


def test_what_goes_wrong_is_said(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "clip.wav", decoded(CLIP))
    monkeypatch.setattr(wyoming_server, "MAX_AUDIO_BYTES", 1000)

    async def errors() -> list[Error]:
        found = []
        for request in ("no audio", "bad language", "too long", "no start", "no rate"):
            async with connected(server) as wyoming:
                if request == "no start":
                    await wyoming.write_event(AudioChunk(rate=16_000, width=2, channels=1, audio=b"ab").event())
                elif request == "no rate":
                    await wyoming.write_event(AudioStart(rate=0, width=2, channels=1).event())
                elif request == "no audio":
                    await wyoming.write_event(AudioStop().event())
                elif request == "too long":
                    await send(wyoming, path)
                else:
                    await wyoming.write_event(Transcribe(language="klingon").event())
                    short = write(tmp_path / "short.wav", decoded(CLIP)[:400])
                    await send(wyoming, short)
                found.append(Error.from_event(await read(wyoming)))
        return found

    codes = [error.code for error in asyncio.run(errors())]
    assert codes == ["audio", "invalid_option", "audio", "audio", "audio"]


def test_addresses_are_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["wyoming", "--listen", "nonsense", "--data-dir", str(tmp_path)]) == 2
    assert "HOST:PORT" in capsys.readouterr().err
