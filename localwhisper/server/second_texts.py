"""Handlers of second texts: transcribing a recording again, differences between two texts, a text that one has."""

import asyncio
import re
from dataclasses import asdict

from localwhisper.engine.checkpoints.model_choice import NAMED, second_opinion
from localwhisper.errors import InvalidOption
from localwhisper.jobs.differences import Difference
from localwhisper.options import options_from_json, options_to_json
from localwhisper.server import serializers
from localwhisper.server.base import BaseHandler
from localwhisper.server.forwarded_headers import path_prefix
from localwhisper.server.serializers import Json
from localwhisper.server.transcripts import whole_number

MAX_IDS = 100_000
JOB_ID = re.compile(r"[0-9a-f-]{36}")


class AgainHandler(BaseHandler):
    async def post(self, job_id: str) -> None:
        jobs, changes = self.dependencies.jobs, self.json_body()
        job = jobs.index.get(job_id)
        models = await asyncio.to_thread(self.dependencies.models.library.entries)
        options, reason = job.options, job.model_reason
        if self.get_boolean_argument("second_opinion"):
            options, reason = second_opinion(options, job.language, models), NAMED
        if changes:
            changes = await asyncio.to_thread(self.dependencies.term_lists.included, changes)
            options = options_from_json({**options_to_json(options), **changes}, models=models)
            reason = NAMED if changes.get("model") is not None else reason
        again = await jobs.second_texts.transcribe_again(job_id, options, reason)
        self.set_header("Location", f"{path_prefix(self.request)}/job/{again.id}")
        self.write_json(serializers.job_body(again, jobs.eta, self.language), 201)


class DifferencesHandler(BaseHandler):
    async def get(self, job_id: str) -> None:
        other_id = self._other_id()

        async def body() -> Json:
            transcript, found = await self.dependencies.jobs.second_texts.differences(job_id, other_id)
            return {"version": transcript.version, "differences": map(_difference_body, found)}

        await self.write_large_json(body)

    async def post(self, job_id: str) -> None:
        body, other_id = self.json_body(), self._other_id()
        version, ids = whole_number("version", body.get("version")), body.get("ids")
        if not isinstance(ids, list) or len(ids) > MAX_IDS or not all(isinstance(each, str) for each in ids):
            raise InvalidOption(field="ids", value=str(ids)[:100], accepted=f"a list of at most {MAX_IDS} texts")

        async def answer() -> Json:
            second_texts = self.dependencies.jobs.second_texts
            return serializers.corrected_body(*await second_texts.take_over(job_id, other_id, version, set(ids)))

        await self.write_large_json(answer)

    def _other_id(self) -> str:
        """The job to compare with. Raises InvalidOption."""
        text = self.get_query_argument("with", "")
        if not JOB_ID.fullmatch(text):
            raise InvalidOption(field="with", value=text[:100], accepted="the id of a job")
        return text


class AlignHandler(BaseHandler):
    async def post(self, job_id: str) -> None:
        body = await self.long_json_body()
        version, text = whole_number("version", body.get("version")), body.get("text")
        if not isinstance(text, str):
            raise InvalidOption(field="text", value=str(text)[:100], accepted="a text")

        async def answer() -> Json:
            transcript, script = await self.dependencies.jobs.scripts.align(job_id, version, text)
            return {
                **serializers.result_body(transcript, timestamps=True),
                "version": transcript.version,
                "words": script.n_words,
                "placed": script.n_placed,
            }

        await self.write_large_json(answer)


def _difference_body(difference: Difference) -> Json:
    body = asdict(difference)
    places = [{name: place[name] for name in ("segment", "start", "end")} for place in body.pop("replacements")]
    return {**body, "start": round(difference.start, 3), "end": round(difference.end, 3), "places": places}
