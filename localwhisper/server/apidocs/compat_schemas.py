"""JSON Schemas of the bodies of other products' APIs."""

from localwhisper.server.apidocs.json_schema import (
    BOOLEAN,
    FILE,
    INTEGER,
    NUMBER,
    SECONDS,
    TEXT,
    Schema,
    array,
    nullable,
    record,
    ref,
)

COMPAT_SCHEMAS: dict[str, Schema] = {
    "OpenAiError": record({"error": record({
        "message": TEXT, "type": TEXT, "param": nullable("string"), "code": nullable("string"),
    })}),
    "OpenAiUpload": record({"file": FILE}, {
        "model": {**TEXT, "default": "whisper-1"}, "language": TEXT, "prompt": TEXT,
        "response_format": {**TEXT, "enum": ["json", "text", "srt", "verbose_json", "vtt", "diarized_json"],
                            "default": "json"},
        "temperature": NUMBER, "stream": BOOLEAN, "timestamp_granularities[]": array(TEXT),
    }),
    "OpenAiTranscription": record({"text": TEXT}, {
        "task": TEXT, "language": TEXT, "duration": SECONDS, "segments": array({"type": "object"}),
        "words": array(record({"word": TEXT, "start": SECONDS, "end": SECONDS})),
    }),
    "OpenAiModel": record({"id": TEXT, "object": TEXT, "created": INTEGER, "owned_by": TEXT}),
    "OpenAiModels": record({"object": TEXT, "data": array(ref("OpenAiModel"))}),
    "Detail": record({"detail": {"type": ["string", "array"]}}),
    "AsrUpload": record({"audio_file": FILE}),
    "DetectedLanguage": record({"detected_language": TEXT, "language_code": TEXT, "confidence": NUMBER}),
    "PlainError": record({"error": TEXT}),
    "InferenceUpload": record({"file": FILE}, {
        "response_format": {**TEXT, "enum": ["json", "text", "srt", "verbose_json", "vtt"], "default": "json"},
        "language": {**TEXT, "default": "en"}, "translate": BOOLEAN, "prompt": TEXT, "temperature": NUMBER,
    }),
    "Inference": record({"text": TEXT}),
}  # fmt: skip
