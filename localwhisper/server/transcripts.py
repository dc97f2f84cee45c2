"""A job's transcript as a file, and its correction."""

import asyncio
import json
import math
import re
from typing import Any
from urllib.parse import quote

from localwhisper.errors import InvalidBody, InvalidOption, JobNotFinished
from localwhisper.export.registry import EXPORTERS
from localwhisper.jobs.corrections import Line
from localwhisper.jobs.model import JobState, Transcript
from localwhisper.options import layout_from_texts
from localwhisper.server import serializers
from localwhisper.server.base import BaseHandler

MAX_LINES = 20_000
MAX_LINE_CHARS = 10_000
_LINE = "start and end in seconds, start <= end, and text"


class TranscriptHandler(BaseHandler):
    async def get(self, job_id: str, extension: str | None = None) -> None:
        name = extension or self.get_query_argument("format", "txt")
        if name not in EXPORTERS:
            raise InvalidOption(field="format", value=name[:100], accepted=", ".join(EXPORTERS))
        original = self.flag("original")
        job = self.services.jobs.index.get(job_id)
        if job.state is not JobState.COMPLETED:
            raise JobNotFinished(state=job.state.value)
        exporter = EXPORTERS[name]
        layout = layout_from_texts({key: values[-1].decode() for key, values in self.request.query_arguments.items()})
        transcript = await self.services.jobs.transcripts.get(job_id, original=original)
        content = await asyncio.get_running_loop().run_in_executor(None, exporter.to_bytes, transcript, layout)
        self.set_header("Content-Type", exporter.content_type)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Disposition", attachment(job.filename, exporter.extension))
        self.finish(content)


class CorrectionHandler(TranscriptHandler):
    """The same address without an extension also takes corrections."""

    async def patch(self, job_id: str) -> None:
        body = json_body(self.request.body)
        version, at, remove = (_count(body, name) for name in ("version", "at", "remove"))
        lines = body.get("segments")
        if not isinstance(lines, list) or len(lines) > MAX_LINES:
            raise InvalidOption(field="segments", value="", accepted=f"a list of at most {MAX_LINES}")
        new = [_line(line) for line in lines]
        self._write(
            await self.services.jobs.corrections.correct(job_id, version, at, remove, new), at, remove, len(new)
        )

    async def delete(self, job_id: str) -> None:
        text = self.get_query_argument("version", "")
        version = _count({"version": int(text) if re.fullmatch(r"[0-9]{1,9}", text) else text}, "version")
        transcript = await self.services.jobs.corrections.undo_all(job_id, version)
        self.write_json({**serializers.result_body(transcript, timestamps=True), "version": transcript.version})

    def _write(self, transcript: Transcript, at: int, remove: int, n_new: int) -> None:
        segments = [serializers.segment_body(segment) for segment in transcript.segments[at : at + n_new]]
        self.write_json({"version": transcript.version, "at": at, "remove": remove, "segments": segments})


def json_body(body: bytes) -> dict[str, Any]:
    """A request's JSON object; an empty body is an empty one. Raises InvalidBody."""
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise InvalidBody(reason="it is not JSON") from None
    if not isinstance(value, dict):
        raise InvalidBody(reason="it must be a JSON object")
    return value


def _count(body: dict[str, Any], name: str) -> int:
    value = body.get(name)
    if type(value) is not int or not 0 <= value < 1 << 31:
        raise InvalidOption(field=name, value=str(value)[:100], accepted="a whole number from 0")
    return value


def _line(value: Any) -> Line:
    match value:
        case {"start": float() | int() as start, "end": float() | int() as end, "text": str() as text}:
            is_number = not isinstance(start, bool) and not isinstance(end, bool)
            if is_number and 0 <= start <= end < math.inf and len(text) <= MAX_LINE_CHARS:
                return Line(start=float(start), end=float(end), text=text)
    raise InvalidOption(field="segments", value=str(value)[:100], accepted=_LINE)


def attachment(filename: str, extension: str) -> str:
    """A Content-Disposition after RFC 6266: the audio's name with the export's extension."""
    stem = filename.rsplit(".", 1)[0] or "transcript"
    name = f"{stem}.{extension}"
    plain = re.sub(r'[^\x20-\x7e]|["\\%]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
