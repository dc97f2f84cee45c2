"""What a row of the route table holds: a path, its handler, and what the documentation says about each operation."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from localwhisper.export.registry import EXPORTERS
from localwhisper.server.base import BaseHandler

PLACEHOLDERS: Mapping[str, str] = {
    "job_id": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "name": r"[A-Za-z0-9][A-Za-z0-9._-]*",
    "model": r".+",  # any text: an unknown model is answered in OpenAI's error format
    "format": "[a-z]+",
    "list": r"[^/]+",
    "folder_id": r"[0-9a-f-]{36}",
    "voice_id": r"[0-9a-f-]{36}",
}


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


LANGUAGE_QUERY = {"lang": {"type": "string", "description": "en or es; overrides Accept-Language"}}
UPLOAD_ERRORS = (
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
