"""The base of handlers that run an ordinary job for an upload and answer with its transcript."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import Any

from localwhisper.errors import JobNotFound, JobWasCancelled, LocalWhisperError
from localwhisper.jobs.events import JobChanged, JobRemoved, SegmentsDone
from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.transcript import Segment, Transcript
from localwhisper.option_types import NONE
from localwhisper.options import Options
from localwhisper.server.uploads import UploadHandler
from localwhisper.services.job_events import JobEventStream
from localwhisper.stored_errors import error_from
from localwhisper.unicode_text import to_utf8


class SynchronousJobHandler(UploadHandler):
    """Cancels the job if the client disconnects."""

    _running_job_id: str | None = None
    _cancelling: "asyncio.Task[None] | None" = None

    async def transcribe(self, options: Options, filename: str | None = None) -> tuple[Job, Transcript]:
        """Raises the reason why there is no transcript."""
        async with contextlib.aclosing(self.stream(options, filename)) as items:
            async for item in items:
                if not isinstance(item, Segment):
                    return item
        raise AssertionError("a job's events end with its transcript or an error")

    async def stream(
        self, options: Options, filename: str | None = None
    ) -> AsyncGenerator[Segment | tuple[Job, Transcript], None]:
        """Each segment as it is decoded, then the completed job. Raises the reason why there is no transcript."""
        job = await self.submit(options, filename)
        # complete, since no event was published since submit() returned
        events = JobEventStream(self.dependencies.bus, job.id)
        self._running_job_id = job.id
        if self.is_disconnected:
            self._cancel_job()
        try:
            async for event in events:
                match event:
                    case SegmentsDone(segments=segments):
                        for segment in segments:
                            yield segment
                    case JobRemoved(job_id=job_id):
                        raise JobNotFound(job_id=job_id)
                    case JobChanged(job=job) if job.state.ended:
                        yield _outcome(event)
        finally:
            self._running_job_id = None
            events.close()

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self._cancel_job()

    def _cancel_job(self) -> None:
        if self._running_job_id is not None and self.dependencies.jobs.queue.is_running:
            self._cancelling = asyncio.ensure_future(self._cancel(self._running_job_id))

    async def _cancel(self, job_id: str) -> None:
        with contextlib.suppress(LocalWhisperError):  # it has ended or was removed
            await self.dependencies.jobs.queue.cancel(job_id)

    async def write_text(self, media_type: str, build: Callable[..., str], *arguments: Any) -> None:
        """Finish with the text that `build` returns on a thread: that of hours takes a while."""
        text = await asyncio.to_thread(build, *arguments)
        self.set_header("Content-Type", f"{media_type}; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        await self.finish_large(partial(asyncio.to_thread, to_utf8, text))

    async def write_result(self, build: Callable[..., Any], *arguments: Any) -> None:
        """As write_text(), for JSON."""
        await self.write_large_json(partial(asyncio.to_thread, build, *arguments))


def _outcome(event: JobChanged) -> tuple[Job, Transcript]:
    job = event.job
    if job.error is not None:
        raise error_from(job.error)
    if job.state is JobState.CANCELLED:
        raise JobWasCancelled
    assert event.transcript is not None
    return job, event.transcript


def temperature_option(text: str | None) -> dict[str, str]:
    """A client's `temperature` as an option of a job.

    Many clients always send 0. To them it means what our default does: start at 0, and raise the temperature where
    decoding fails. Any other temperature is the only one.
    """
    try:
        is_default = not text or float(text) == 0
    except ValueError:
        is_default = False  # reported when the options are read
    if is_default or text is None:
        return {}
    return {"temperature": text, "temperature_increment_on_fallback": NONE}
