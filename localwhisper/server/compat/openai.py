"""OpenAI's audio API: /v1/audio/transcriptions, /v1/audio/translations, /v1/models.

`whisper-1` and OpenAI's other models are the default model. Our own options may be sent, too. The header
X-Ignored-Fields names what has no effect, such as include[].
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

import tornado.iostream

from localwhisper import long_json
from localwhisper.engine.checkpoints.catalogue import OTHER_NAMES
from localwhisper.engine.checkpoints.library import ModelEntry, ModelLibrary
from localwhisper.errors import InvalidOption, LocalWhisperError, ModelNotFound
from localwhisper.export.about import About
from localwhisper.export.json_ import segment_body
from localwhisper.export.registry import EXPORTERS
from localwhisper.jobs.job import Job
from localwhisper.jobs.transcript import Segment, Transcript
from localwhisper.option_types import boolean_argument
from localwhisper.options import Options
from localwhisper.server.base import BaseHandler
from localwhisper.server.compat.field_names import SAME_NAME, known_model, means_default_model, same_options
from localwhisper.server.compat.synchronous_job import SynchronousJobHandler, temperature_option
from localwhisper.server.dependencies import Dependencies
from localwhisper.server.serializers import Json
from localwhisper.unicode_text import to_utf8

FORMATS = ("json", "text", "srt", "verbose_json", "vtt", "diarized_json")
GRANULARITIES = ("segment", "word")
OPENAI_FIELDS = {"initial_prompt": "prompt"}  # our name → theirs
KNOWN_FIELDS = frozenset({"model", "prompt", "temperature", "response_format", "stream", "language"}) | SAME_NAME


class OpenAiHandler(BaseHandler):
    """Answers with OpenAI's errors."""

    @classmethod
    def format_error(cls, error: LocalWhisperError, status: int, message: str) -> tuple[Json, int]:
        field = error.params.get("field")
        body = {
            "message": message,
            "type": "invalid_request_error" if status < 500 else "server_error",
            "param": OPENAI_FIELDS.get(str(field), field),
            "code": "invalid_api_key" if status == 401 else error.code,
        }
        return {"error": body}, status


class TranscriptionsHandler(OpenAiHandler, SynchronousJobHandler):
    task = "transcribe"

    async def process_upload(self) -> None:
        form_fields = self.form_fields()
        fields = dict(form_fields)
        response_format = choice_argument("response_format", fields.get("response_format") or "json", FORMATS)
        granularities = timestamp_granularities(form_fields)
        if response_format == "json" and any(_is_granularity(name) for name, _ in form_fields):
            response_format = "verbose_json"  # OpenAI refuses this; Subtitle Edit reads its times
        is_diarized = response_format == "diarized_json" and self.task == "transcribe"
        if is_diarized and not fields.get("speakers"):
            fields["speakers"] = "auto"
        options = await self._options(fields, word_timestamps="word" in granularities)
        self.name_ignored([name for name, text in form_fields if self._is_ignored(name, text)])
        if self.task == "transcribe" and boolean_argument("stream", fields.get("stream") or "false"):
            await self._write_events(options, response_format, granularities)
            return
        job, transcript = await self.transcribe(options)
        if response_format == "json":
            self.write_json({"text": transcript.text.strip()})
        elif response_format == "verbose_json":
            await self.write_result(verbose_body, job, transcript, granularities, self.dependencies.models.languages)
        elif response_format == "diarized_json":
            await self.write_result(diarized_body, job, transcript)
        elif response_format == "text":
            await self.write_text("text/plain", lambda: transcript.text.strip() + "\n")
        else:
            media_type = "text/vtt" if response_format == "vtt" else "text/plain"
            to_text, about = EXPORTERS[response_format].to_text, About(duration_s=job.audio_duration)
            await self.write_text(media_type, lambda: to_text(transcript, about=about))

    def _is_ignored(self, name: str, text: str) -> bool:
        if _is_granularity(name):
            return False
        if name == "chunking_strategy":  # recordings are cut into windows here, too
            return text != "auto"
        return name not in KNOWN_FIELDS or (self.task == "translate" and name in ("stream", "language"))

    async def _options(self, fields: Mapping[str, str], *, word_timestamps: bool) -> Options:
        """Raises ModelNotFound, and what job_options() raises."""
        options = {"word_timestamps": str(word_timestamps), **same_options(fields), "task": self.task}
        model = await self.run_blocking(lambda: model_name(fields.get("model", ""), self.dependencies.models.library))
        if model is not None:
            options["model"] = model
        options["language"] = fields.get("language", "") if self.task == "transcribe" else "auto"
        options["initial_prompt"] = fields.get("prompt", "")
        return await self.job_options(options | temperature_option(fields.get("temperature")))

    async def _write_events(self, options: Options, response_format: str, granularities: list[str]) -> None:
        """The transcript as server-sent events, a delta per segment; then, once they are known, the speakers' lines.

        Where times are asked for, the last event has what verbose_json has.
        """
        try:
            has_text = False
            async with aclosing(self.stream(options)) as items:
                async for item in items:
                    if isinstance(item, Segment):
                        delta = item.text if has_text else item.text.lstrip()
                        has_text = has_text or bool(delta)
                        if delta:
                            await self._write_event({"type": "transcript.text.delta", "delta": delta})
                    else:
                        job, transcript = item
                        if response_format == "diarized_json":
                            for segment in diarized_body(job, transcript)["segments"]:
                                await self._write_event(segment)
                        done: Json = {"type": "transcript.text.done", "text": transcript.text.strip()}
                        if response_format == "verbose_json":
                            languages = self.dependencies.models.languages
                            done |= await asyncio.to_thread(verbose_body, job, transcript, granularities, languages)
                        await self._write_event(done)
            await self.finish()
        except tornado.iostream.StreamClosedError:
            pass  # on_connection_close() has cancelled the job
        except LocalWhisperError as error:
            if not self._headers_written:
                raise
            body, _ = self.error_response(error)
            await self._write_event(body)
            await self.finish()

    async def _write_event(self, body: Json) -> None:
        """Write an event, with its type also as its name: some clients read only named events."""
        text = await asyncio.to_thread(long_json.dumps, body, ensure_ascii=False)
        self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.write(to_utf8(f"event: {body.get('type', 'error')}\ndata: {text}\n\n"))
        await self.flush()


class TranslationsHandler(TranscriptionsHandler):
    task = "translate"


class ModelsHandler(OpenAiHandler):
    """The models on this machine, and `whisper-1`."""

    async def get(self) -> None:
        self.write_json({"object": "list", "data": [*(await available_models(self.dependencies)).values()]})


class ModelHandler(OpenAiHandler):
    async def get(self, name: str) -> None:
        models = await available_models(self.dependencies)
        if name not in models:
            raise ModelNotFound(model=name[:100], accepted=", ".join(models))
        self.write_json(models[name])


async def available_models(dependencies: Dependencies) -> dict[str, Json]:
    """The bodies of the models that a client may choose, by name."""
    library, default_model = dependencies.models.library, dependencies.models.chooser.default_model

    def read() -> dict[str, Json]:
        entries = {entry.name: entry for entry in library.entries() if entry.available}
        models = {"whisper-1": _model_body("whisper-1", entries.get(default_model), library)}
        return models | {name: _model_body(name, entry, library) for name, entry in entries.items()}

    return await asyncio.to_thread(read)


def _model_body(name: str, entry: ModelEntry | None, library: ModelLibrary) -> Json:
    path = library.path(entry.name) if entry is not None else None
    created = int(path.stat().st_mtime) if path is not None else 0
    owner = "localwhisper" if name == "whisper-1" or (entry is not None and entry.bundled) else "openai-whisper"
    return {"id": name, "object": "model", "created": created, "owned_by": owner}


def model_name(name: str, library: ModelLibrary) -> str | None:
    """Our name of the requested model; None for the default one. Reads files. Raises ModelNotFound."""
    if means_default_model(name):
        return None
    names = [*library.names(), *OTHER_NAMES]
    known = known_model(name, names)
    if known is not None:
        return known
    raise ModelNotFound(model=name[:100], accepted=", ".join(["whisper-1", *names]))


def timestamp_granularities(fields: Sequence[tuple[str, str]]) -> list[str]:
    """Read the form field of this name: repeated, a list in JSON, or separated by commas. Raises InvalidOption."""
    texts = [text for name, text in fields if _is_granularity(name)]
    values = [value for text in texts for value in re.split(r"[\s,]+", re.sub(r'[\[\]"]', " ", text)) if value]
    return [choice_argument("timestamp_granularities[]", value, GRANULARITIES) for value in values] or ["segment"]


def _is_granularity(name: str) -> bool:
    return name.removesuffix("[]") == "timestamp_granularities"


def choice_argument(field: str, value: str, choices: tuple[str, ...]) -> str:
    """Check a form field that has a few accepted values. Raises InvalidOption."""
    if value not in choices:
        raise InvalidOption(field=field, value=value[:100], accepted=", ".join(choices))
    return value


def verbose_body(job: Job, transcript: Transcript, granularities: list[str], languages: Mapping[str, str]) -> Json:
    body: dict[str, Any] = {
        "task": job.options.task,
        "language": languages.get(transcript.language, transcript.language),
        "duration": round(job.audio_duration, 2),
        "text": transcript.text.strip(),
    }
    if "segment" in granularities:
        body["segments"] = [segment_body(segment) for segment in transcript.segments]
    if "word" in granularities:
        body["words"] = [
            {"word": word.word.strip(), "start": word.start, "end": word.end}
            for segment in transcript.segments
            for word in segment.words or ()
        ]
    return body


def diarized_body(job: Job, transcript: Transcript) -> Json:
    """Speakers without a name are A, B, …, as OpenAI calls them."""
    letters = {each.id: each.name or _letters(number) for number, each in enumerate(transcript.speakers)}
    segments = [
        {
            "id": f"seg_{segment.id}",
            "type": "transcript.text.segment",
            "start": segment.start,
            "end": segment.end,
            "text": segment.text.strip(),
            "speaker": letters.get(segment.speaker or "", "A"),
        }
        for segment in transcript.segments
    ]
    return {
        "task": "transcribe",
        "duration": round(job.audio_duration, 2),
        "text": transcript.text.strip(),
        "segments": segments,
        "usage": {"type": "duration", "seconds": round(job.audio_duration)},
    }


def _letters(number: int) -> str:
    """A to Z, then AA, AB, …"""
    return (_letters(number // 26 - 1) if number >= 26 else "") + chr(ord("A") + number % 26)
