"""Requests that wait for the transcript of what they send: an ordinary job, whose end is the answer."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

from localwhisper.errors import JobNotFound, JobWasCancelled, LocalWhisperError, error_from
from localwhisper.export.registry import EXPORTERS
from localwhisper.jobs.events import JobChanged, JobRemoved, SegmentsDone
from localwhisper.jobs.model import Job, JobState, Segment, Transcript
from localwhisper.options import Options, options_from_texts
from localwhisper.server.uploads import UploadHandler
from localwhisper.services.job_events import JobEventStream


class AnsweringHandler(UploadHandler):
    """A client that hangs up cancels its job."""

    waits_for: str | None = None  # the id of the job, while it runs
    cancelling: "asyncio.Task[None] | None" = None

    def job_options(self, **given: str | None) -> Options:
        """By the names of /transcribe-job; None for what was not given. Raises InvalidOption."""
        fields = {name: text for name, text in given.items() if text is not None}
        services = self.services
        return options_from_texts(
            fields, defaults=services.settings.option_defaults, models=services.models.library.entries()
        )

    async def transcribe(self, options: Options, filename: str | None = None) -> tuple[Job, Transcript]:
        """Raises why there is no transcript."""
        async with contextlib.aclosing(self.follow(options, filename)) as items:
            async for item in items:
                if not isinstance(item, Segment):
                    return item
        raise AssertionError("a job's end is the last thing that is heard of it")

    async def follow(
        self, options: Options, filename: str | None = None
    ) -> AsyncGenerator[Segment | tuple[Job, Transcript], None]:
        """Each segment as it is decoded, then the end. Raises why there is no transcript."""
        job = await self.submit(options, filename)
        following = JobEventStream(self.services.bus, job.id)  # no event can have come since submit() returned
        self.waits_for = job.id
        if self.is_gone:
            self.on_connection_close()
        try:
            async for event in following:
                match event:
                    case SegmentsDone(segments=segments):
                        for segment in segments:
                            yield segment
                    case JobRemoved(job_id=job_id):
                        raise JobNotFound(job_id=job_id)
                    case JobChanged(job=job) if job.state.ended:
                        yield _end(event)
        finally:
            self.waits_for = None
            following.close()

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if self.waits_for is not None and self.services.jobs.queue.is_running:
            self.cancelling = asyncio.ensure_future(self._cancel(self.waits_for))

    async def _cancel(self, job_id: str) -> None:
        with contextlib.suppress(LocalWhisperError):  # it has ended, or is gone
            await self.services.jobs.queue.cancel(job_id)

    def write_text(self, text: str, media_type: str) -> None:
        self.set_header("Content-Type", f"{media_type}; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(text)


def _end(event: JobChanged) -> tuple[Job, Transcript]:
    job = event.job
    if job.error is not None:
        raise error_from(job.error)
    if job.state is JobState.CANCELLED:
        raise JobWasCancelled
    assert event.transcript is not None
    return job, event.transcript


def exported(name: str, transcript: Transcript) -> str:
    return EXPORTERS[name].to_text(transcript)


def segment_figures(segment: Segment) -> dict[str, Any]:
    """A segment as openai-whisper's JSON has it, without words."""
    return {
        "id": segment.id,
        "seek": segment.seek,
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "tokens": list(segment.tokens),
        "temperature": segment.temperature,
        "avg_logprob": segment.avg_logprob,
        "compression_ratio": segment.compression_ratio,
        "no_speech_prob": segment.no_speech_prob,
    }
