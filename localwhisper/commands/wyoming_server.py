"""A server of the Wyoming protocol: each recording that it receives becomes a job, which is removed once it has ended.

Clips of less than 30 s go before all other jobs; see jobs.priority.
"""

import tempfile
import wave
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping
from contextlib import aclosing, suppress
from functools import partial
from pathlib import Path
from typing import Any

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import AsrModel, AsrProgram, Attribution, Describe, Info
from wyoming.server import AsyncEventHandler, AsyncTcpServer

from localwhisper import __version__
from localwhisper.client import AsyncClient, ServerError
from localwhisper.client.results import Transcription
from localwhisper.languages import languages

MAX_AUDIO_BYTES = 64 * 1024 * 1024  # half an hour of 16 kHz
MAX_RATE = 384_000
FILE_NAME = "voice.wav"
WHISPER = Attribution(name="OpenAI", url="https://github.com/openai/whisper")


async def serve(client: AsyncClient, options: Mapping[str, str], host: str, port: int) -> None:
    """Serve until cancelled, or SIGTERM. `options`: of the jobs, by the names of the option table."""
    await AsyncTcpServer(host, port).run(partial(SpeechHandler, client, options))


class SpeechHandler(AsyncEventHandler):
    """One connection. Threading: the event loop's thread only."""

    def __init__(
        self, client: AsyncClient, options: Mapping[str, str], reader: StreamReader, writer: StreamWriter
    ) -> None:
        super().__init__(reader, writer)
        self._client = client
        self._options = options
        self._request = Transcribe()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._audio: wave.Wave_write | None = None
        self._n_bytes = 0

    async def handle_event(self, event: Event) -> bool:
        """Return whether the connection stays open."""
        try:
            return await self._handle(event)
        except ServerError as error:
            await self.write_event(Error(text=str(error), code=error.code).event())
            return False

    async def _handle(self, event: Event) -> bool:
        if Describe.is_type(event.type):
            await self.write_event(_info(await self._client.models()).event())
        elif Transcribe.is_type(event.type):
            self._request = Transcribe.from_event(event)
        elif AudioStart.is_type(event.type):
            self._begin(AudioStart.from_event(event))
        elif AudioChunk.is_type(event.type):
            return await self._add(AudioChunk.from_event(event).audio)
        elif AudioStop.is_type(event.type):
            result = await self._transcription()
            await self.write_event(Transcript(text=result.text.strip(), language=result.language).event())
            return False
        return True

    def _begin(self, start: AudioStart) -> None:
        """Raises ServerError."""
        self._discard()
        sizes = ((start.channels, 8), (start.width, 4), (start.rate, MAX_RATE))
        if not all(isinstance(size, int) and 0 < size <= largest for size, largest in sizes):
            raise ServerError("audio", "the audio's rate, width or channels are not possible")
        self._folder = tempfile.TemporaryDirectory(prefix="localwhisper-")
        self._audio = wave.open(str(Path(self._folder.name) / FILE_NAME), "wb")  # noqa: SIM115  # closed by _discard()
        self._audio.setparams((start.channels, start.width, start.rate, 0, "NONE", ""))

    async def _add(self, samples: bytes) -> bool:
        self._n_bytes += len(samples)
        if self._audio is None or self._n_bytes > MAX_AUDIO_BYTES:
            text = "audio must begin with audio-start" if self._audio is None else "the recording is too long"
            await self.write_event(Error(text=text, code="audio").event())
            return False
        self._audio.writeframes(samples)
        return True

    async def _transcription(self) -> Transcription:
        """Raises ServerError."""
        if self._audio is None or self._folder is None or not self._n_bytes:
            raise ServerError("audio", "no audio was sent")
        self._audio.close()
        path = Path(self._folder.name) / FILE_NAME
        options: Any = {"return_timestamps": "false", **self._options, **_options_of(self._request)}
        job_id = await self._client.submit(path, **options)
        try:
            async with aclosing(self._client.follow(job_id)) as steps:
                async for step in steps:
                    if isinstance(step, Transcription):
                        return step
            raise AssertionError("the last step is the transcript")
        finally:  # also of a job that fails, so that nobody's voice is kept
            with suppress(ServerError):
                await self._client.remove(job_id)

    async def disconnect(self) -> None:
        self._discard()

    def _discard(self) -> None:
        if self._audio is not None:
            self._audio.close()
        if self._folder is not None:
            self._folder.cleanup()
        self._audio, self._folder, self._n_bytes = None, None, 0


def _options_of(request: Transcribe) -> dict[str, str]:
    """Return what the client asks for, as options of a job."""
    terms = "\n".join([*(request.transcript_names or ()), *(request.transcript_terms or ())])
    wanted = {"language": request.language, "model": request.name, "terms": terms}
    return {name: text for name, text in wanted.items() if text}


def _info(models: list[dict[str, Any]]) -> Info:
    """`models`: of GET /models."""
    codes = sorted(languages())
    described = [
        AsrModel(
            name=model["name"],
            attribution=WHISPER,
            installed=True,
            description=f"Whisper {model['name']}",
            version=None,
            languages=codes if model["multilingual"] else ["en"],
        )
        for model in models
        if model["available"]
    ]
    program = AsrProgram(
        name="localwhisper",
        attribution=Attribution(name="localwhisper", url=""),
        installed=True,
        description="Transcription on this machine",
        version=__version__,
        models=described,
    )
    return Info(asr=[program])
