"""JSON Schemas of the API's bodies, for /openapi.json. The bodies themselves are made in serializers.py."""

from typing import get_args

from localwhisper.engine.checkpoints.catalogue import Purpose
from localwhisper.engine.checkpoints.origin import FORMATS
from localwhisper.export.registry import EXPORTERS
from localwhisper.export.subtitle_limits import Problem
from localwhisper.jobs.job import JobState
from localwhisper.option_types import Kind
from localwhisper.options import MAX_PROMPT_CHARS, OPTIONS
from localwhisper.server.apidocs.compat_schemas import COMPAT_SCHEMAS
from localwhisper.server.apidocs.json_schema import (
    BOOLEAN,
    COUNT,
    FILE,
    INTEGER,
    NUMBER,
    SECONDS,
    TEXT,
    TIME,
    Schema,
    array,
    nullable,
    record,
    ref,
)

STATE: Schema = {"type": "string", "enum": [state.value for state in JobState]}
MESSAGE = record({"code": TEXT, "message": TEXT})
MODEL_REASON: Schema = {**MESSAGE, "description": "why the job has this model"}
QUEUE_FIGURES = record({
    "queue_size": INTEGER, "active_jobs": INTEGER, "total_jobs": INTEGER, "max_concurrent_jobs": INTEGER,
    "is_running": BOOLEAN,
})  # fmt: skip

CHANNEL_LANGUAGES: Schema = {
    **array(record({"channel": TEXT, "language": TEXT})),
    "description": "of channels that were transcribed separately, if their languages differ",
}
SPEAKER = record({
    "id": TEXT, "name": {**TEXT, "description": "empty until one is given"},
    "seconds": {**NUMBER, "description": "how long this speaker talks"},
})  # fmt: skip

SCHEMAS: dict[str, Schema] = {
    "Error": record({"error": MESSAGE}),
    "Upload": record(
        {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
        {name: option.schema for name, option in OPTIONS.items()},
    ),
    "CheckpointUpload": record({"file": FILE}, {
        "name": {**TEXT, "description": "name of the model; by default that of the file"},
        "as_published": {**BOOLEAN, "default": False,
                         "description": "the file is to be the published model of this name, though it differs"},
    }),
    "Submitted": record({
        "job_id": TEXT, "status": STATE, "websocket_url": TEXT, "estimated_processing_time": SECONDS,
        "queue_position": INTEGER, "model": TEXT, "model_reason": MODEL_REASON,
    }),
    "Word": record({"word": TEXT, "start": SECONDS, "end": SECONDS, "probability": NUMBER}, {"speaker": TEXT}),
    "Segment": record(
        {
            "id": INTEGER, "start": SECONDS, "end": SECONDS, "text": TEXT, "avg_logprob": nullable("number"),
            "no_speech_prob": nullable("number"), "compression_ratio": nullable("number"), "temperature": NUMBER,
            "retries": INTEGER,
        },
        {
            "words": array(ref("Word")),
            "channel": {**TEXT, "description": "left, right, channel 3 …; with channels=split"},
            "speaker": {**TEXT, "description": "id of one of the result's speakers"},
            "overlap": {**BOOLEAN, "description": "another speaker talks at the same time"},
        },
    ),
    "Result": record({
        "text": TEXT, "language": TEXT, "segments": array(ref("Segment")), "processing_time": SECONDS,
        "retries": {**INTEGER, "description": "windows decoded again, for repetitive or improbable text"},
    }, {"speakers": array(SPEAKER), "channel_languages": CHANNEL_LANGUAGES}),
    "Restored": record({
        "text": TEXT, "language": TEXT, "segments": array(ref("Segment")), "processing_time": SECONDS,
        "retries": INTEGER, "version": INTEGER,
    }, {"speakers": array(SPEAKER), "channel_languages": CHANNEL_LANGUAGES}),
    "Speakers": record({
        "version": INTEGER,
        "speakers": array({**SPEAKER, "properties": {**SPEAKER["properties"], "sample": {
            "anyOf": [record({"start": SECONDS, "end": SECONDS}), {"type": "null"}],
            "description": "at most 10 s of this speaker, for GET /job/{job_id}/audio?from=…&to=…",
        }}}),
        "segments": array(nullable("string", description="id of the segment's speaker")),
        "search": {
            "anyOf": [
                record({"status": {**TEXT, "enum": ["running", "failed"]}, "code": TEXT, "message": TEXT}),
                {"type": "null"},
            ],
            "description": "null: none is running, and the last one succeeded",
        },
    }, {"split": {**ref("SpeakerSplit"), "description": "after a merge: undoes it"}}),
    "SpeakerSplit": record({
        "speakers": array(record({"id": TEXT, "name": TEXT, "merged": BOOLEAN})),
        "turns": array(ref("SpeakerTime")), "lines": array(ref("SpeakerTime")),
    }),
    "SpeakerTime": {**array({}), "description": "start and end in seconds, and id: short, as there may be thousands"},
    "SpeakerSearch": record({}, {
        name: OPTIONS[name].json_schema for name in ("speakers", "min_speakers", "max_speakers")
    }),
    "SpeakerEdit": record({"version": COUNT}, {
        "names": {"type": "object", "additionalProperties": TEXT, "description": "by id"},
        "merge": {**TEXT, "description": "id of the speaker who is another one"}, "into": TEXT,
        "split": {**ref("SpeakerSplit"), "description": "of the answer to the merge that it undoes"},
        "at": COUNT, "count": COUNT, "speaker": {**TEXT, "description": "an id, or new"},
    }),
    "KnownVoices": record({"known_voices": array(ref("KnownVoice"))}),
    "KnownVoice": record({"id": TEXT, "name": TEXT}),
    "KeptVoice": record({"job_id": TEXT, "speaker": {**TEXT, "description": "id of a speaker with a name"}}),
    "Suggestions": record({"suggestions": array(record({
        "speaker": {**TEXT, "description": "id of a speaker without a name"},
        "name": {**TEXT, "description": "of the known voice that is most alike"},
    }))}),
    "Line": record({"start": SECONDS, "end": SECONDS, "text": TEXT}),
    "Token": record({"token": TEXT}),
    "Correction": record({"version": COUNT, "at": COUNT, "remove": COUNT, "segments": array(ref("Line"))}),
    "Corrected": record({"version": INTEGER, "at": INTEGER, "remove": INTEGER, "segments": array(ref("Segment"))}),
    "Differences": record({"version": INTEGER, "differences": array(record({
        "id": {**TEXT, "description": "stays the same when other differences are taken over"},
        "segment": {**COUNT, "description": "index of the first segment concerned"}, "start": SECONDS, "end": SECONDS,
        "text": {**TEXT, "description": "the words that the other text doesn't have"},
        "other_text": {**TEXT, "description": "those that it has instead"},
        "before": {**TEXT, "description": "the words around them"}, "after": TEXT,
        "is_spelling": {"type": "boolean", "description": "only capitals or punctuation differ"},
        "places": {
            **array(record({"segment": COUNT, "start": COUNT, "end": COUNT})),
            "description": "the characters that are replaced: from … to, in the text of a segment",
        },
        "new_lines": {**array(ref("Line")), "description": "where whole segments are missing"},
    }))}),
    "Script": record({"version": COUNT, "text": TEXT}),
    "Aligned": record({
        "text": TEXT, "language": TEXT, "segments": array(ref("Segment")), "processing_time": SECONDS,
        "retries": INTEGER, "version": INTEGER, "words": {**COUNT, "description": "of the text"},
        "placed": {**COUNT, "description": "of them, those that are spoken as far as the recording shows it"},
    }, {"speakers": array(SPEAKER), "channel_languages": CHANNEL_LANGUAGES}),
    "TakeOver": record({"version": COUNT, "ids": array(TEXT)}),
    "Recording": record({"filename": TEXT}, {name: option.json_schema for name, option in OPTIONS.items()}),
    "DraftCorrection": record({"segment": ref("Line"), "text": TEXT}),
    "RecordingSize": record({"size_bytes": {**COUNT, "description": "of all samples received"}}),
    "LiveSegment": record({
        "id": INTEGER, "start": SECONDS, "end": SECONDS, "text": TEXT, "language": TEXT,
    }),
    "LivePartial": record({
        "stable": TEXT, "tentative": TEXT, "words": array(ref("Word")), "heard": SECONDS, "lag": SECONDS,
        "language": nullable("string"),
    }),
    "Retry": record({}, {name: option.json_schema for name, option in OPTIONS.items()}),
    "SubtitleCheck": record({
        "limits": record({
            "line_width": {**NUMBER, "description": "columns; a Chinese, Japanese or Korean character takes two"},
            "n_lines": INTEGER, "min_s": SECONDS, "max_s": SECONDS, "columns_per_s": NUMBER, "gap_s": SECONDS,
            "max_words": nullable("integer"),
        }),
        "subtitles": {**COUNT, "description": "number of all subtitles"},
        "outside": array(record({
            "number": {**INTEGER, "description": "of the subtitle, from 1"}, "start": SECONDS, "end": SECONDS,
            "text": TEXT, "columns_per_s": NUMBER, "problems": array({**TEXT, "enum": list(get_args(Problem))}),
        })),
    }),
    "Waveform": record({
        "duration": SECONDS,
        "peaks": array({**INTEGER, "minimum": 0, "maximum": 255, "description": "the peak of one of equal parts"}),
        "speech": array({
            "type": "array", "items": SECONDS, "minItems": 2, "maxItems": 2,
            "description": "start and end of a part in which somebody speaks",
        }),
    }),
    "Job": record(
        {
            "job_id": TEXT, "status": STATE, "progress": {**NUMBER, "description": "percent"}, "message": TEXT,
            "created_at": TIME, "started_at": nullable("string", format="date-time"),
            "estimated_time_remaining": nullable("number"), "filename": TEXT, "model": TEXT,
            "model_reason": MODEL_REASON, "language": nullable("string"), "options": {"type": "object"},
            "audio_duration": SECONDS,
            "audio_tracks": {
                **array(record({"number": INTEGER, "language": nullable("string")})),
                "description": "if there are several; POST /job/{job_id}/again transcribes another",
            },
            "audio_track_used": nullable("integer", description="of several audio tracks, once the job has begun"),
            "tags": array(TEXT), "notes": array(ref("Note")),
            "again_of": nullable("string", description="the job whose recording this one transcribes again"),
            "warnings": {**array(MESSAGE), "description": "what a reader of the text has to know; of a completed job"},
        },
        {
            "queue_position": nullable("integer"), "completed_at": nullable("string", format="date-time"),
            "workers": {**array(TEXT), "description": "of a cluster, that are at a running job"},
            "channel_languages": CHANNEL_LANGUAGES, "error": MESSAGE, "result": ref("Result"),
            "segments": array(ref("Segment")),
            "transcript_version": {**INTEGER, "description": "number of corrections of the result"},
            "preview": nullable("string", description="the beginning of the text; null: not known yet"),
            "speakers": {**array(ref("JobSpeaker")), "description": "of a completed job, in lists with `preview`"},
            "excerpt": {**array(TEXT), "description": "search hits in context: text, hit, text, …"},
        },
    ),
    "JobSpeaker": record({"id": TEXT, "name": {**TEXT, "description": "empty until one is given"}}),
    "Note": record({"start": SECONDS, "end": SECONDS, "quote": TEXT}, {"text": TEXT}),
    "Description": record({}, {"filename": TEXT, "tags": array(TEXT), "notes": array(ref("Note")),
                               "notes_before": array(ref("Note"))}),
    "JobPage": record({"jobs": array(ref("Job")), "next_cursor": nullable("string")}),
    "QueueInfo": record({
        "queue": QUEUE_FIGURES,
        "websockets": record({
            "total_connections": INTEGER, "jobs_with_connections": INTEGER, "active_jobs": array(TEXT),
        }),
    }, {"workers": {
        **array(record({
            "name": TEXT, "max_concurrent_jobs": INTEGER, "jobs": array(TEXT),
            "problem": {"anyOf": [MESSAGE, {"type": "null"}]},
        })),
        "description": "of a cluster, and which jobs each has",
    }}),
    "Model": record({
        "name": TEXT, "size_bytes": nullable("integer"), "available": BOOLEAN, "bundled": BOOLEAN,
        "multilingual": BOOLEAN, "translates": BOOLEAN, "plans": {"type": "object"}, "description": nullable("string"),
        "download": {"type": ["object", "null"]}, "origin": {"anyOf": [ref("Origin"), {"type": "null"}]},
        "aliases": {**array(TEXT), "description": "other names of the same model, which are accepted, too"},
        "purpose": {**nullable("string"), "enum": [*get_args(Purpose), None]},
        "rank": {**INTEGER, "description": "higher is more accurate; -1 for imported models"},
        "recommended": {**BOOLEAN, "description": "for most recordings on this machine; true for one model"},
        "sources": {**array(ref("ModelSource")), "description": "where it can be downloaded, in the order tried"},
        "real_time_factor": {**NUMBER, "description": "seconds of work per second of audio"},
        "minutes_per_hour_of_audio": {**NUMBER, "description": "minutes of work for an hour of audio"},
        "speed_is_measured": {**BOOLEAN, "description": "measured on this machine, not assumed"},
    }),
    "ModelSource": record({
        "name": {**TEXT, "description": "for POST /models/{name}/download?source="}, "label": TEXT,
        "size_bytes": {**nullable("integer"), "description": "to be downloaded"},
    }),
    "Origin": record({
        "format": {**TEXT, "enum": [*FORMATS], "description": "that was converted"},
        "is_exact": {**BOOLEAN, "description": "false: its weights were quantised"},
        "source": {**nullable("string"), "description": "what was downloaded"},
        "sha256": {**nullable("string"), "description": "of the model's file before the conversion"},
    }),
    "Models": record({
        "default": {**TEXT, "description": "the setting DEFAULT_MODEL"}, "models": array(ref("Model")),
        "choice": {**record({"model": TEXT, "reason": MESSAGE}),
                   "description": "what a job that names no model would get now"},
        "found": array(ref("FoundModel")), "languages": array(record({"code": TEXT, "name": TEXT})),
        "formats": {**array(TEXT), "description": "in which transcripts can be exported"},
    }),
    "FoundModel": {**record({
        "name": {**TEXT, "description": "for POST /models/{name}/import"},
        "label": {**TEXT, "description": "whose it is"}, "path": TEXT, "size_bytes": INTEGER,
    }), "description": "kept on this machine by another program"},
    "OptionList": record({"options": array(ref("Option"))}),
    "Option": record(
        {
            "name": TEXT, "type": {**TEXT, "enum": [*get_args(Kind)]}, "label": TEXT, "hint": nullable("string"),
            "default": {"description": "of the API, where the option is left out"},
            "page": {**BOOLEAN, "description": "whether the server's own page shows it"},
            "needs": {**nullable("string"), "description": "the option without which it has no effect"},
            "needs_model": {**nullable("string"), "description": "the field of a model that must be true"},
        },
        {
            "choices": array(record({"value": TEXT, "label": TEXT})), "minimum": NUMBER, "maximum": NUMBER,
            "max_length": INTEGER,
        },
    ),
    "WatchedFolders": record({"watched_folders": array(ref("WatchedFolder"))}),
    "WatchedFolder": record({
        "id": TEXT, "path": TEXT, "formats": array(TEXT), "output": nullable("string"), "skip": array(TEXT),
        "options": {"type": "object"}, "problem": {**nullable("string"), "description": "the last one, in English"},
    }),
    "NewWatchedFolder": record({"path": {**TEXT, "description": "a full path"}}, {
        "formats": {**array({**TEXT, "enum": [*EXPORTERS]}), "description": "of the transcripts; by default srt"},
        "output": {**nullable("string"), "description": "the folder for them; by default beside each recording"},
        "skip": {**array(TEXT), "description": "patterns of names, or of paths within the folder, such as raw/*"},
        "existing": {**BOOLEAN, "description": "also what is in the folder now"},
        "options": {"type": "object", "description": "of the jobs"},
    }),
    "Folders": record({"path": TEXT, "parent": nullable("string"), "folders": array(TEXT)}),
    "TermLists": record({
        "term_lists": array(ref("TermList")),
        "damaged_files": {**array(TEXT), "description": "with lists that could not be read, to repair or to delete"},
    }),
    "ApplyTerms": record({"version": COUNT, "terms": {**TEXT, "maxLength": MAX_PROMPT_CHARS}}),
    "TermChange": record({"segment": COUNT, "start": SECONDS, "end": SECONDS, "before": TEXT, "after": TEXT}),
    "TermChanges": record({"version": INTEGER, "changes": array(ref("TermChange"))}),
    "TermList": record({"name": TEXT, "terms": TEXT}),
    "Terms": record({"terms": {**TEXT, "description": "one a line; heard => written replaces"}}),
    "Samples": record({"samples": array(record({
        "id": TEXT, "language": TEXT, "title": TEXT, "text": TEXT, "duration": SECONDS, "url": TEXT,
    }))}),
    "Health": record({"status": {"type": "string", "enum": ["ok", "error"]}, "version": TEXT, "queue": QUEUE_FIGURES},
                      {"error": MESSAGE}),
    "Login": record({"logged_in": BOOLEAN}),
    "OpenApi": {"type": "object"},
    **COMPAT_SCHEMAS,
}  # fmt: skip
