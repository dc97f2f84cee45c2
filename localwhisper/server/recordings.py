"""Handlers of recordings from a microphone: begun, sent in pieces, and queued."""

import asyncio
import re
from collections.abc import Mapping

from localwhisper.errors import InvalidOption
from localwhisper.jobs.job import DraftCorrection, Job
from localwhisper.server import serializers
from localwhisper.server.base import BaseHandler
from localwhisper.server.dependencies import Dependencies
from localwhisper.server.forwarded_headers import path_prefix
from localwhisper.server.transcripts import read_line
from localwhisper.server.uploads import clean_name


async def begin_recording(
    dependencies: Dependencies,
    filename: str,
    texts: Mapping[str, str],
    live_model: str | None = None,
    *,
    is_stream: bool = False,
) -> Job:
    """Create a pending job with the options in `texts`. `live_model`: the model for its live text, which is checked;
    `is_stream`: see Recordings.begin().

    Raises what OptionReader.read(), LiveTexts.check_model() and Recordings.begin() raise.
    """
    jobs = dependencies.jobs
    options, reason = await asyncio.to_thread(dependencies.options.read, texts)
    await jobs.live_texts.check_model(options, live_model)
    return await jobs.recordings.begin(filename, options, reason, is_stream=is_stream)


class RecordingsHandler(BaseHandler):
    async def post(self) -> None:
        body = self.json_body()
        filename = clean_name(str(body.pop("filename", "")))
        texts = {name: str(value) for name, value in body.items() if value is not None}
        jobs = self.dependencies.jobs
        job = await begin_recording(self.dependencies, filename, texts)
        self.set_header("Location", f"{path_prefix(self.request)}/job/{job.id}")
        self.write_json(serializers.job_body(job, jobs.eta, self.language), 201)


class SamplesHandler(BaseHandler):
    async def post(self, job_id: str) -> None:
        text = self.get_query_argument("offset", "")
        if not re.fullmatch(r"[0-9]{1,12}", text):
            raise InvalidOption(field="offset", value=text[:100], accepted="a whole number from 0")
        recorder = self.get_query_argument("recorder", "")[:100]
        size = await self.dependencies.jobs.recordings.append(job_id, int(text), self.request.body, recorder)
        self.write_json({"size_bytes": size})


class FinishHandler(BaseHandler):
    async def post(self, job_id: str) -> None:
        jobs = self.dependencies.jobs
        job = await jobs.recordings.finish(job_id)
        self.write_json(serializers.job_body(job, jobs.eta, self.language))


class DraftHandler(BaseHandler):
    async def post(self, job_id: str) -> None:
        """Correct a line of the live text, or the words of the final text that took its place."""
        body = self.json_body()
        heard = read_line("segment", body.get("segment"))
        written = read_line("segment", {"start": heard.start, "end": heard.end, "text": body.get("text")})
        correction = DraftCorrection(start=heard.start, end=heard.end, draft=heard.text, text=written.text)
        await self.dependencies.jobs.drafts.correct(job_id, correction)
        self.set_status(204)
        self.finish()
