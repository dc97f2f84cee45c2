"""The API's description: /openapi.json and /asyncapi.json for programs, /docs for people."""

from collections.abc import Mapping
from html import escape
from typing import Any

from localwhisper.server.apidocs import asyncapi
from localwhisper.server.base import BaseHandler

Document = Mapping[str, Any]


class OpenApiHandler(BaseHandler):
    def get(self) -> None:
        self.write_json(self.settings["openapi"])


class AsyncApiHandler(BaseHandler):
    def get(self) -> None:
        self.write_json(asyncapi.document())


class DocsHandler(BaseHandler):
    def get(self) -> None:
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(page(self.settings["openapi"], asyncapi.document()))


def page(api: Document, sockets: Document) -> str:
    """Both documents as plain HTML without scripts."""
    own_sockets = {channel["address"] for channel in sockets["channels"].values()}
    calls = [
        (path, method, operation)
        for path, operations in api["paths"].items()
        for method, operation in operations.items()
        if path not in own_sockets
    ]
    contents = "".join(
        f'<li><a href="#{operation["operationId"]}"><code>{_call(path, method)}</code></a> '
        f"{escape(operation['summary'])}</li>"
        for path, method, operation in calls
    ) + "".join(
        f'<li><a href="#{name}"><code>{_call(channel["address"], "get")}</code></a> '
        f"{escape(channel['description'])}</li>"
        for name, channel in sockets["channels"].items()
    )
    info = api["info"]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>localwhisper API</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="favicon.svg"><link rel="stylesheet" href="css/docs.css"></head><body><main>'
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info['description'])} "
        'For programs: <a href="openapi.json">openapi.json</a>, <a href="asyncapi.json">asyncapi.json</a>. '
        '<a href="./">The page</a></p>'
        f"<nav><ul>{contents}</ul></nav>"
        + "".join(_section(api, *call) for call in calls)
        + "".join(_channel(sockets, name) for name in sockets["channels"])
        + "</main></body></html>"
    )


def _call(path: str, method: str) -> str:
    return f"{method.upper()} {escape(path)}"


def _section(api: Document, path: str, method: str, operation: Document) -> str:
    fields = [(p["name"], p["in"], p["schema"]) for p in operation["parameters"]]
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        properties = _schema(api, content["schema"])["properties"]
        where = "form" if kind == "multipart/form-data" else "JSON"
        fields += [(name, where, schema) for name, schema in properties.items()]
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{where}</td><td>{_description(schema)}</td></tr>"
        for name, where, schema in fields
    )
    responses = "".join(
        f"<tr><td>{status}</td><td>{_response(status, response)}</td></tr>"
        for status, response in operation["responses"].items()
    )
    samples = operation.get("x-codeSamples", ())  # a socket has none
    examples = "".join(f"<pre><code>{escape(sample['source'])}</code></pre>" for sample in samples)
    return (
        f'<section id="{operation["operationId"]}"><h2><code>{_call(path, method)}</code></h2>'
        f"<p>{escape(operation['summary'])}</p>{examples}"
        + (f"<table><caption>Parameters</caption>{rows}</table>" if rows else "")
        + f"<table><caption>Responses</caption>{responses}</table></section>"
    )


def _schema(api: Document, schema: Document) -> Document:
    name = schema["$ref"].rsplit("/", 1)[-1]
    resolved: Document = api["components"]["schemas"][name]
    return resolved


def _description(schema: Document) -> str:
    parts = [schema.get("description", "")]
    if "enum" in schema:
        parts.append(", ".join(map(str, schema["enum"])))
    elif "type" in schema and not parts[0]:
        parts.append(str(schema["type"]))
    if "default" in schema:
        parts.append(f"default {str(schema['default']).lower()}")
    return escape("; ".join(part for part in parts if part))


def _response(status: str, response: Document) -> str:
    kinds = [
        content.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1] or kind
        for kind, content in response["content"].items()
    ]
    if int(status) < 400:
        return escape(", ".join(kinds) or response["description"])
    return ", ".join(f"<code>{escape(code)}</code>" for code in response["description"].split(", "))


def _channel(sockets: Document, name: str) -> str:
    channel = sockets["channels"][name]
    tables = ""
    for suffix, caption in (("Sends", "The server sends"), ("Receives", "The client sends")):
        rows = ""
        for reference in sockets["operations"][f"{name}{suffix}"]["messages"]:
            kind = reference["$ref"].rsplit("/", 1)[-1]
            component = channel["messages"][kind]["$ref"].rsplit("/", 1)[-1]
            summary = sockets["components"]["messages"][component]["summary"]
            rows += f"<tr><td><code>{kind}</code></td><td>{escape(summary)}</td></tr>"
        tables += f"<table><caption>{caption}</caption>{rows}</table>"
    return (
        f'<section id="{name}"><h2><code>{_call(channel["address"], "get")}</code></h2>'
        f"<p>WebSocket. {escape(channel['description'])} {escape(sockets['info']['description'])}</p>{tables}</section>"
    )
