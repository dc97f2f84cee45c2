"""One job and the list of jobs."""

import mimetypes
import re
from contextlib import suppress

import tornado.web

from localwhisper.errors import InvalidOption, JobDamaged
from localwhisper.jobs.model import Job, JobState
from localwhisper.options import Options, options_from_json, options_to_json
from localwhisper.server import serializers
from localwhisper.server.base import BaseHandler
from localwhisper.server.http_errors import BadRequest
from localwhisper.server.transcripts import json_body

MAX_PAGE = 200
MAX_QUERY_CHARS = 200


async def full_body(handler: BaseHandler, job: Job) -> serializers.Json:
    """The job with what is on the disk: the segments so far, or the result."""
    services = handler.services
    body = serializers.job_body(job, services.jobs.eta, handler.language)
    if job.state is JobState.COMPLETED:
        try:
            transcript = await services.jobs.transcripts.get(job.id)
        except JobDamaged as error:
            body["error"] = serializers.message_body(error.message, handler.language)
        else:
            body["result"] = serializers.result_body(transcript, timestamps=job.options.return_timestamps)
            body["transcript_version"] = transcript.version
    if "result" not in body and job.options.return_timestamps:
        with suppress(JobDamaged):
            body["segments"] = [
                serializers.segment_body(segment) for segment in await services.jobs.transcripts.segments(job.id)
            ]
    return body


class JobHandler(BaseHandler):
    async def get(self, job_id: str) -> None:
        self.write_json(await full_body(self, self.services.jobs.index.get(job_id)))

    async def delete(self, job_id: str) -> None:
        queue = self.services.jobs.queue
        job = await (queue.remove(job_id) if self.flag("remove") else queue.cancel(job_id))
        self.write_json(serializers.job_body(job, self.services.jobs.eta, self.language))


class RetryHandler(BaseHandler):
    async def post(self, job_id: str) -> None:
        job = await self.services.jobs.queue.retry(job_id, self._options(job_id))
        self.write_json(serializers.job_body(job, self.services.jobs.eta, self.language))

    def _options(self, job_id: str) -> Options | None:
        """The job's own options with those of the body in their places; None: its own."""
        given = json_body(self.request.body)
        if not given:
            return None
        own = options_to_json(self.services.jobs.index.get(job_id).options)
        return options_from_json({**own, **given}, models=self.services.models.library.entries())


class JobsHandler(BaseHandler):
    async def get(self) -> None:
        search, query = self.services.jobs.search, self.get_query_argument("q", "")[:MAX_QUERY_CHARS].strip()
        among = await search.find(query) if query else None
        try:
            page = self.services.jobs.index.page(
                limit=self._limit(),
                cursor=self.get_query_argument("cursor", "", strip=False) or None,
                states=self._states(),
                among=among,
            )
        except (ValueError, OverflowError):
            raise InvalidOption(
                field="cursor",
                value=self.get_query_argument("cursor")[:100],
                accepted="a next_cursor of an answer",
            ) from None
        jobs = [serializers.job_body(job, self.services.jobs.eta, self.language) for job in page.jobs]
        excerpts = await search.excerpts(query, [job.id for job in page.jobs]) if query else {}
        for job in jobs:
            if job["job_id"] in excerpts:
                job["excerpt"] = excerpts[job["job_id"]]
        self.write_json({"jobs": jobs, "next_cursor": page.next_cursor})

    def _limit(self) -> int:
        text = self.get_query_argument("limit", "50", strip=False)
        if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= MAX_PAGE:
            raise InvalidOption(field="limit", value=text[:100], accepted=f"1 to {MAX_PAGE}")
        return int(text)

    def _states(self) -> frozenset[JobState] | None:
        texts = [text for given in self.get_query_arguments("status") for text in given.split(",") if text]
        accepted = {state.value: state for state in JobState}
        for text in texts:
            if text not in accepted:
                raise InvalidOption(field="status", value=text[:100], accepted=", ".join(accepted))
        return frozenset(accepted[text] for text in texts) or None


class WaveformHandler(BaseHandler):
    async def get(self, job_id: str) -> None:
        made = await self.services.jobs.waveforms.get(job_id)
        self.write_json({"duration": made.duration, "peaks": made.peaks})


class AudioHandler(tornado.web.StaticFileHandler, BaseHandler):
    """The job's audio, with Range; the path comes from the job, never from the address."""

    def initialize(self) -> None:  # type: ignore[override]  # the route has no folder to give
        super().initialize(path="/")

    async def get(self, job_id: str, include_body: bool = True) -> None:
        self.absolute = await self.services.jobs.transcripts.audio_path(job_id)
        await super().get(job_id, include_body)
        if self.get_status() == 416:  # set without a body where no byte of the range exists
            self.write_json({"error": serializers.message_body(BadRequest().message, self.language)}, 416)

    async def head(self, job_id: str) -> None:
        await self.get(job_id, include_body=False)

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:
        return path

    def parse_url_path(self, url_path: str) -> str:
        return str(self.absolute)

    def validate_absolute_path(self, root: str, absolute_path: str) -> str:
        return absolute_path

    def get_content_type(self) -> str:
        kind = mimetypes.guess_type(self.absolute.name)[0] or ""
        return kind if kind.startswith(("audio/", "video/")) else "application/octet-stream"

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", "private, max-age=3600")

    def compute_etag(self) -> str | None:
        return None  # its default reads the whole file; the modification time serves
