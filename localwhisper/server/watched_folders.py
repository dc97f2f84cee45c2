"""The folders that are watched, and those of this machine to choose from: for clients on it, or with a token."""

import asyncio
import os
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from localwhisper.errors import InvalidBody, InvalidOption
from localwhisper.export.registry import EXPORTERS
from localwhisper.server.base import BaseHandler
from localwhisper.server.http_errors import LocalOnly
from localwhisper.server.serializers import Json
from localwhisper.watching.watched_folders import WatchedFolder

MAX_SUGGESTED = 500
MAX_PATTERNS = 100


class LocalHandler(BaseHandler):
    def prepare(self) -> None:
        super().prepare()
        if not self.settings["auth"].is_required and not _is_loopback(self.request.remote_ip or ""):
            raise LocalOnly


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


class WatchedFoldersHandler(LocalHandler):
    async def get(self) -> None:
        folders = self.dependencies.watched_folders
        self.write_json({"watched_folders": [_body(each, folders.problems.get(each.id)) for each in folders.all()]})

    async def post(self) -> None:
        body = self.json_body()
        folder = await self.dependencies.watched_folders.add(
            _text(body, "path"),
            _options(body),
            formats=_formats(body),
            output=_text(body, "output") if body.get("output") is not None else None,
            skip=_texts(body, "skip"),
            existing=body.get("existing") is True,
        )
        self.write_json(_body(folder, None), 201)


class WatchedFolderHandler(LocalHandler):
    async def delete(self, folder_id: str) -> None:
        await self.dependencies.watched_folders.remove(folder_id)
        self.set_status(204)
        self.finish()


class FoldersHandler(LocalHandler):
    """Names of folders alone, to choose one."""

    async def get(self) -> None:
        path = self.get_query_argument("path", "", strip=False) or str(Path.home())
        self.write_json(await asyncio.to_thread(_subfolders, path))


def _subfolders(path: str) -> Json:
    """Raises InvalidOption."""
    folder = Path(path)
    try:
        if not folder.is_absolute():
            raise OSError
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir())
    except (OSError, ValueError):  # the latter of a null character
        raise InvalidOption(
            field="path", value=path[:100], accepted="the full path of a folder that can be read"
        ) from None
    parent = None if folder.parent == folder else str(folder.parent)
    return {"path": str(folder), "parent": parent, "folders": names[:MAX_SUGGESTED]}


def _text(body: Json, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or "\0" in value:
        raise InvalidOption(field=name, value=str(value)[:100], accepted="a text")
    return value


def _texts(body: Json, name: str) -> list[str]:
    values = body.get(name) or []
    is_list = isinstance(values, list) and len(values) <= MAX_PATTERNS
    if not is_list or not all(isinstance(value, str) and value for value in values):
        raise InvalidOption(field=name, value=str(values)[:100], accepted=f"a list of at most {MAX_PATTERNS} texts")
    return list(values)


def _formats(body: Json) -> list[str]:
    formats = _texts(body, "formats") or ["srt"]
    if unknown := next((name for name in formats if name not in EXPORTERS), None):
        raise InvalidOption(field="formats", value=unknown[:100], accepted=", ".join(EXPORTERS))
    return formats


def _options(body: Json) -> dict[str, Any]:
    options = body.get("options") or {}
    if not isinstance(options, dict):
        raise InvalidBody(reason='"options" must be an object')
    return {name: value for name, value in options.items() if value is not None}


def _body(folder: WatchedFolder, problem: str | None) -> Json:
    return {
        "id": folder.id,
        "path": folder.path,
        "formats": list(folder.formats),
        "output": folder.output,
        "skip": list(folder.skip),
        "options": dict(folder.options),
        "problem": problem,
    }
