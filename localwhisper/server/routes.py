"""The route table: the handler of each path, and what the documentation says about each operation.

The application, /openapi.json, /docs and the contract tests are derived from it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tornado.routing
import tornado.web

from localwhisper.audio.clip import CLIP_FORMATS
from localwhisper.export.registry import EXPORTERS
from localwhisper.options import LAYOUT_OPTIONS
from localwhisper.server import (
    auth,
    job_audio,
    jobs,
    models,
    recordings,
    static_files,
    submission_form,
    system,
    transcripts,
    uploads,
    ws_handlers,
)
from localwhisper.server.apidocs.docs_page import AsyncApiHandler, DocsHandler, OpenApiHandler
from localwhisper.server.base import BaseHandler
from localwhisper.server.compat import asr_webservice, openai, whisper_cpp
from localwhisper.server.jobs import MAX_PAGE

PLACEHOLDERS: Mapping[str, str] = {
    "job_id": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "name": r"[A-Za-z0-9][A-Za-z0-9._-]*",
    "model": r".+",  # any text: an unknown model is answered in OpenAI's error format
    "format": "[a-z]+",
}
CURSOR = rf"^(-?[0-9]+_{PLACEHOLDERS['job_id']})?$"
PAGE_FILES = r"/(|(?:css|js)/[\w./-]+|[\w-]+\.(?:html|js|svg|png|webmanifest))"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of a route. Schemas are named as in apidocs/schemas.py."""

    summary: str
    status: int = 200
    other_statuses: Sequence[int] = ()  # that also have a body of the response's schema
    response_schema: str | None = None  # None: the response is not JSON
    media_types: Sequence[str] = ()  # of responses other than JSON
    errors: Sequence[str] = ()  # codes, besides those that every route may answer with
    query: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    form_schema: str | None = None  # of the multipart body
    json_schema: str | None = None  # of the JSON body
    error_schema: str = "Error"  # of error bodies
    curl_arguments: str = ""  # besides the URL
    curl_query: str = ""
    invalid_status: int = 400  # for an invalid form or query


@dataclass(frozen=True)
class Route:
    path: str  # as OpenAPI writes it
    handler: type[BaseHandler]
    operations: Mapping[str, Operation]  # by lower-case method

    @property
    def pattern(self) -> str:
        return re.sub(r"\{(\w+)\}", lambda m: f"({PLACEHOLDERS[m[1]]})", self.path.replace(".", r"\."))

    @property
    def path_schemas(self) -> Mapping[str, Mapping[str, Any]]:
        """JSON Schema of each path parameter."""
        schemas: dict[str, dict[str, Any]] = {
            name: {"type": "string", "pattern": f"^{pattern}$"} for name, pattern in PLACEHOLDERS.items()
        }
        schemas["format"] = {"type": "string", "enum": [*EXPORTERS]}
        return {name: schemas[name] for name in re.findall(r"\{(\w+)\}", self.path)}


_LANGUAGE = {"lang": {"type": "string", "description": "en or es; overrides Accept-Language"}}
_EXPORT_FORMAT = {"type": "string", "enum": list(EXPORTERS), "default": "txt"}
_LAYOUT = {name: option.schema for name, option in LAYOUT_OPTIONS.items()}
_WHICH_TEXT = {
    "original": {"type": "boolean", "default": False, "description": "before corrections"},
    "partial": {"type": "boolean", "default": False, "description": "also of a job that is not completed: so far"},
}
_EXPORT_TYPES = tuple(dict.fromkeys(exporter.media_type for exporter in EXPORTERS.values()))
_TRANSCRIPT_TYPES = ("text/plain", "text/vtt")  # of transcripts in other products' formats
_JOB_NOT_FOUND = ("job_not_found",)
_UPLOAD_ERRORS = (
    "invalid_body",
    "missing_file",
    "duplicate_field",
    "invalid_option",
    "model_cannot_translate",
    "audio_unreadable",
    "no_audio_track",
    "audio_track_not_found",
    "audio_too_long",
    "audio_timeout",
    "dictation_unsupported",
    "upload_too_large",
    "ffmpeg_missing",
    "queue_not_running",
    "too_many_open_files",
    "storage_full",
    "storage_unwritable",
)
_JOB_ERRORS = (
    *_UPLOAD_ERRORS,
    "audio_interrupted",
    "model_not_found",
    "model_download_failed",
    "no_model",
    "model_corrupt",
    "out_of_memory",
    "engine_not_loaded",
    "job_was_cancelled",
    "job_not_found",
)
_READING_ERRORS = ("audio_unreadable", "no_audio_track", "audio_track_not_found", "audio_timeout", "audio_interrupted",
                   "dictation_unsupported", "ffmpeg_missing")  # fmt: skip
_CLIP: dict[str, dict[str, Any]] = {
    "from": {"type": "number", "minimum": 0, "default": 0, "description": "start of a clip, in seconds"},
    "to": {"type": "number", "minimum": 0, "description": f"its end; at most {job_audio.MAX_CLIP_S} s later"},
    "format": {"type": "string", "enum": [*CLIP_FORMATS], "default": "wav", "description": "of a clip"},
}
_IMPORT_ERRORS = ("checkpoint_unusable", "published_name", "model_bundled", "storage_full", "storage_unwritable")
_TEXT = {"type": "string"}
_ASR_QUERY: dict[str, dict[str, Any]] = {
    "encode": {
        "type": "boolean",
        "default": True,
        "description": "false: the file is headerless PCM, 16 bit, 16 kHz, mono",
    },
    "video_file": {**_TEXT, "description": "name of the job in the history"},
}
ROUTES: tuple[Route, ...] = (
    Route("/transcribe-job", uploads.SubmitHandler, {"post": Operation(
        summary="Submit an audio or video file", response_schema="Submitted", form_schema="Upload", query=_LANGUAGE,
        curl_arguments="-F file=@talk.mp3 -F model=demo -F language=auto",
        errors=(*_UPLOAD_ERRORS, "unknown_option"))}),
    Route("/recordings", recordings.RecordingsHandler, {"post": Operation(
        summary="Begin a recording: a pending job whose samples are sent while they are recorded", status=201,
        response_schema="Job", json_schema="Recording", query=_LANGUAGE,
        curl_arguments="-d '{\"filename\": \"Memo.wav\"}'",
        errors=("invalid_body", "invalid_option", "unknown_option", "model_cannot_translate", "queue_not_running",
                "storage_full", "storage_unwritable"))}),
    Route("/job/{job_id}/recording", recordings.SamplesHandler, {"post": Operation(
        summary="Add samples to a recording: mono, 16 kHz, signed 16-bit little-endian; those already received are"
        " ignored", response_schema="RecordingSize", curl_query="offset=0", curl_arguments="--data-binary @samples.raw",
        query={"offset": {"type": "integer", "minimum": 0, "description": "where they begin, in bytes",
                          "required": True}},
        errors=(*_JOB_NOT_FOUND, "recording_ended", "job_damaged", "invalid_option", "upload_too_large", "storage_full",
                "storage_unwritable"))}),
    Route("/job/{job_id}/recording/finish", recordings.FinishHandler, {"post": Operation(
        summary="Queue a recording, once all its samples have been sent", response_schema="Job", query=_LANGUAGE,
        errors=(*_JOB_NOT_FOUND, "recording_ended", "job_damaged", "audio_unreadable", "no_audio_track",
                "audio_too_long", "audio_timeout", "ffmpeg_missing", "storage_full", "storage_unwritable"))}),
    Route("/jobs", jobs.JobsHandler, {"get": Operation(
        summary="List jobs, newest first", response_schema="JobPage", errors=("invalid_option",),
        query={"status": {"type": "string", "description": "states, separated by commas"},
               "q": {"type": "string", "description": "part of the file name, or words of the transcript"},
               "limit": {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 50},
               "cursor": {"type": "string", "pattern": CURSOR, "description": "next_cursor of the previous page"},
               "preview": {"type": "boolean", "default": False, "description": "with the beginning of each text"},
               **_LANGUAGE})}),
    Route("/job/{job_id}", jobs.JobHandler, {
        "get": Operation(summary="One job, with its result once it is completed", response_schema="Job",
                         errors=(*_JOB_NOT_FOUND, "job_damaged"), query=_LANGUAGE),
        "delete": Operation(summary="Cancel a job; with remove=true, delete it with its files", response_schema="Job",
                            errors=(*_JOB_NOT_FOUND, "job_already_finished", "invalid_option"),
                            query={"remove": {"type": "boolean", "default": False}, **_LANGUAGE})}),
    Route("/job/{job_id}/retry", jobs.RetryHandler, {"post": Operation(
        summary="Run a failed or cancelled job again, with changed options if the body has any; it continues where it"
        " ended unless those give another text", response_schema="Job",
        errors=(*_JOB_NOT_FOUND, "job_not_retryable", "job_damaged", "invalid_body", "unknown_option", "invalid_option",
                "model_cannot_translate"), json_schema="Retry",
        query={"from_start": {"type": "boolean", "default": False, "description": "discard the text so far"},
               **_LANGUAGE})}),
    Route("/job/{job_id}/audio", job_audio.AudioHandler, {"get": Operation(
        summary="The uploaded audio, with Range; with from, to or format, that part of it as a file of its own",
        media_types=("audio/*", "video/*", "application/octet-stream"), query=_CLIP,
        errors=(*_JOB_NOT_FOUND, "job_damaged", "invalid_option", *_READING_ERRORS))}),
    Route("/job/{job_id}/waveform", job_audio.WaveformHandler, {"get": Operation(
        summary="Peaks of the audio, for drawing a waveform; computed once", response_schema="Waveform",
        errors=(*_JOB_NOT_FOUND, "job_damaged", "audio_too_long", *_READING_ERRORS))}),
    Route("/job/{job_id}/transcript", transcripts.CorrectionHandler, {
        "get": Operation(
            summary="The transcript as a file, with all corrections", media_types=_EXPORT_TYPES,
            query={"format": _EXPORT_FORMAT, **_WHICH_TEXT, **_LAYOUT},
            errors=(*_JOB_NOT_FOUND, "job_not_finished", "job_damaged", "invalid_option")),
        "patch": Operation(
            summary="Correct the transcript: replace `remove` segments from index `at` with those sent; 409 if"
            " `version` is not the latest", response_schema="Corrected", json_schema="Correction",
            curl_arguments='-d \'{"version": 0, "at": 0, "remove": 0, "segments": []}\'',
            errors=(*_JOB_NOT_FOUND, "job_not_finished", "transcript_changed", "job_damaged", "invalid_body",
                    "invalid_option", "storage_full", "storage_unwritable")),
        "delete": Operation(
            summary="Discard all corrections, as a new version", response_schema="Restored", curl_query="version=1",
            query={"version": {"type": "integer", "minimum": 0, "description": "the latest", "required": True}},
            errors=(*_JOB_NOT_FOUND, "job_not_finished", "transcript_changed", "job_damaged", "invalid_option",
                    "storage_full", "storage_unwritable"))}),
    Route("/job/{job_id}/transcript.{format}", transcripts.TranscriptHandler, {"get": Operation(
        summary="The transcript as a file, in the format of the extension", media_types=_EXPORT_TYPES,
        query={**_WHICH_TEXT, **_LAYOUT},
        errors=(*_JOB_NOT_FOUND, "job_not_finished", "job_damaged", "invalid_option"))}),
    Route("/job/{job_id}/subtitle-check", transcripts.SubtitleCheckHandler, {"get": Operation(
        summary="Subtitles that are outside the limits of their preset", response_schema="SubtitleCheck", query=_LAYOUT,
        errors=(*_JOB_NOT_FOUND, "job_not_finished", "job_damaged", "invalid_option"))}),
    Route("/queue/info", system.QueueInfoHandler, {"get": Operation(
        summary="Figures of the queue and the WebSockets", response_schema="QueueInfo")}),
    Route("/queue/restart", system.QueueRestartHandler, {"post": Operation(
        summary="Restart a stuck queue without losing a job", response_schema="QueueInfo")}),
    Route("/models", models.ModelsHandler, {"get": Operation(
        summary="All models, and which of them are on this machine", response_schema="Models", query=_LANGUAGE)}),
    Route("/models/import", models.ImportHandler, {"post": Operation(
        summary="Import a model from a file; it is checked before it replaces anything", status=201,
        response_schema="Model", form_schema="CheckpointUpload", curl_arguments="-F file=@my-model.pt",
        errors=("missing_file", "unknown_option", "duplicate_field", "invalid_body", "upload_too_large",
                "invalid_option", *_IMPORT_ERRORS))}),
    Route("/models/{name}", models.ModelHandler, {"delete": Operation(
        summary="Remove a model from this machine", response_schema="Model",
        errors=("model_not_found", "model_bundled"))}),
    Route("/models/{name}/download", models.DownloadHandler, {"post": Operation(
        summary="Start downloading a model; progress is sent on /ws/queue", status=202, response_schema="Model",
        errors=("model_not_found", "invalid_option"), query={"source": {
            "type": "string", "description": "openai or index; by default the first that can be reached"}}),
        "delete": Operation(
        summary="Cancel a model's download; the next one continues it", response_schema="Model",
        errors=("model_not_found",))}),
    Route("/models/{name}/import", models.ImportFoundHandler, {"post": Operation(
        summary="Import a model that another program keeps on this machine: one of `found` in GET /models", status=201,
        response_schema="Model", errors=("model_not_found", *_IMPORT_ERRORS))}),
    Route("/options", submission_form.OptionsHandler, {"get": Operation(
        summary="The options of a job, with the texts of a form", response_schema="OptionList", query=_LANGUAGE)}),
    Route("/samples", submission_form.SamplesHandler, {"get": Operation(
        summary="The bundled sample clips, with their texts", response_schema="Samples", query=_LANGUAGE)}),
    Route("/health", system.HealthHandler, {"get": Operation(
        summary="Whether jobs can be accepted and stored; otherwise 503 with the reason", response_schema="Health",
        other_statuses=(503,))}),
    Route("/login", auth.LoginHandler, {
        "post": Operation(summary="Exchange the token for a cookie, as the page does", response_schema="Login",
                          curl_arguments='-d \'{"token": "TOKEN"}\'', json_schema="Token", errors=("invalid_body",)),
        "delete": Operation(summary="Clear the cookie", response_schema="Login")}),
    Route("/openapi.json", OpenApiHandler, {"get": Operation(
        summary="This description (OpenAPI 3.1)", response_schema="OpenApi")}),
    Route("/asyncapi.json", AsyncApiHandler, {"get": Operation(
        summary="The WebSocket protocol (AsyncAPI 3)", response_schema="OpenApi")}),
    Route("/metrics", system.MetricsHandler, {"get": Operation(
        summary="Metrics for Prometheus", media_types=("text/plain",))}),
    Route("/docs", DocsHandler, {"get": Operation(summary="This description as a page", media_types=("text/html",))}),
    Route("/v1/audio/transcriptions", openai.TranscriptionsHandler, {"post": Operation(
        summary="OpenAI's API: transcribe a file and wait for the text", response_schema="OpenAiTranscription",
        form_schema="OpenAiUpload", curl_arguments="-F file=@talk.mp3 -F model=whisper-1",
        media_types=(*_TRANSCRIPT_TYPES, "text/event-stream"), error_schema="OpenAiError", errors=_JOB_ERRORS)}),
    Route("/v1/audio/translations", openai.TranslationsHandler, {"post": Operation(
        summary="OpenAI's API: translate a file into English", response_schema="OpenAiTranscription",
        form_schema="OpenAiUpload", curl_arguments="-F file=@talk.mp3 -F model=medium", media_types=_TRANSCRIPT_TYPES,
        error_schema="OpenAiError", errors=_JOB_ERRORS)}),
    Route("/v1/models", openai.ModelsHandler, {"get": Operation(
        summary="OpenAI's API: the models on this machine", response_schema="OpenAiModels",
        error_schema="OpenAiError")}),
    Route("/v1/models/{model}", openai.ModelHandler, {"get": Operation(
        summary="OpenAI's API: one model", response_schema="OpenAiModel", error_schema="OpenAiError",
        errors=("model_not_found",))}),
    Route("/asr", asr_webservice.AsrHandler, {"post": Operation(
        summary="whisper-asr-webservice: transcribe a file and wait for the text", media_types=("text/plain",),
        form_schema="AsrUpload", curl_arguments="-F audio_file=@talk.mp3",
        error_schema="Detail", errors=_JOB_ERRORS, invalid_status=422,
        query={**_ASR_QUERY, **{name: option.schema for name, option in asr_webservice.QUERY_OPTIONS.items()},
               "output": {"type": "string", "enum": [*asr_webservice.OUTPUTS], "default": "txt"}})}),
    Route("/detect-language", asr_webservice.DetectLanguageHandler, {"post": Operation(
        summary="whisper-asr-webservice: detect the language of the first 30 seconds, bypassing the queue",
        response_schema="DetectedLanguage", form_schema="AsrUpload", curl_arguments="-F audio_file=@talk.mp3",
        error_schema="Detail", errors=_JOB_ERRORS, invalid_status=422, query=_ASR_QUERY)}),
    Route("/inference", whisper_cpp.InferenceHandler, {"post": Operation(
        summary="whisper.cpp's server: transcribe a file and wait for the text", response_schema="Inference",
        form_schema="InferenceUpload", curl_arguments="-F file=@talk.mp3 -F response_format=json",
        media_types=(*_TRANSCRIPT_TYPES, "application/x-subrip"), error_schema="PlainError", errors=_JOB_ERRORS)}),
    Route("/ws/transcription/{job_id}", ws_handlers.JobSocketHandler, {"get": Operation(
        summary="WebSocket: one job's progress, segments and result", status=101, errors=_JOB_NOT_FOUND,
        query=_LANGUAGE)}),
    Route("/ws/queue", ws_handlers.QueueSocketHandler, {"get": Operation(
        summary="WebSocket: every job's changes and the queue's figures", status=101, query=_LANGUAGE)}),
)  # fmt: skip


def url_specs(web: str, samples: str) -> list[tornado.routing.URLSpec]:
    """URL specs of all routes, then those of the samples and the page."""
    specs = [tornado.web.url(route.pattern, route.handler) for route in ROUTES]
    specs.append(tornado.web.url(r"/samples/([\w-]+\.opus)", static_files.PackageFileHandler, {"path": samples}))
    specs.append(
        tornado.web.url(PAGE_FILES, static_files.PackageFileHandler, {"path": web, "default_filename": "index.html"})
    )
    return specs
