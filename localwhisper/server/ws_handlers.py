"""The two WebSockets: one job's, and the queue's. Each sends a snapshot first, then events.

Each subscribes before it reads its snapshot, so no event is lost between the two.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import tornado.iostream
import tornado.websocket

from localwhisper.errors import LocalWhisperError
from localwhisper.jobqueue.eta import EtaEstimator
from localwhisper.jobs.events import (
    Event,
    JobChanged,
    JobDescribed,
    JobMeasured,
    JobRemoved,
    ModelChanged,
    ProgressMade,
    SegmentsDone,
    TranscriptCorrected,
    WordsAligned,
)
from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.transcript import Segment, Transcript
from localwhisper.server import serializers, ws_messages
from localwhisper.server.base import BaseHandler
from localwhisper.server.http_errors import BadRequest, MethodNotAllowed
from localwhisper.server.jobs import full_job_body
from localwhisper.server.large_answers import LargeAnswers
from localwhisper.server.models import model_body
from localwhisper.server.serializers import Json
from localwhisper.server.ws_outbox import Outbox, text_frame, write_frames, write_message
from localwhisper.unicode_text import to_utf8

log = logging.getLogger(__name__)
MAX_SNAPSHOT_JOBS = 50
TRY_AGAIN_LATER = 1013  # close code of RFC 6455's registry


class EventSocketHandler(tornado.websocket.WebSocketHandler, BaseHandler):
    """What both sockets have in common: handshake, outbox, timeout, clean-up."""

    job_id: str | None = None
    _is_subscribed = False

    def prepare(self) -> None:
        super().prepare()
        if self.request.method != "GET":
            raise MethodNotAllowed(method=self.request.method)
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            raise BadRequest

    def check_origin(self, origin: str) -> bool:
        return True  # checked in application.py, which answers with the reason

    def open(self, *args: str, **kwargs: str) -> None:
        self.outbox = Outbox(lambda: self.close(TRY_AGAIN_LATER, "too slow"))
        self._is_subscribed = True
        self._last_received_s = asyncio.get_running_loop().time()
        self.dependencies.sockets.counts.add(self.job_id)
        self._unsubscribe = self.subscribe()
        self._timeout = asyncio.ensure_future(self._close_when_silent())
        self._sending = asyncio.ensure_future(self._send_all())

    def subscribe(self) -> Callable[[], None]:
        """Have on_event() called; return the function that ends that."""
        return self.dependencies.bus.subscribe(self.on_event, self.job_id)

    async def _send_all(self) -> None:
        try:
            await self.greet()
            await self.send_snapshot()
            await self.outbox.run(lambda frames: write_frames(self, frames))
            self.close(1000)
        except (tornado.websocket.WebSocketClosedError, tornado.iostream.StreamClosedError):
            pass
        except Exception:
            log.exception("a socket failed")
            self.close(1011)
        finally:
            self._clean_up()

    async def greet(self) -> None:
        """Send the first message."""
        await self.send("connected", ws_messages.connected_data(self.job_id, self.language))

    async def send_snapshot(self) -> None:
        """Send the state before the first event."""
        raise NotImplementedError

    def on_event(self, event: Event) -> None:
        raise NotImplementedError

    async def on_message(self, message: str | bytes) -> None:
        self._last_received_s = asyncio.get_running_loop().time()
        try:
            request = ws_messages.parse_frame(message)
            job_id = request.job_id or self.job_id
            if request.type == "ping":
                self.queue_message("pong", {}, job_id=job_id)
            else:
                job = self.dependencies.jobs.index.get(job_id or "")
                self.queue_message(
                    "status", await full_job_body(self.dependencies.jobs, job, self.language), job_id=job.id
                )
        except LocalWhisperError as error:
            self.queue_message("error", serializers.message_body(error.message, self.language))

    def on_pong(self, data: bytes) -> None:
        self._last_received_s = asyncio.get_running_loop().time()

    def on_close(self) -> None:
        self._clean_up()

    def _clean_up(self) -> None:
        """Called on every way out; idempotent."""
        if self._is_subscribed:
            self._is_subscribed = False
            self._unsubscribe()
            self.outbox.close()
            self.dependencies.sockets.counts.remove(self.job_id)
            self._timeout.cancel()

    async def _close_when_silent(self) -> None:
        loop = asyncio.get_running_loop()
        timeout_s = self.dependencies.settings.websocket_timeout
        while (left_s := self._last_received_s + timeout_s - loop.time()) > 0:
            await asyncio.sleep(left_s)
        self.close(1001, "silent")

    # -- sending -------------------------------------------------------------------------

    async def send(self, kind: str, data: Any) -> None:
        """Write a message and wait for it: for snapshots, which may be longer than the outbox."""
        await write_frames(self, self._frame(kind, self.job_id, data))

    def queue_message(self, kind: str, data: Any, *, job_id: str | None = None, key: str | None = None) -> None:
        """Queue a message to this socket. `key`: a waiting message with the same key is replaced."""
        self.outbox.put(self._frame(kind, job_id or self.job_id, data), key)

    def put_shared(
        self, event: Event, kind: str, job_id: str | None, data: Callable[[], Any], key: str | None = None
    ) -> None:
        """Queue a message that is the same for all sockets of a language; only the first one builds it.

        `key`: a waiting message with the same key is replaced.
        """

        def build() -> bytes:
            return self._frame(kind, job_id, data())

        self.outbox.put(self.dependencies.sockets.frame_cache.get(event, kind, self.language, build), key)

    def put_segments(self, event: SegmentsDone) -> None:
        """Queue a message per segment, joined into one write."""

        def build() -> bytes:
            return b"".join(
                self._frame("segment", event.job_id, serializers.segment_body(segment)) for segment in event.segments
            )

        self.outbox.put(self.dependencies.sockets.frame_cache.get(event, "segment", self.language, build))

    async def send_final(self, job: Job) -> None:
        """For a client that connects after the job has ended."""

        async def content() -> bytes:
            transcript: Transcript | None = None
            if job.state is JobState.COMPLETED:
                transcript = await self.dependencies.jobs.transcripts.get(job.id)
            data = partial(ws_messages.final_data, job, transcript, self.language)
            return await asyncio.to_thread(lambda: to_utf8(self._text(ws_messages.final_type(job), job.id, data())))

        large_answers: LargeAnswers = self.settings["large_answers"]
        try:
            await write_message(self, await large_answers.build(content))
        except LocalWhisperError as error:
            self.queue_message("error", serializers.message_body(error.message, self.language))
        self.outbox.finish()

    def _frame(self, kind: str, job_id: str | None, data: Any) -> bytes:
        return text_frame(self._text(kind, job_id, data))

    def _text(self, kind: str, job_id: str | None, data: Any) -> str:
        return ws_messages.envelope(kind, job_id, data, self.dependencies.sockets.now())


class JobSocketHandler(EventSocketHandler):
    """/ws/transcription/{job_id}: the events of one job."""

    def prepare(self) -> None:
        super().prepare()
        self.job_id = self.dependencies.jobs.index.get(self.path_args[0]).id
        self._sent_segments: set[int] = set()  # ids

    async def send_snapshot(self) -> None:
        jobs = self.dependencies.jobs
        assert self.job_id is not None
        job = jobs.index.get(self.job_id)
        await self.send("status", serializers.job_body(job, jobs.eta, self.language))
        if job.options.return_timestamps:
            for segment in await jobs.transcripts.segments(job.id):
                if self._mark_sent([segment]):
                    await self.send("segment", serializers.segment_body(segment))
        if job.state.ended:
            await self.send_final(job)

    def on_event(self, event: Event) -> None:
        jobs, language = self.dependencies.jobs, self.language
        match event:
            case ProgressMade(job=job):
                data = partial(serializers.progress_body, job, jobs.eta, language)
                self.put_shared(event, "progress", job.id, data, key="progress")
            case SegmentsDone(job_id=job_id, segments=segments):
                if jobs.index.get(job_id).options.return_timestamps and self._mark_sent(segments):
                    self.put_segments(event)
            case JobChanged(job=job, transcript=transcript) if job.state.ended:
                data = partial(ws_messages.final_data, job, transcript, language)
                self.put_shared(event, ws_messages.final_type(job), job.id, data)
                self.outbox.finish()
            case JobChanged(job=job) | JobMeasured(job=job):
                self.put_shared(event, "status", job.id, partial(serializers.job_body, job, jobs.eta, language))
            case JobRemoved():
                self.outbox.finish()

    def _mark_sent(self, segments: Sequence[Segment]) -> bool:
        """Remember that these segments are sent; False if they were sent already.

        Those of a window are saved together, so the snapshot has all of them or none.
        """
        ids = {segment.id for segment in segments}
        is_first_time = not ids <= self._sent_segments
        self._sent_segments |= ids
        return is_first_time


class QueueSocketHandler(EventSocketHandler):
    """/ws/queue: the events of all jobs, of the queue and of the models."""

    async def send_snapshot(self) -> None:
        jobs = self.dependencies.jobs
        newest = jobs.index.page(limit=MAX_SNAPSHOT_JOBS).jobs
        bodies = [serializers.job_body(job, jobs.eta, self.language) for job in newest]
        await self.send("snapshot", {"jobs": bodies, "queue": serializers.queue_body(jobs.queue)})

    def on_event(self, event: Event) -> None:
        jobs, language = self.dependencies.jobs, self.language
        match event:
            case ProgressMade(job=job):
                data = partial(serializers.progress_body, job, jobs.eta, language)
                self.put_shared(event, "progress", job.id, data, key=job.id)
            case SegmentsDone():
                self.put_segments(event)
            case JobChanged(job=job):
                self.put_shared(event, "job", job.id, partial(_changed_body, event, jobs.eta, language))
                self._put_queue(event)
            case JobMeasured(job=job) | JobDescribed(job=job):
                self.put_shared(event, "job", job.id, partial(serializers.job_body, job, jobs.eta, language))
            case TranscriptCorrected(job_id=job_id, transcript=transcript):
                corrected = {"version": transcript.version, **serializers.speakers_body(transcript.speakers)}
                self.queue_message("corrected", corrected, job_id=job_id)
            case WordsAligned(job_id=job_id, progress=progress):
                data = partial(dict, progress=round(progress, 1))
                self.put_shared(event, "words", job_id, data, key=f"words {job_id}")
            case JobRemoved(job_id=job_id):
                self.queue_message("removed", {}, job_id=job_id)
                self._put_queue(event)
            case ModelChanged(name=name, error=error):
                key = None if error else f"model {name}"
                self.put_shared(event, "model", None, partial(self._model_body, name, error), key=key)

    def _put_queue(self, event: Event) -> None:
        data = partial(serializers.queue_body, self.dependencies.jobs.queue)
        self.put_shared(event, "queue", None, data, key="queue")

    def _model_body(self, name: str, error: Exception | None) -> Json:
        entry = self.dependencies.models.downloads.entry(name)
        body = model_body(self.dependencies, entry, self.language)
        if isinstance(error, LocalWhisperError):
            body["error"] = serializers.message_body(error.message, self.language)
        return body


def _changed_body(event: JobChanged, eta: EtaEstimator, language: str) -> Json:
    """The job, with the speakers of one that is completed."""
    body = serializers.job_body(event.job, eta, language)
    return body if event.transcript is None else body | serializers.speakers_body(event.transcript.speakers)
