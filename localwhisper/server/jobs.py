"""Handlers of one job and of the list of jobs."""

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress

from localwhisper.errors import InvalidOption, JobDamaged
from localwhisper.jobs.job import Job, JobState
from localwhisper.options import Options, options_from_json, options_to_json
from localwhisper.server import serializers
from localwhisper.server.base import BaseHandler
from localwhisper.server.dependencies import JobDependencies
from localwhisper.server.job_description import description
from localwhisper.server.serializers import Json

MAX_PAGE = 200
MAX_QUERY_CHARS = 200


async def full_job_body(jobs: JobDependencies, job: Job, language: str) -> Json:
    """The job with what is read from the disk: its result, or the segments decoded so far."""
    body = serializers.job_body(job, jobs.eta, language)
    if job.state is JobState.COMPLETED:
        try:
            transcript = await jobs.transcripts.get(job.id)
        except JobDamaged as error:
            body["error"] = serializers.message_body(error.message, language)
        else:
            timestamps = job.options.return_timestamps
            body["result"] = await asyncio.to_thread(serializers.result_body, transcript, timestamps=timestamps)
            body["transcript_version"] = transcript.version
    if "result" not in body and job.options.return_timestamps:
        with suppress(JobDamaged):
            segments = await jobs.transcripts.segments(job.id)
            body["segments"] = [serializers.segment_body(segment) for segment in segments]
    return body


class JobHandler(BaseHandler):
    async def get(self, job_id: str) -> None:
        jobs = self.dependencies.jobs
        job = jobs.index.get(job_id)
        await self.write_large_json(lambda: full_job_body(jobs, job, self.language))

    async def patch(self, job_id: str) -> None:
        jobs = self.dependencies.jobs
        changes = description(jobs.index.get(job_id), self.json_body())
        job = await jobs.queue.describe(job_id, changes)
        self.write_json(serializers.job_body(job, jobs.eta, self.language))

    async def delete(self, job_id: str) -> None:
        jobs = self.dependencies.jobs
        change = jobs.queue.remove if self.get_boolean_argument("remove") else jobs.queue.cancel
        self.write_json(serializers.job_body(await change(job_id), jobs.eta, self.language))


class RetryHandler(BaseHandler):
    async def post(self, job_id: str) -> None:
        jobs = self.dependencies.jobs
        changes, from_start = self.json_body(), self.get_boolean_argument("from_start")
        options = await self._options(job_id, changes)
        names_model = changes.get("model") is not None
        job = await jobs.queue.retry(job_id, options, names_model=names_model, from_start=from_start)
        self.write_json(serializers.job_body(job, jobs.eta, self.language))

    async def _options(self, job_id: str, changes: Mapping[str, object]) -> Options | None:
        """The job's options with those of the body in their places; None if the body has none."""
        if not changes:
            return None
        changes = await asyncio.to_thread(self.dependencies.term_lists.included, changes)
        values = {**options_to_json(self.dependencies.jobs.index.get(job_id).options), **changes}
        models = await asyncio.to_thread(self.dependencies.models.library.entries)
        return options_from_json(values, models=models)


class JobsHandler(BaseHandler):
    """The history: a page of jobs, filtered by state and search."""

    async def get(self) -> None:
        jobs = self.dependencies.jobs
        search_query = self.get_query_argument("q", "")[:MAX_QUERY_CHARS].strip()
        cursor = self.get_query_argument("cursor", "", strip=False) or None
        limit, states = self._limit(), self._states()
        matches = await jobs.search.find(search_query) if search_query else None
        if tag := self.get_query_argument("tag", "").casefold():
            tagged = {job.id for job in jobs.index if tag in map(str.casefold, job.tags)}
            matches = tagged if matches is None else matches & tagged
        try:
            page = jobs.index.page(limit=limit, cursor=cursor, states=states, among=matches)
        except (ValueError, OverflowError):
            accepted = "a next_cursor of an earlier answer"
            raise InvalidOption(field="cursor", value=str(cursor)[:100], accepted=accepted) from None
        excerpts = await jobs.search.excerpts(search_query, [job.id for job in page.jobs]) if search_query else {}
        bodies = [serializers.job_body(job, jobs.eta, self.language, excerpts.get(job.id)) for job in page.jobs]
        if self.get_boolean_argument("preview"):
            previews = await jobs.search.previews(job.id for job in page.jobs)
            bodies = [body | serializers.preview_body(previews.get(body["job_id"])) for body in bodies]
        self.write_json({"jobs": bodies, "next_cursor": page.next_cursor})

    def _limit(self) -> int:
        text = self.get_query_argument("limit", "50", strip=False)
        if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= MAX_PAGE:
            raise InvalidOption(field="limit", value=text[:100], accepted=f"1 to {MAX_PAGE}")
        return int(text)

    def _states(self) -> frozenset[JobState] | None:
        texts = [text for value in self.get_query_arguments("status") for text in value.split(",") if text]
        states = {state.value: state for state in JobState}
        for text in texts:
            if text not in states:
                raise InvalidOption(field="status", value=text[:100], accepted=", ".join(states))
        return frozenset(states[text] for text in texts) or None
