"""The single table of addresses: path → handler, with what the documentation says of each.

The application, /openapi.json, /docs and the tests are made from it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tornado.routing
import tornado.web

from localwhisper.export.registry import EXPORTERS
from localwhisper.options import LAYOUT_OPTIONS
from localwhisper.server import (
    auth,
    jobs,
    models,
    options,
    static_files,
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
    "model": r".+",  # what is none is told in the words of the product that is spoken to
    "format": "[a-z]+",
}
CURSOR = rf"^(-?[0-9]+_{PLACEHOLDERS['job_id']})?$"
PAGE = r"/(|(?:css|js)/[\w./-]+|[\w-]+\.(?:html|js|svg|png|webmanifest))"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of a route. `returns` names the schema of its JSON in schemas.py; None: it has none."""

    summary: str
    status: int = 200
    returns: str | None = None
    media_types: Sequence[str] = ()  # of other answers than JSON
    errors: Sequence[str] = ()  # codes, besides those that every route may answer
    query: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    takes: str | None = None  # schema of the multipart body
    takes_json: str | None = None  # schema of the JSON body
    fails_with: str = "Error"  # schema of an error's body
    example: str = ""  # what curl is given besides the address
    example_query: str = ""
    invalid_status: int = 400  # of a form or query that can't be taken


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
        """What each of the path's parameters may be."""
        schemas: dict[str, dict[str, Any]] = {
            name: {"type": "string", "pattern": f"^{pattern}$"} for name, pattern in PLACEHOLDERS.items()
        }
        schemas["format"] = {"type": "string", "enum": [*EXPORTERS]}
        return {name: schemas[name] for name in re.findall(r"\{(\w+)\}", self.path)}


_LANG = {"lang": {"type": "string", "description": "en or es; otherwise what Accept-Language asks for"}}
_FORMATS = {"type": "string", "enum": list(EXPORTERS), "default": "txt"}
_LAYOUT = {name: option.schema for name, option in LAYOUT_OPTIONS.items()}
_ORIGINAL = {"original": {"type": "boolean", "default": False, "description": "the machine's own text"}}
_EXPORTED = tuple(dict.fromkeys(exporter.media_type for exporter in EXPORTERS.values()))
_SPOKEN = ("text/plain", "text/vtt")  # a transcript in another product's formats
_NO_JOB = ("job_not_found",)
_UPLOAD = (
    "invalid_body",
    "missing_file",
    "duplicate_field",
    "invalid_option",
    "model_cannot_translate",
    "audio_unreadable",
    "no_audio_track",
    "audio_too_long",
    "audio_timeout",
    "upload_too_large",
    "ffmpeg_missing",
    "queue_not_running",
    "storage_full",
    "storage_unwritable",
)
_ANSWER = (
    *_UPLOAD,
    "model_not_found",
    "model_download_failed",
    "model_corrupt",
    "out_of_memory",
    "engine_not_loaded",
    "job_was_cancelled",
    "job_not_found",
)
_TEXT = {"type": "string"}
_ASR: dict[str, dict[str, Any]] = {
    "encode": {
        "type": "boolean",
        "default": True,
        "description": "false: the part is raw PCM, 16 bit, 16 kHz, mono, without a header",
    },
    "video_file": {**_TEXT, "description": "what the job is called in the history"},
}
ROUTES: tuple[Route, ...] = (
    Route("/transcribe-job", uploads.SubmitHandler, {"post": Operation(
        summary="Submit an audio or video file", returns="Submitted", takes="Upload", query=_LANG,
        example="-F file=@talk.mp3 -F model=demo -F language=auto",
        errors=(*_UPLOAD, "unknown_option"))}),
    Route("/jobs", jobs.JobsHandler, {"get": Operation(
        summary="List jobs, newest first", returns="JobPage", errors=("invalid_option",),
        query={"status": {"type": "string", "description": "states, separated by commas"},
               "q": {"type": "string", "description": "part of the file name, or words of the text"},
               "limit": {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 50},
               "cursor": {"type": "string", "pattern": CURSOR, "description": "next_cursor of the page before"},
               **_LANG})}),
    Route("/job/{job_id}", jobs.JobHandler, {
        "get": Operation(summary="One job, with its result once it is completed", returns="Job",
                         errors=(*_NO_JOB, "job_damaged"), query=_LANG),
        "delete": Operation(summary="Cancel a job; with remove, also remove it and its files", returns="Job",
                            errors=(*_NO_JOB, "job_already_finished", "invalid_option"),
                            query={"remove": {"type": "boolean", "default": False}, **_LANG})}),
    Route("/job/{job_id}/retry", jobs.RetryHandler, {"post": Operation(
        summary="Run a failed or cancelled job again, with its own options or others", returns="Job",
        errors=(*_NO_JOB, "job_not_retryable", "job_damaged", "invalid_body", "unknown_option", "invalid_option",
                "model_cannot_translate"), takes_json="Retry", query=_LANG)}),
    Route("/job/{job_id}/audio", jobs.AudioHandler, {"get": Operation(
        summary="The job's audio as it was uploaded; takes Range",
        media_types=("audio/*", "video/*", "application/octet-stream"), errors=(*_NO_JOB, "job_damaged"))}),
    Route("/job/{job_id}/waveform", jobs.WaveformHandler, {"get": Operation(
        summary="Peaks of the job's audio, for a picture of it; computed once", returns="Waveform",
        errors=(*_NO_JOB, "job_damaged", "audio_unreadable", "audio_timeout", "ffmpeg_missing"))}),
    Route("/job/{job_id}/transcript", transcripts.CorrectionHandler, {
        "get": Operation(
            summary="The transcript as a file, as it was last corrected", media_types=_EXPORTED,
            query={"format": _FORMATS, **_ORIGINAL, **_LAYOUT},
            errors=(*_NO_JOB, "job_not_finished", "job_damaged", "invalid_option")),
        "patch": Operation(
            summary="Correct the transcript: from segment `at`, `remove` segments give way to those sent; 409 where"
            " `version` is not the newest", returns="Corrected", takes_json="Correction",
            example='-d \'{"version": 0, "at": 0, "remove": 0, "segments": []}\'',
            errors=(*_NO_JOB, "job_not_finished", "transcript_changed", "job_damaged", "invalid_body",
                    "invalid_option", "storage_full", "storage_unwritable")),
        "delete": Operation(
            summary="Back to the machine's own text, as a new version", returns="Restored", example_query="version=1",
            query={"version": {"type": "integer", "minimum": 0, "description": "the newest", "required": True}},
            errors=(*_NO_JOB, "job_not_finished", "transcript_changed", "job_damaged", "invalid_option",
                    "storage_full", "storage_unwritable"))}),
    Route("/job/{job_id}/transcript.{format}", transcripts.TranscriptHandler, {"get": Operation(
        summary="The transcript as a file, by its extension", media_types=_EXPORTED, query={**_ORIGINAL, **_LAYOUT},
        errors=(*_NO_JOB, "job_not_finished", "job_damaged", "invalid_option"))}),
    Route("/queue/info", system.QueueInfoHandler, {"get": Operation(
        summary="The queue's and the sockets' figures", returns="QueueInfo")}),
    Route("/queue/restart", system.QueueRestartHandler, {"post": Operation(
        summary="Restart a stuck queue; no job is lost", returns="QueueInfo")}),
    Route("/models", models.ModelsHandler, {"get": Operation(
        summary="The checkpoints: which exist, which are here", returns="Models", query=_LANG)}),
    Route("/models/import", models.ImportHandler, {"post": Operation(
        summary="Take over a checkpoint of openai-whisper's format; checked before anything is replaced", status=201,
        returns="Model", takes="CheckpointUpload", example="-F file=@my-model.pt",
        errors=("missing_file", "unknown_option", "duplicate_field", "invalid_body", "invalid_option",
                "checkpoint_unusable", "model_bundled", "upload_too_large", "storage_full", "storage_unwritable"))}),
    Route("/models/{name}", models.ModelHandler, {"delete": Operation(
        summary="Remove a checkpoint from this machine", returns="Model",
        errors=("model_not_found", "model_bundled"))}),
    Route("/models/{name}/download", models.DownloadHandler, {"post": Operation(
        summary="Begin to fetch a checkpoint; progress comes on /ws/queue", status=202, returns="Model",
        errors=("model_not_found",)), "delete": Operation(
        summary="Stop fetching a checkpoint; what has come is gone on with at the next download", returns="Model",
        errors=("model_not_found",))}),
    Route("/options", options.OptionsHandler, {"get": Operation(
        summary="The options of a job with their texts, for a form", returns="OptionList", query=_LANG)}),
    Route("/samples", models.SamplesHandler, {"get": Operation(
        summary="The bundled sample clips with their texts", returns="Samples", query=_LANG)}),
    Route("/health", system.HealthHandler, {"get": Operation(
        summary="Whether jobs can be taken and kept; 503 with the reason where not", returns="Health")}),
    Route("/login", auth.LoginHandler, {
        "post": Operation(summary="Give the token (JSON: token) for a cookie, as the page does", returns="Login",
                          example='-d \'{"token": "TOKEN"}\'', takes_json="Token", errors=("invalid_body",)),
        "delete": Operation(summary="Take the cookie back", returns="Login")}),
    Route("/openapi.json", OpenApiHandler, {"get": Operation(
        summary="This description", returns="OpenApi")}),
    Route("/asyncapi.json", AsyncApiHandler, {"get": Operation(
        summary="The WebSocket protocol (AsyncAPI 3)", returns="OpenApi")}),
    Route("/metrics", system.MetricsHandler, {"get": Operation(
        summary="Figures for Prometheus", media_types=("text/plain",))}),
    Route("/docs", DocsHandler, {"get": Operation(summary="This description, to read", media_types=("text/html",))}),
    Route("/v1/audio/transcriptions", openai.TranscriptionsHandler, {"post": Operation(
        summary="OpenAI's API: transcribe a file and answer with the text", returns="OpenAiTranscription",
        takes="OpenAiUpload", example="-F file=@talk.mp3 -F model=whisper-1",
        media_types=(*_SPOKEN, "text/event-stream"), fails_with="OpenAiError", errors=_ANSWER)}),
    Route("/v1/audio/translations", openai.TranslationsHandler, {"post": Operation(
        summary="OpenAI's API: translate a file into English", returns="OpenAiTranscription",
        takes="OpenAiUpload", example="-F file=@talk.mp3 -F model=medium", media_types=_SPOKEN,
        fails_with="OpenAiError", errors=_ANSWER)}),
    Route("/v1/models", openai.ModelsHandler, {"get": Operation(
        summary="OpenAI's API: the models that are here", returns="OpenAiModels", fails_with="OpenAiError")}),
    Route("/v1/models/{model}", openai.ModelHandler, {"get": Operation(
        summary="OpenAI's API: one model", returns="OpenAiModel", fails_with="OpenAiError",
        errors=("model_not_found",))}),
    Route("/asr", asr_webservice.AsrHandler, {"post": Operation(
        summary="whisper-asr-webservice: transcribe a file and answer with its text", media_types=("text/plain",),
        takes="AsrUpload", example="-F audio_file=@talk.mp3",
        fails_with="Detail", errors=_ANSWER, invalid_status=422,
        query={**_ASR, **{name: option.schema for name, option in asr_webservice.QUERY_OPTIONS.items()},
               "output": {"type": "string", "enum": [*asr_webservice.OUTPUTS], "default": "txt"}})}),
    Route("/detect-language", asr_webservice.DetectLanguageHandler, {"post": Operation(
        summary="whisper-asr-webservice: the language of the first 30 seconds, in a lane of its own",
        returns="DetectedLanguage", takes="AsrUpload", example="-F audio_file=@talk.mp3",
        fails_with="Detail", errors=_ANSWER, invalid_status=422,
        query=_ASR)}),
    Route("/inference", whisper_cpp.InferenceHandler, {"post": Operation(
        summary="whisper.cpp's server: transcribe a file and answer with its text", returns="Inference",
        takes="InferenceUpload", example="-F file=@talk.mp3 -F response_format=json",
        media_types=(*_SPOKEN, "application/x-subrip"),
        fails_with="PlainError", errors=_ANSWER)}),
    Route("/ws/transcription/{job_id}", ws_handlers.JobSocketHandler, {"get": Operation(
        summary="WebSocket: one job's progress, segments and result", status=101, errors=_NO_JOB, query=_LANG)}),
    Route("/ws/queue", ws_handlers.QueueSocketHandler, {"get": Operation(
        summary="WebSocket: every job's changes and the queue's figures", status=101, query=_LANG)}),
)  # fmt: skip


def handlers(web: str, samples: str) -> list[tornado.routing.URLSpec]:
    """What the application serves; the page's files come last."""
    specs = [tornado.web.url(route.pattern, route.handler) for route in ROUTES]
    specs.append(tornado.web.url(r"/samples/([\w-]+\.opus)", static_files.PackageFileHandler, {"path": samples}))
    specs.append(
        tornado.web.url(PAGE, static_files.PackageFileHandler, {"path": web, "default_filename": "index.html"})
    )
    return specs
