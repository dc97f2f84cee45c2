"""What JSON Schemas are made of."""

from typing import Any

Schema = dict[str, Any]


def record(required: dict[str, Any], optional: dict[str, Any] | None = None) -> Schema:
    return {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def nullable(kind: str, **more: Any) -> Schema:
    return {"type": [kind, "null"], **more}


TEXT: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
COUNT: Schema = {**INTEGER, "minimum": 0}
NUMBER: Schema = {"type": "number"}
BOOLEAN: Schema = {"type": "boolean"}
SECONDS: Schema = {"type": "number", "description": "seconds"}
TIME: Schema = {"type": "string", "format": "date-time"}
FILE: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}
