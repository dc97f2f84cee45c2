"""The API's description: /openapi.json for programs, /docs for people."""

from collections.abc import Mapping
from html import escape
from typing import Any

from localwhisper.server.base import BaseHandler


class OpenApiHandler(BaseHandler):
    def get(self) -> None:
        self.write_json(self.services.api)


class DocsHandler(BaseHandler):
    def get(self) -> None:
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(page(self.services.api))


def page(document: Mapping[str, Any]) -> str:
    """The document as plain HTML that needs no script."""
    parts = [
        f"<h1>{escape(document['info']['title'])} {escape(document['info']['version'])}</h1>"
        f"<p>{escape(document['info']['description'])} "
        '<a href="openapi.json">openapi.json</a> says the same to programs.</p>'
    ]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts.append(_section(path, method, operation))
    body = "\n".join(parts)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>localwhisper API</title>'
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="css/docs.css">'
        f"</head><body><main>{body}</main></body></html>"
    )


def _section(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = [
        f"<li><code>{escape(p['name'])}</code> in the {escape(p['in'])}"
        f" {escape(p['schema'].get('description', ''))}</li>"
        for p in operation["parameters"]
    ]
    answers = [
        f"<li><b>{escape(status)}</b> {escape(answer['description'])}</li>"
        for status, answer in operation["responses"].items()
    ]
    about = f"<pre>{escape(operation['description'])}</pre>" if "description" in operation else ""
    return (
        f"<section><h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(operation['summary'])}</p>"
        f"{about}<ul>{''.join(rows)}</ul><ul>{''.join(answers)}</ul></section>"
    )
