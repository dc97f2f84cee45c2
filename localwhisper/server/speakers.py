"""A job's speakers: who they are, finding them, and what a person says of them."""

import asyncio
import re
from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from typing import Any

from localwhisper.errors import InvalidBody, InvalidOption, UnknownOption
from localwhisper.jobs.speaker_edits import BeforeMerge, before_merge, given, merged, renamed, split
from localwhisper.jobs.speakers import samples_of, seconds_of
from localwhisper.jobs.transcript import Speaker, Transcript, Turn
from localwhisper.options import OPTIONS, Options
from localwhisper.server import serializers
from localwhisper.server.base import BaseHandler
from localwhisper.server.serializers import Json
from localwhisper.server.transcripts import read_line, whole_number
from localwhisper.services.corrections import check_range
from localwhisper.services.speakers import SEARCH_OPTIONS, SpeakerSearch
from localwhisper.speaker_options import SpeakerOptions, check_speakers
from localwhisper.unicode_text import is_encodable

MAX_NAME_CHARS = 100
SPEAKER_ID = re.compile("S[1-9][0-9]{0,5}")
EDITS = "names, or merge and into, or split, or at, count and speaker"


class SpeakersHandler(BaseHandler):
    async def get(self, job_id: str) -> None:
        await self._write(job_id, await self.dependencies.jobs.transcripts.get(job_id))

    async def post(self, job_id: str) -> None:
        """Find the speakers of a completed job, in the background."""
        jobs = self.dependencies.jobs
        await jobs.speakers.start(job_id, _search_options(jobs.index.get(job_id).options, self.json_body()))
        transcript = await jobs.transcripts.get(job_id)
        search = jobs.speakers.search_in(job_id)
        self.write_json(await asyncio.to_thread(speakers_body, transcript, search, self.language), 202)

    async def delete(self, job_id: str) -> None:
        await self.dependencies.jobs.speakers.cancel(job_id)
        await self.get(job_id)

    async def patch(self, job_id: str) -> None:
        body = await self.long_json_body()
        version, edit = whole_number("version", body.get("version")), await asyncio.to_thread(_edit, body)
        transcript = await self.dependencies.jobs.corrections.edit(job_id, version, edit)
        await self._write(job_id, transcript, edit.before if isinstance(edit, _Merge) else None)

    async def _write(self, job_id: str, transcript: Transcript, before: BeforeMerge | None = None) -> None:
        search = self.dependencies.jobs.speakers.search_in(job_id)

        async def body() -> Json:
            speakers = await asyncio.to_thread(speakers_body, transcript, search, self.language)
            return speakers if before is None else {**speakers, "split": _split_body(before)}

        await self.write_large_json(body)


def speakers_body(transcript: Transcript, search: SpeakerSearch | None, language: str) -> Json:
    seconds, samples = seconds_of(transcript), samples_of(transcript)
    body: Json = {
        "version": transcript.version,
        "speakers": [
            {"id": each.id, "name": each.name, "seconds": round(seconds[each.id], 3), "sample": samples.get(each.id)}
            for each in transcript.speakers
        ],
        "segments": [segment.speaker for segment in transcript.segments],
        "search": None,
    }
    if search is not None:
        message = search.error or search.control.message
        status = "running" if search.is_running else "failed"
        body["search"] = {"status": status, **serializers.message_body(message, language)}
    return body


def _search_options(job_options: Options, body: Mapping[str, object]) -> Options:
    """Raises UnknownOption, InvalidOption."""
    unknown = body.keys() - set(SEARCH_OPTIONS)
    if unknown:
        raise UnknownOption(field=min(unknown)[:100], accepted=", ".join(SEARCH_OPTIONS))
    values: dict[str, Any] = {name: OPTIONS[name].from_json(value) for name, value in body.items() if value}
    wanted = SpeakerOptions(**{"speakers": "auto", **values})
    if wanted.speakers == "off":
        raise InvalidOption(field="speakers", value="off", accepted="auto, channels, or a number")
    check_speakers(wanted)
    return replace(job_options, **vars(wanted))


class _Merge:
    """The edit that makes two speakers one. It remembers who they were, so that it can be undone."""

    def __init__(self, source: str, into: str) -> None:
        self._source = source
        self._into = into
        self.before: BeforeMerge | None = None

    def __call__(self, transcript: Transcript) -> Transcript:
        after = merged(transcript, self._source, self._into)
        self.before = before_merge(transcript, self._source, self._into)
        return after


def _edit(body: Mapping[str, Any]) -> Callable[[Transcript], Transcript]:
    """What a JSON body asks for. Raises InvalidOption, InvalidBody."""
    match {name: value for name, value in body.items() if name != "version"}:
        case {"names": dict() as names, **others} if not others:
            checked = {each: _name(name) for each, name in names.items()}
            return lambda transcript: renamed(transcript, checked)
        case {"merge": str() as source, "into": str() as into, **others} if not others:
            return _Merge(source, into)
        case {"split": dict() as values, **others} if not others:
            before = _before_merge(values)
            return lambda transcript: split(transcript, before)
        case {"at": at, "count": n, "speaker": str() as speaker, **others} if not others:
            at, n = whole_number("at", at), whole_number("count", n)

            def edit(transcript: Transcript) -> Transcript:
                check_range(len(transcript.segments), at, n, name="count")
                return given(transcript, at, n, speaker)

            return edit
    raise InvalidBody(reason=f"the body needs version, and {EDITS}")


def _name(name: object) -> str:
    if not isinstance(name, str) or len(name) > MAX_NAME_CHARS or not is_encodable(name):
        raise InvalidOption(field="names", value=str(name)[:100], accepted=f"at most {MAX_NAME_CHARS} characters each")
    return " ".join(name.split())


def _split_body(before: BeforeMerge) -> Json:
    return {
        "speakers": [
            {"id": each.id, "name": each.name, "merged": each.merged} for each in (before.source, before.into)
        ],
        "turns": [[each.start, each.end, each.speaker] for each in before.turns],
        "lines": [[each.start, each.end, each.speaker] for each in before.lines],
    }


def _before_merge(values: Mapping[str, Any]) -> BeforeMerge:
    """Read what _split_body() wrote. Raises InvalidOption."""
    match values:
        case {"speakers": [source, into], "turns": list() as turns, "lines": list() as lines}:
            speakers = (_speaker(source), _speaker(into))
            ids = {each.id for each in speakers}
            if len(ids) == len(speakers):
                return BeforeMerge(
                    source=speakers[0],
                    into=speakers[1],
                    turns=tuple(_turn(each, ids) for each in turns),
                    lines=tuple(_turn(each, ids) for each in lines),
                )
    raise _no_split(values)


def _speaker(value: object) -> Speaker:
    match value:
        case {"id": str() as speaker, "name": name, "merged": bool() as is_merged} if SPEAKER_ID.fullmatch(speaker):
            return Speaker(id=speaker, name=_name(name), merged=is_merged)
    raise _no_split(value)


def _turn(value: object, speakers: Container[str]) -> Turn:
    match value:
        case [start, end, str() as speaker] if speaker in speakers:
            line = read_line("split", {"start": start, "end": end, "text": ""})
            return Turn(start=line.start, end=line.end, speaker=speaker)
    raise _no_split(value)


def _no_split(value: object) -> InvalidOption:
    return InvalidOption(field="split", value=str(value)[:100], accepted="that of the answer to the merge")
