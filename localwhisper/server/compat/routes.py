"""The routes of other products' APIs."""

from typing import Any

from localwhisper.server.compat import asr_webservice, openai, realtime, whisper_cpp
from localwhisper.server.route import UPLOAD_ERRORS, Operation, Route

_TRANSCRIPT_TYPES = ("text/plain", "text/vtt")  # of transcripts in other products' formats
_JOB_ERRORS = (
    *UPLOAD_ERRORS,
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
_TEXT = {"type": "string"}
_ASR_QUERY: dict[str, dict[str, Any]] = {
    "encode": {
        "type": "boolean",
        "default": True,
        "description": "false: the file is headerless PCM, 16 bit, 16 kHz, mono",
    },
    "diarize": {"type": "boolean", "default": False, "description": "as speakers=auto"},
    "video_file": {**_TEXT, "description": "name of the job in the history"},
}

COMPAT_ROUTES: tuple[Route, ...] = (
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
    Route("/v1/realtime", realtime.RealtimeHandler, {"get": Operation(
        summary="OpenAI's Realtime API, for transcription: text while somebody speaks", status=101,
        error_schema="OpenAiError", query={"intent": {**_TEXT, "description": "transcription"},
                                           "model": {**_TEXT, "description": "ignored: the session names one"}})}),
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
        media_types=tuple(whisper_cpp.MEDIA_TYPES.values()), error_schema="PlainError", errors=_JOB_ERRORS)}),
)  # fmt: skip
