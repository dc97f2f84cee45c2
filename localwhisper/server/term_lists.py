"""The lists of names and terms that the user keeps, and their use in finished transcripts."""

import asyncio

from localwhisper.errors import InvalidBody
from localwhisper.jobs.terms import parse
from localwhisper.jobs.transcript import Segment, Transcript
from localwhisper.options import OPTIONS
from localwhisper.server.base import BaseHandler
from localwhisper.server.serializers import Json
from localwhisper.server.transcripts import whole_number


class TermListsHandler(BaseHandler):
    async def get(self) -> None:
        kept = self.dependencies.term_lists
        lists = await asyncio.to_thread(kept.all)
        damaged = await asyncio.to_thread(kept.damaged_files)
        rows = [{"name": name, "terms": terms} for name, terms in lists.items()]
        self.write_json({"term_lists": rows, "damaged_files": list(map(str, damaged))})


class TermListHandler(BaseHandler):
    async def put(self, name: str) -> None:
        terms = self.json_body().get("terms")
        if not isinstance(terms, str):
            raise InvalidBody(reason='it needs the text "terms"')
        await asyncio.to_thread(self.dependencies.term_lists.put, name, terms)
        self.write_json({"name": name, "terms": terms})

    async def delete(self, name: str) -> None:
        await asyncio.to_thread(self.dependencies.term_lists.remove, name)
        self.set_status(204)
        self.finish()


class JobTermsHandler(BaseHandler):
    """Replaces in a finished transcript what names and terms say."""

    async def post(self, job_id: str) -> None:
        body, is_preview = self.json_body(), self.get_boolean_argument("preview")
        version = whole_number("version", body.get("version"))
        text = OPTIONS["terms"].from_json(body.get("terms"))
        terms = parse((await asyncio.to_thread(self.dependencies.term_lists.included, {"terms": text}))["terms"])

        async def answer() -> Json:
            corrections = self.dependencies.jobs.corrections
            before, after = await corrections.apply_terms(job_id, version, terms, is_preview=is_preview)
            changes = await asyncio.to_thread(_changes, before, after)
            return {"version": before.version if is_preview else after.version, "changes": changes}

        await self.write_large_json(answer)


def _changes(before: Transcript, after: Transcript) -> list[Json]:
    pairs = enumerate(zip(before.segments, after.segments, strict=True))
    return [_change(number, old, new) for number, (old, new) in pairs if old.text != new.text]


def _change(number: int, old: Segment, new: Segment) -> Json:
    times = {"start": round(old.start, 3), "end": round(old.end, 3)}
    return {"segment": number, **times, "before": old.text, "after": new.text}
