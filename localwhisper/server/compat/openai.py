"""OpenAI's audio API: /v1/audio/transcriptions, /v1/audio/translations, /v1/models.

Fields that mean nothing here (chunking_strategy, include[] …) are let pass. `whisper-1` is the default model.
"""

import json
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

import tornado.iostream

from localwhisper.engine.checkpoints.library import ModelEntry
from localwhisper.errors import InvalidOption, LocalWhisperError, ModelNotFound
from localwhisper.jobs.model import Job, Segment, Transcript
from localwhisper.option_types import boolean_argument
from localwhisper.options import Options
from localwhisper.server.base import BaseHandler
from localwhisper.server.compat.blocking_job import AnsweringHandler, exported, segment_figures
from localwhisper.server.http_errors import status_of
from localwhisper.server.serializers import Json, finite
from localwhisper.server.services import Services

ALIASES = frozenset({"whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe"})  # what clients ask for unasked
FORMATS = ("json", "text", "srt", "verbose_json", "vtt")
GRANULARITIES = ("segment", "word")
THEIR_NAMES = {"initial_prompt": "prompt"}


def error_body(error: LocalWhisperError, status: int, message: str) -> Json:
    field = error.params.get("field")
    return {
        "error": {
            "message": message,
            "type": "invalid_request_error" if status < 500 else "server_error",
            "param": THEIR_NAMES.get(str(field), field),
            "code": "invalid_api_key" if status == 401 else error.code,
        }
    }


class OpenAiErrors(BaseHandler):
    def error_answer(self, error: LocalWhisperError, status: int) -> tuple[Json, int]:
        return error_body(error, status, self.say(error.message)), status


class TranscriptionsHandler(OpenAiErrors, AnsweringHandler):
    task = "transcribe"

    async def post(self) -> None:
        given = self.fields()
        fields = dict(given)
        format_ = choice("response_format", fields.get("response_format") or "json", FORMATS)
        granularities = [
            choice("timestamp_granularities[]", value, GRANULARITIES)
            for name, value in given
            if name.removesuffix("[]") == "timestamp_granularities"
        ] or ["segment"]
        options = self._options(fields, words="word" in granularities)
        if self.task == "transcribe" and boolean_argument("stream", fields.get("stream") or "false"):
            await self._stream(options)
            return
        job, transcript = await self.transcribe(options)
        if format_ == "json":
            self.write_json({"text": transcript.text.strip()})
        elif format_ == "verbose_json":
            self.write_json(verbose(job, transcript, granularities, self.services.models.languages))
        elif format_ == "text":
            self.write_text(transcript.text.strip() + "\n", "text/plain")
        else:
            self.write_text(exported(format_, transcript), "text/vtt" if format_ == "vtt" else "text/plain")

    def _options(self, fields: Mapping[str, str], *, words: bool) -> Options:
        temperature = fields.get("temperature")
        return self.job_options(
            model=model_name(fields.get("model"), self.services),
            task=self.task,
            language=fields.get("language") if self.task == "transcribe" else None,
            initial_prompt=fields.get("prompt"),
            # their 0 lets the temperature rise where a text is poor: whisper's ladder, our default
            temperature=None if temperature in ("0", "0.0") else temperature,
            word_timestamps=str(words),
        )

    async def _stream(self, options: Options) -> None:
        try:
            has_text = False
            async with aclosing(self.follow(options)) as items:
                async for item in items:
                    if isinstance(item, Segment):
                        delta = item.text if has_text else item.text.lstrip()
                        has_text = has_text or bool(delta)
                        if delta:
                            await self._event({"type": "transcript.text.delta", "delta": delta})
                    else:
                        await self._event({"type": "transcript.text.done", "text": item[1].text.strip()})
            await self.finish()
        except tornado.iostream.StreamClosedError:
            pass  # on_connection_close has cancelled the job
        except LocalWhisperError as error:
            if not self._headers_written:
                raise
            await self._event(error_body(error, status_of(error), self.say(error.message)))
            await self.finish()

    async def _event(self, body: Json) -> None:
        self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.write(f"data: {json.dumps(body, ensure_ascii=False)}\n\n")
        await self.flush()


class TranslationsHandler(TranscriptionsHandler):
    task = "translate"


class ModelsHandler(OpenAiErrors):
    """The models that are on this machine, and the name that OpenAI's clients send."""

    def get(self) -> None:
        self.write_json({"object": "list", "data": [*models(self.services).values()]})


class ModelHandler(OpenAiErrors):
    def get(self, name: str) -> None:
        known = models(self.services)
        if name not in known:
            raise ModelNotFound(model=name[:100], accepted=", ".join(known))
        self.write_json(known[name])


def models(services: Services) -> dict[str, Json]:
    entries = [entry for entry in services.models.library.entries() if entry.available]
    default = next((entry for entry in entries if entry.name == services.settings.default_model), None)
    rows = {"whisper-1": _model("whisper-1", default, services)}
    return rows | {entry.name: _model(entry.name, entry, services) for entry in entries}


def _model(name: str, entry: ModelEntry | None, services: Services) -> Json:
    path = services.models.library.path(entry.name) if entry is not None else None
    created = int(path.stat().st_mtime) if path is not None else 0
    owner = "localwhisper" if name == "whisper-1" or (entry is not None and entry.bundled) else "openai-whisper"
    return {"id": name, "object": "model", "created": created, "owned_by": owner}


def model_name(asked: str | None, services: Services) -> str | None:
    """None for the default model. Raises ModelNotFound."""
    if not asked or asked in ALIASES:
        return None
    name = asked.removeprefix("openai/").removeprefix("whisper-")  # as Hugging Face names the same checkpoints
    for known in (asked, name):
        if known in services.models.library.names():
            return known
    raise ModelNotFound(model=asked[:100], accepted=", ".join(["whisper-1", *services.models.library.names()]))


def choice(field: str, value: str, accepted: tuple[str, ...]) -> str:
    if value not in accepted:
        raise InvalidOption(field=field, value=value[:100], accepted=", ".join(accepted))
    return value


def verbose(job: Job, transcript: Transcript, granularities: list[str], languages: Mapping[str, str]) -> Json:
    body: dict[str, Any] = {
        "task": job.options.task,
        "language": languages.get(transcript.language, transcript.language),
        "duration": round(job.audio_duration, 2),
        "text": transcript.text.strip(),
    }
    if "segment" in granularities:
        body["segments"] = [
            {name: finite(value) if isinstance(value, float) else value for name, value in segment.items()}
            for segment in map(segment_figures, transcript.segments)
        ]
    if "word" in granularities:
        body["words"] = [
            {"word": word.word.strip(), "start": word.start, "end": word.end}
            for segment in transcript.segments
            for word in segment.words or ()
        ]
    return body
