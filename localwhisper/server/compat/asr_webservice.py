"""whisper-asr-webservice: /asr and /detect-language, as Bazarr and many scripts call them.

Options are query parameters. With `encode=false` the part `audio_file` is headerless signed 16-bit
little-endian PCM, 16 kHz, mono. The header X-Ignored-Fields names what has no effect.
"""

import asyncio
from typing import Any
from urllib.parse import quote

from localwhisper.audio.wav import HEADER_BYTES, wav_header
from localwhisper.errors import InvalidBody, InvalidOption, LocalWhisperError, MissingFile
from localwhisper.export.about import About
from localwhisper.export.registry import EXPORTERS
from localwhisper.jobs.transcript import Detection
from localwhisper.option_types import SettableIn, boolean_argument
from localwhisper.options import OPTIONS, Layout
from localwhisper.server.compat.synchronous_job import SynchronousJobHandler
from localwhisper.server.serializers import Json

QUERY_OPTIONS = {name: option for name, option in OPTIONS.items() if SettableIn.COMPAT in option.settable_in}
KNOWN_ARGUMENTS = frozenset({"encode", "output", "video_file", "lang", "diarize"})
OUTPUTS = ("txt", "vtt", "srt", "tsv", "json")
LAYOUT = Layout(max_line_width=1000, max_line_count=10)  # that service's own


class AsrWebserviceHandler(SynchronousJobHandler):
    """What both routes have in common: the part's name, raw PCM, FastAPI's errors."""

    file_field = "audio_file"

    @property
    def is_raw_pcm(self) -> bool:
        return not boolean_argument("encode", self.get_query_argument("encode", "") or "true")

    def file_header(self) -> bytes:
        return wav_header() if self.is_raw_pcm else b""

    async def finish_upload(self) -> None:
        """Make the received file one that ffmpeg can read. Raises what was wrong with the body."""
        self.form_fields()
        if self.is_raw_pcm:
            await self.run_blocking(self._complete_wav_header)

    def _complete_wav_header(self) -> None:
        assert self.form is not None
        with open(self.upload, "r+b") as file:
            file.write(wav_header(self.form.file_bytes))
            assert file.tell() == HEADER_BYTES

    def filename(self) -> str | None:
        """The job's name in the history: the video that Bazarr names, else the part's file name."""
        video = self.get_query_argument("video_file", "")
        if video:
            return video
        assert self.form is not None
        return f"{self.form.filename or 'audio'}.wav" if self.is_raw_pcm else self.form.filename

    @classmethod
    def format_error(cls, error: LocalWhisperError, status: int, message: str) -> tuple[Any, int]:
        if isinstance(error, MissingFile | InvalidBody):
            missing = {"type": "missing", "loc": ["body", cls.file_field], "msg": "Field required", "input": None}
            return {"detail": [missing]}, 422
        if isinstance(error, InvalidOption):
            invalid = {"type": "value_error", "loc": ["query", error.field], "msg": message, "input": error.value}
            return {"detail": [invalid]}, 422
        return {"detail": message}, status


class AsrHandler(AsrWebserviceHandler):
    async def process_upload(self) -> None:
        await self.finish_upload()
        output = self.get_query_argument("output", "txt")
        values = {name: self.get_query_argument(name, "") for name in QUERY_OPTIONS}
        if boolean_argument("diarize", self.get_query_argument("diarize", "") or "false"):
            values["speakers"] = "auto"
        options = await self.job_options({name: text for name, text in values.items() if text})
        self.name_ignored(self.query.keys() - QUERY_OPTIONS.keys() - KNOWN_ARGUMENTS)
        job, transcript = await self.transcribe(options, self.filename())
        assert self.form is not None
        name = quote(self.form.filename or "audio")
        self.set_header("Asr-Engine", "openai_whisper")
        self.set_header("Content-Disposition", f'attachment; filename="{name}.{quote(output)}"')
        exporter = EXPORTERS[output if output in OUTPUTS else "txt"]
        about = About(duration_s=job.audio_duration)
        await self.write_text("text/plain", exporter.to_text, transcript, LAYOUT, about)


class DetectLanguageHandler(AsrWebserviceHandler):
    """Detects on a dedicated thread, bypassing the queue. A client that disconnects cancels it."""

    _detection: "asyncio.Task[Detection] | None" = None

    async def process_upload(self) -> None:
        await self.finish_upload()
        await self.probe()
        if self.is_disconnected:
            return
        models = self.dependencies.models
        self._detection = asyncio.ensure_future(models.detector.detect(self.upload))
        await asyncio.wait([self._detection])
        if self._detection.cancelled():
            return
        detection = self._detection.result()
        body: Json = {
            "detected_language": models.languages.get(detection.language, detection.language),
            "language_code": detection.language,
            "confidence": detection.probability,
        }
        self.write_json(body)

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if self._detection is not None:
            self._detection.cancel()
