"""A job's transcript as a file, and its correction."""

import asyncio
import re
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import quote

from localwhisper.errors import InvalidOption
from localwhisper.export.about import About
from localwhisper.export.cues import cues
from localwhisper.export.registry import EXPORTERS, ending_with
from localwhisper.export.subtitle_limits import limits_for, problems, width
from localwhisper.jobs.corrections import Line
from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.transcript import Transcript
from localwhisper.languages import languages
from localwhisper.messages import in_language
from localwhisper.options import LAYOUT_OPTIONS, WITHOUT_WORDS, Layout, layout_from_texts
from localwhisper.server import serializers
from localwhisper.server.base import BaseHandler
from localwhisper.server.serializers import Json

MAX_LINES = 20_000
MAX_LINE_CHARS = 10_000
MAX_COUNT = (1 << 31) - 1
MAX_TIME_S = 10_000_000
SPEAKER = ("Speaker", "Hablante")


class TranscriptHandler(BaseHandler):
    async def get(self, job_id: str, extension: str | None = None) -> None:
        name = extension or self.get_query_argument("format", "txt")
        if name not in EXPORTERS:
            raise InvalidOption(field="format", value=name[:100], accepted=", ".join(EXPORTERS))
        exporter, layout = EXPORTERS[name], layout_from_texts(self.query)
        original = self.get_boolean_argument("original")
        job = self.dependencies.jobs.index.get(job_id)
        partial = self.get_boolean_argument("partial")

        async def content() -> bytes:
            transcript = await self.dependencies.jobs.transcripts.get(job_id, original=original, partial=partial)
            if exporter.has_cues:
                _check_has_words(transcript, layout)
            return await asyncio.to_thread(exporter.to_bytes, transcript, layout, about(job, transcript, self.language))

        self.set_header("Content-Type", exporter.content_type)
        self.set_header("Cache-Control", "no-store")
        extension = exporter.extension if job.state is JobState.COMPLETED else f"partial.{exporter.extension}"
        self.set_header("Content-Disposition", attachment(job.filename, extension))
        await self.finish_large(content)


class SubtitleCheckHandler(BaseHandler):
    async def get(self, job_id: str) -> None:
        layout = layout_from_texts(self.query)
        job = self.dependencies.jobs.index.get(job_id)

        async def body() -> Json:
            transcript = await self.dependencies.jobs.transcripts.get(job_id)
            _check_has_words(transcript, layout)
            return await asyncio.to_thread(_checked, transcript, layout, job.audio_duration)

        await self.write_large_json(body)


def _checked(transcript: Transcript, layout: Layout, duration_s: float) -> Json:
    """The limits, and each subtitle outside them. Each word that is highlighted isn't a subtitle of its own here."""
    limits = limits_for(layout, transcript.text)
    shown = list(cues(ending_with(transcript, duration_s), replace(layout, highlight_words=False), duration_s))
    outside = [
        {
            "number": number,
            "start": cue.start_s,
            "end": cue.end_s,
            "text": cue.text,
            "columns_per_s": round(width(cue.text) / (cue.end_s - cue.start_s), 1),
            "problems": found,
        }
        for number, (cue, found) in enumerate(zip(shown, problems(shown, limits), strict=True), start=1)
        if found
    ]
    return {"limits": asdict(limits), "subtitles": len(shown), "outside": outside}


def has_words(transcript: Transcript) -> bool:
    return not transcript.segments or any(segment.words for segment in transcript.segments)


def _check_has_words(transcript: Transcript, layout: Layout) -> None:
    """Raises InvalidOption if subtitles can't be cut so without word times."""
    if layout.needs_words and not has_words(transcript):
        options = (option for name, option in LAYOUT_OPTIONS.items() if name not in WITHOUT_WORDS)
        field = next(option.name for option in options if getattr(layout, option.name) != option.default)
        accepted = "only where the job has word times (word_timestamps=true)"
        raise InvalidOption(field=field, value=str(getattr(layout, field)), accepted=accepted)


def about(job: Job, transcript: Transcript, ui_language: str) -> About:
    """What a file says of a job besides its transcript. `ui_language`: of the names of speakers without one."""
    return About(
        filename=job.filename,
        created_at=job.created_at,
        duration_s=job.audio_duration,
        language_name=languages().get(transcript.language, ""),
        speaker_word=in_language(SPEAKER, ui_language),
    )


class CorrectionHandler(TranscriptHandler):
    """The path without an extension also accepts corrections."""

    async def patch(self, job_id: str) -> None:
        body = await self.long_json_body()
        version, at, remove = (whole_number(name, body.get(name)) for name in ("version", "at", "remove"))
        lines = await asyncio.to_thread(_lines, body.get("segments"))

        async def answer() -> Json:
            transcript = await self.dependencies.jobs.corrections.correct(job_id, version, at, remove, lines)
            return serializers.corrected_body(transcript, at, remove, len(lines))

        await self.write_large_json(answer)

    async def delete(self, job_id: str) -> None:
        text = self.get_query_argument("version", "")
        version = whole_number("version", int(text) if re.fullmatch(r"[0-9]{1,9}", text) else text)

        async def body() -> Json:
            transcript = await self.dependencies.jobs.corrections.undo_all(job_id, version)
            return {**serializers.result_body(transcript, timestamps=True), "version": transcript.version}

        await self.write_large_json(body)


class WordsHandler(BaseHandler):
    async def post(self, job_id: str) -> None:
        async def body() -> Json:
            transcript = await self.dependencies.jobs.word_times.get(job_id)
            return {**serializers.result_body(transcript, timestamps=True), "version": transcript.version}

        await self.write_large_json(body)


def whole_number(name: str, value: Any) -> int:
    """Check a whole number of a JSON body. Raises InvalidOption."""
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise InvalidOption(field=name, value=str(value)[:100], accepted="a whole number from 0")
    return value


def _lines(values: Any) -> list[Line]:
    """Read the corrected lines of a JSON body. Raises InvalidOption."""
    if not isinstance(values, list) or len(values) > MAX_LINES:
        raise InvalidOption(field="segments", value="", accepted=f"a list of at most {MAX_LINES}")
    return [read_line("segments", value) for value in values]


def read_line(field: str, value: Any) -> Line:
    """Read a line of a JSON body. Raises InvalidOption."""
    match value:
        case {"start": float() | int() as start, "end": float() | int() as end, "text": str() as text}:
            is_number = not isinstance(start, bool) and not isinstance(end, bool)
            if is_number and 0 <= start <= end <= MAX_TIME_S and len(text) <= MAX_LINE_CHARS:
                return Line(start=float(start), end=float(end), text=text)
    accepted = f"start and end in seconds, 0 <= start <= end <= {MAX_TIME_S}, and text"
    raise InvalidOption(field=field, value=str(value)[:100], accepted=accepted)


def attachment(filename: str, extension: str) -> str:
    """A Content-Disposition (RFC 6266) with the audio's name and the export's extension."""
    stem = filename.rsplit(".", 1)[0] or "transcript"
    name = f"{stem}.{extension}"
    ascii_name = re.sub(r'[^\x20-\x7e]|["\\%]', "_", name)
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name, safe='')}"
