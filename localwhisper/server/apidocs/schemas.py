"""JSON Schemas of the API's bodies, for /openapi.json. The bodies themselves are made in serializers.py."""

from typing import Any, get_args

from localwhisper.engine.checkpoints.catalogue import Purpose
from localwhisper.engine.checkpoints.origin import FORMATS
from localwhisper.export.registry import EXPORTERS
from localwhisper.export.subtitle_limits import Problem
from localwhisper.jobs.job import JobState
from localwhisper.option_types import Kind
from localwhisper.options import OPTIONS

Schema = dict[str, Any]


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> Schema:
    return {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _or_null(kind: str, **more: Any) -> Schema:
    return {"type": [kind, "null"], **more}


TEXT: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
COUNT: Schema = {**INTEGER, "minimum": 0}
NUMBER: Schema = {"type": "number"}
BOOLEAN: Schema = {"type": "boolean"}
SECONDS: Schema = {"type": "number", "description": "seconds"}
TIME: Schema = {"type": "string", "format": "date-time"}
STATE: Schema = {"type": "string", "enum": [state.value for state in JobState]}
MESSAGE = _object({"code": TEXT, "message": TEXT})
MODEL_REASON: Schema = {**MESSAGE, "description": "why the job has this model"}
QUEUE_FIGURES = _object({
    "queue_size": INTEGER, "active_jobs": INTEGER, "total_jobs": INTEGER, "max_concurrent_jobs": INTEGER,
    "is_running": BOOLEAN,
})  # fmt: skip

SPEAKER = _object({
    "id": TEXT, "name": {**TEXT, "description": "empty until one is given"},
    "seconds": {**NUMBER, "description": "how long this speaker talks"},
})  # fmt: skip
FILE: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}
COMPAT_SCHEMAS: dict[str, Schema] = {
    "OpenAiError": _object({"error": _object({
        "message": TEXT, "type": TEXT, "param": _or_null("string"), "code": _or_null("string"),
    })}),
    "OpenAiUpload": _object({"file": FILE}, {
        "model": {**TEXT, "default": "whisper-1"}, "language": TEXT, "prompt": TEXT,
        "response_format": {**TEXT, "enum": ["json", "text", "srt", "verbose_json", "vtt", "diarized_json"],
                            "default": "json"},
        "temperature": NUMBER, "stream": BOOLEAN, "timestamp_granularities[]": _list(TEXT),
    }),
    "OpenAiTranscription": _object({"text": TEXT}, {
        "task": TEXT, "language": TEXT, "duration": SECONDS, "segments": _list({"type": "object"}),
        "words": _list(_object({"word": TEXT, "start": SECONDS, "end": SECONDS})),
    }),
    "OpenAiModel": _object({"id": TEXT, "object": TEXT, "created": INTEGER, "owned_by": TEXT}),
    "OpenAiModels": _object({"object": TEXT, "data": _list(_ref("OpenAiModel"))}),
    "Detail": _object({"detail": {"type": ["string", "array"]}}),
    "AsrUpload": _object({"audio_file": FILE}),
    "DetectedLanguage": _object({"detected_language": TEXT, "language_code": TEXT, "confidence": NUMBER}),
    "PlainError": _object({"error": TEXT}),
    "InferenceUpload": _object({"file": FILE}, {
        "response_format": {**TEXT, "enum": ["json", "text", "srt", "verbose_json", "vtt"], "default": "json"},
        "language": {**TEXT, "default": "en"}, "translate": BOOLEAN, "prompt": TEXT, "temperature": NUMBER,
    }),
    "Inference": _object({"text": TEXT}),
}  # fmt: skip

SCHEMAS: dict[str, Schema] = {
    "Error": _object({"error": MESSAGE}),
    "Upload": _object(
        {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
        {name: option.schema for name, option in OPTIONS.items()},
    ),
    "CheckpointUpload": _object({"file": FILE}, {
        "name": {**TEXT, "description": "name of the model; by default that of the file"},
        "as_published": {**BOOLEAN, "default": False,
                         "description": "the file is to be the published model of this name, though it differs"},
    }),
    "Submitted": _object({
        "job_id": TEXT, "status": STATE, "websocket_url": TEXT, "estimated_processing_time": SECONDS,
        "queue_position": INTEGER, "model": TEXT, "model_reason": MODEL_REASON,
    }),
    "Word": _object({"word": TEXT, "start": SECONDS, "end": SECONDS, "probability": NUMBER}, {"speaker": TEXT}),
    "Segment": _object(
        {
            "id": INTEGER, "start": SECONDS, "end": SECONDS, "text": TEXT, "avg_logprob": _or_null("number"),
            "no_speech_prob": _or_null("number"), "compression_ratio": _or_null("number"), "temperature": NUMBER,
            "retries": INTEGER,
        },
        {
            "words": _list(_ref("Word")),
            "channel": {**TEXT, "description": "left, right, channel 3 …; with channels=split"},
            "speaker": {**TEXT, "description": "id of one of the result's speakers"},
            "overlap": {**BOOLEAN, "description": "another speaker talks at the same time"},
        },
    ),
    "Result": _object({
        "text": TEXT, "language": TEXT, "segments": _list(_ref("Segment")), "processing_time": SECONDS,
        "retries": {**INTEGER, "description": "windows decoded again, for repetitive or improbable text"},
    }, {"speakers": _list(SPEAKER)}),
    "Restored": _object({
        "text": TEXT, "language": TEXT, "segments": _list(_ref("Segment")), "processing_time": SECONDS,
        "retries": INTEGER, "version": INTEGER,
    }, {"speakers": _list(SPEAKER)}),
    "Speakers": _object({
        "version": INTEGER,
        "speakers": _list({**SPEAKER, "properties": {**SPEAKER["properties"], "sample": {
            "anyOf": [_object({"start": SECONDS, "end": SECONDS}), {"type": "null"}],
            "description": "at most 10 s of this speaker, for GET /job/{job_id}/audio?from=…&to=…",
        }}}),
        "segments": _list(_or_null("string", description="id of the segment's speaker")),
        "search": {
            "anyOf": [
                _object({"status": {**TEXT, "enum": ["running", "failed"]}, "code": TEXT, "message": TEXT}),
                {"type": "null"},
            ],
            "description": "null: none is running, and the last one succeeded",
        },
    }),
    "SpeakerSearch": _object({}, {
        name: OPTIONS[name].json_schema for name in ("speakers", "min_speakers", "max_speakers")
    }),
    "SpeakerEdit": _object({"version": COUNT}, {
        "names": {"type": "object", "additionalProperties": TEXT, "description": "by id"},
        "merge": {**TEXT, "description": "id of the speaker who is another one"}, "into": TEXT,
        "at": COUNT, "count": COUNT, "speaker": {**TEXT, "description": "an id, or new"},
    }),
    "Line": _object({"start": SECONDS, "end": SECONDS, "text": TEXT}),
    "Token": _object({"token": TEXT}),
    "Correction": _object({"version": COUNT, "at": COUNT, "remove": COUNT, "segments": _list(_ref("Line"))}),
    "Corrected": _object({"version": INTEGER, "at": INTEGER, "remove": INTEGER, "segments": _list(_ref("Segment"))}),
    "Differences": _object({"version": INTEGER, "differences": _list(_object({
        "id": {**TEXT, "description": "stays the same when other differences are taken over"},
        "segment": {**COUNT, "description": "index of the first segment concerned"}, "start": SECONDS, "end": SECONDS,
        "text": {**TEXT, "description": "the words that the other text doesn't have"},
        "other_text": {**TEXT, "description": "those that it has instead"},
        "before": {**TEXT, "description": "the words around them"}, "after": TEXT,
        "is_spelling": {"type": "boolean", "description": "only capitals or punctuation differ"},
        "places": {
            **_list(_object({"segment": COUNT, "start": COUNT, "end": COUNT})),
            "description": "the characters that are replaced: from … to, in the text of a segment",
        },
        "new_lines": {**_list(_ref("Line")), "description": "where whole segments are missing"},
    }))}),
    "Script": _object({"version": COUNT, "text": TEXT}),
    "Aligned": _object({
        "text": TEXT, "language": TEXT, "segments": _list(_ref("Segment")), "processing_time": SECONDS,
        "retries": INTEGER, "version": INTEGER, "words": {**COUNT, "description": "of the text"},
        "placed": {**COUNT, "description": "of them, those that are spoken as far as the recording shows it"},
    }),
    "TakeOver": _object({"version": COUNT, "ids": _list(TEXT)}),
    "Recording": _object({"filename": TEXT}, {name: option.json_schema for name, option in OPTIONS.items()}),
    "RecordingSize": _object({"size_bytes": {**COUNT, "description": "of all samples received"}}),
    "LiveSegment": _object({
        "id": INTEGER, "start": SECONDS, "end": SECONDS, "text": TEXT, "language": TEXT,
    }),
    "LivePartial": _object({
        "stable": TEXT, "tentative": TEXT, "words": _list(_ref("Word")), "heard": SECONDS, "lag": SECONDS,
        "language": _or_null("string"),
    }),
    "Retry": _object({}, {name: option.json_schema for name, option in OPTIONS.items()}),
    "SubtitleCheck": _object({
        "limits": _object({
            "line_width": {**NUMBER, "description": "columns; a Chinese, Japanese or Korean character takes two"},
            "n_lines": INTEGER, "min_s": SECONDS, "max_s": SECONDS, "columns_per_s": NUMBER, "gap_s": SECONDS,
            "max_words": _or_null("integer"),
        }),
        "subtitles": {**COUNT, "description": "number of all subtitles"},
        "outside": _list(_object({
            "number": {**INTEGER, "description": "of the subtitle, from 1"}, "start": SECONDS, "end": SECONDS,
            "text": TEXT, "columns_per_s": NUMBER, "problems": _list({**TEXT, "enum": list(get_args(Problem))}),
        })),
    }),
    "Waveform": _object({
        "duration": SECONDS,
        "peaks": _list({**INTEGER, "minimum": 0, "maximum": 255, "description": "the peak of one of equal parts"}),
        "speech": _list({
            "type": "array", "items": SECONDS, "minItems": 2, "maxItems": 2,
            "description": "start and end of a part in which somebody speaks",
        }),
    }),
    "Job": _object(
        {
            "job_id": TEXT, "status": STATE, "progress": {**NUMBER, "description": "percent"}, "message": TEXT,
            "created_at": TIME, "started_at": _or_null("string", format="date-time"),
            "estimated_time_remaining": _or_null("number"), "filename": TEXT, "model": TEXT,
            "model_reason": MODEL_REASON, "language": _or_null("string"), "options": {"type": "object"},
            "audio_duration": SECONDS,
            "audio_tracks": {
                **_list(_object({"number": INTEGER, "language": _or_null("string")})),
                "description": "if there are several; POST /job/{job_id}/again transcribes another",
            },
            "audio_track_used": _or_null("integer", description="of several audio tracks, once the job has begun"),
            "tags": _list(TEXT), "notes": _list(_ref("Note")),
            "again_of": _or_null("string", description="the job whose recording this one transcribes again"),
            "warnings": {**_list(MESSAGE), "description": "what was wrong with the audio; of a completed job"},
        },
        {
            "queue_position": _or_null("integer"), "completed_at": _or_null("string", format="date-time"),
            "error": MESSAGE, "result": _ref("Result"), "segments": _list(_ref("Segment")),
            "transcript_version": {**INTEGER, "description": "number of corrections of the result"},
            "preview": _or_null("string", description="the beginning of the text; null: not known yet"),
            "excerpt": {**_list(TEXT), "description": "search hits in context: text, hit, text, …"},
        },
    ),
    "Note": _object({"start": SECONDS, "end": SECONDS, "quote": TEXT}, {"text": TEXT}),
    "Description": _object({}, {"filename": TEXT, "tags": _list(TEXT), "notes": _list(_ref("Note"))}),
    "JobPage": _object({"jobs": _list(_ref("Job")), "next_cursor": _or_null("string")}),
    "QueueInfo": _object({
        "queue": QUEUE_FIGURES,
        "websockets": _object({
            "total_connections": INTEGER, "jobs_with_connections": INTEGER, "active_jobs": _list(TEXT),
        }),
    }),
    "Model": _object({
        "name": TEXT, "size_bytes": _or_null("integer"), "available": BOOLEAN, "bundled": BOOLEAN,
        "multilingual": BOOLEAN, "translates": BOOLEAN, "plans": {"type": "object"}, "description": _or_null("string"),
        "download": {"type": ["object", "null"]}, "origin": {"anyOf": [_ref("Origin"), {"type": "null"}]},
        "aliases": {**_list(TEXT), "description": "other names of the same model, which are accepted, too"},
        "purpose": {**_or_null("string"), "enum": [*get_args(Purpose), None]},
        "rank": {**INTEGER, "description": "higher is more accurate; -1 for imported models"},
        "recommended": {**BOOLEAN, "description": "for most recordings on this machine; true for one model"},
        "sources": {**_list(_ref("ModelSource")), "description": "where it can be downloaded, in the order tried"},
        "real_time_factor": {**NUMBER, "description": "seconds of work per second of audio"},
        "minutes_per_hour_of_audio": {**NUMBER, "description": "minutes of work for an hour of audio"},
        "speed_is_measured": {**BOOLEAN, "description": "measured on this machine, not assumed"},
    }),
    "ModelSource": _object({
        "name": {**TEXT, "description": "for POST /models/{name}/download?source="}, "label": TEXT,
        "size_bytes": {**_or_null("integer"), "description": "to be downloaded"},
    }),
    "Origin": _object({
        "format": {**TEXT, "enum": [*FORMATS], "description": "that was converted"},
        "is_exact": {**BOOLEAN, "description": "false: its weights were quantised"},
        "source": {**_or_null("string"), "description": "what was downloaded"},
        "sha256": {**_or_null("string"), "description": "of the model's file before the conversion"},
    }),
    "Models": _object({
        "default": {**TEXT, "description": "the setting DEFAULT_MODEL"}, "models": _list(_ref("Model")),
        "choice": {**_object({"model": TEXT, "reason": MESSAGE}),
                   "description": "what a job that names no model would get now"},
        "found": _list(_ref("FoundModel")), "languages": _list(_object({"code": TEXT, "name": TEXT})),
        "formats": {**_list(TEXT), "description": "in which transcripts can be exported"},
    }),
    "FoundModel": {**_object({
        "name": {**TEXT, "description": "for POST /models/{name}/import"},
        "label": {**TEXT, "description": "whose it is"}, "path": TEXT, "size_bytes": INTEGER,
    }), "description": "kept on this machine by another program"},
    "OptionList": _object({"options": _list(_ref("Option"))}),
    "Option": _object(
        {
            "name": TEXT, "type": {**TEXT, "enum": [*get_args(Kind)]}, "label": TEXT, "hint": _or_null("string"),
            "default": {"description": "of the API, where the option is left out"},
            "page": {**BOOLEAN, "description": "whether the server's own page shows it"},
            "needs": {**_or_null("string"), "description": "the option without which it has no effect"},
            "needs_model": {**_or_null("string"), "description": "the field of a model that must be true"},
        },
        {
            "choices": _list(_object({"value": TEXT, "label": TEXT})), "minimum": NUMBER, "maximum": NUMBER,
            "max_length": INTEGER,
        },
    ),
    "WatchedFolders": _object({"watched_folders": _list(_ref("WatchedFolder"))}),
    "WatchedFolder": _object({
        "id": TEXT, "path": TEXT, "formats": _list(TEXT), "output": _or_null("string"), "skip": _list(TEXT),
        "options": {"type": "object"}, "problem": {**_or_null("string"), "description": "the last one, in English"},
    }),
    "NewWatchedFolder": _object({"path": {**TEXT, "description": "a full path"}}, {
        "formats": {**_list({**TEXT, "enum": [*EXPORTERS]}), "description": "of the transcripts; by default srt"},
        "output": {**_or_null("string"), "description": "the folder for them; by default beside each recording"},
        "skip": {**_list(TEXT), "description": "patterns of names, or of paths within the folder, such as raw/*"},
        "existing": {**BOOLEAN, "description": "also what is in the folder now"},
        "options": {"type": "object", "description": "of the jobs"},
    }),
    "Folders": _object({"path": TEXT, "parent": _or_null("string"), "folders": _list(TEXT)}),
    "TermLists": _object({"term_lists": _list(_ref("TermList"))}),
    "TermList": _object({"name": TEXT, "terms": TEXT}),
    "Terms": _object({"terms": {**TEXT, "description": "one a line; heard => written replaces"}}),
    "Samples": _object({"samples": _list(_object({
        "id": TEXT, "language": TEXT, "title": TEXT, "text": TEXT, "duration": SECONDS, "url": TEXT,
    }))}),
    "Health": _object({"status": {"type": "string", "enum": ["ok", "error"]}, "version": TEXT, "queue": QUEUE_FIGURES},
                      {"error": MESSAGE}),
    "Login": _object({"logged_in": BOOLEAN}),
    "OpenApi": {"type": "object"},
    **COMPAT_SCHEMAS,
}  # fmt: skip
