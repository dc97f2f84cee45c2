"""whisper-asr-webservice: /asr and /detect-language, as Bazarr and many scripts call them.

The options stand in the query. With `encode=false` the part `audio_file` is headerless signed 16-bit
little-endian PCM, 16 kHz, mono. `diarize` and its friends are accepted and left aside.
"""

import asyncio
from typing import Any
from urllib.parse import quote

from localwhisper.audio.wav import HEADER_BYTES, wav_header
from localwhisper.errors import InvalidBody, InvalidOption, LocalWhisperError, MissingFile
from localwhisper.export.registry import EXPORTERS
from localwhisper.jobs.model import Detection
from localwhisper.option_types import Shown, boolean_argument
from localwhisper.options import OPTIONS, Layout
from localwhisper.server.compat.blocking_job import AnsweringHandler
from localwhisper.server.serializers import Json

QUERY_OPTIONS = {name: option for name, option in OPTIONS.items() if Shown.COMPAT in option.shown}
OUTPUTS = ("txt", "vtt", "srt", "tsv", "json")
LAYOUT = Layout(max_line_width=1000, max_line_count=10)  # as that service writes subtitles


class AsrErrors(AnsweringHandler):
    """What /asr and /detect-language have in common: the part's name, raw samples, FastAPI's errors."""

    file_field = "audio_file"

    def file_head(self) -> bytes:
        return b"" if self._is_encoded() else wav_header()

    def _is_encoded(self) -> bool:
        return self.switch("encode", "true")

    def switch(self, name: str, default: str) -> bool:
        """A boolean of the query. Raises InvalidOption."""
        return boolean_argument(name, self.get_query_argument(name, "") or default)

    async def received(self) -> None:
        """Everything has arrived, and is a file that ffmpeg can read."""
        self.fields()
        if not self._is_encoded():
            await self.blocking(self._finish_header)

    def _finish_header(self) -> None:
        assert self.form is not None
        with open(self.upload, "r+b") as file:
            file.write(wav_header(self.form.file_bytes))
            assert file.tell() == HEADER_BYTES

    def filename(self) -> str | None:
        """What the job is called in the history: the video that Bazarr names, else the part's name."""
        video = self.get_query_argument("video_file", "")
        if video:
            return video
        assert self.form is not None
        return self.form.filename if self._is_encoded() else f"{self.form.filename or 'audio'}.wav"

    def error_answer(self, error: LocalWhisperError, status: int) -> tuple[Any, int]:
        message = self.say(error.message)
        if isinstance(error, MissingFile | InvalidBody):
            missing = {"type": "missing", "loc": ["body", self.file_field], "msg": "Field required", "input": None}
            return {"detail": [missing]}, 422
        if isinstance(error, InvalidOption):
            wrong = {
                "type": "value_error",
                "loc": ["query", error.field],
                "msg": message,
                "input": error.value,
            }
            return {"detail": [wrong]}, 422
        return {"detail": message}, status


class AsrHandler(AsrErrors):
    async def post(self) -> None:
        await self.received()
        asked = self.get_query_argument("output", "txt")
        output = asked if asked in OUTPUTS else "txt"
        options = self.job_options(**{name: self.get_query_argument(name, "") or None for name in QUERY_OPTIONS})
        _, transcript = await self.transcribe(options, self.filename())
        assert self.form is not None
        name = quote(self.form.filename or "audio")
        self.set_header("Asr-Engine", "openai_whisper")
        self.set_header("Content-Disposition", f'attachment; filename="{name}.{quote(asked)}"')
        self.write_text(EXPORTERS[output].to_text(transcript, LAYOUT), "text/plain")


class DetectLanguageHandler(AsrErrors):
    """Detects on a dedicated thread, bypassing the queue. A client that hangs up cancels it."""

    detection: "asyncio.Task[Detection] | None" = None  # while it is under way

    async def post(self) -> None:
        await self.received()
        services = self.services
        await self.blocking(lambda: services.uploads.probe(self.upload), services.uploads.probe_executor)
        if self.is_gone:
            return
        try:
            detected = await self._detect()
        except asyncio.CancelledError:
            if self.is_gone:
                return
            raise
        body: Json = {
            "detected_language": services.models.languages.get(detected.language, detected.language),
            "language_code": detected.language,
            "confidence": detected.probability,
        }
        self.write_json(body)

    async def _detect(self) -> Detection:
        services = self.services
        self.is_busy = True  # the upload stays until the engine has read it
        self.detection = asyncio.ensure_future(
            services.models.detector.detect(self.upload, services.settings.default_model)
        )
        try:
            return await self.detection
        finally:
            self.detection, self.is_busy = None, False
            if self.is_gone:
                self._discard()

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if self.detection is not None:
            self.detection.cancel()
