"""The two WebSockets: one job's, and the whole queue's. A snapshot first, then events.

Each subscribes before it reads its snapshot, so nothing falls between the two.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import tornado.iostream
import tornado.websocket

from localwhisper.errors import LocalWhisperError
from localwhisper.jobs.events import (
    Event,
    JobChanged,
    JobRemoved,
    ModelChanged,
    ProgressMade,
    SegmentsDone,
    TranscriptCorrected,
)
from localwhisper.jobs.model import Job, JobState, Segment
from localwhisper.server import serializers, ws_messages
from localwhisper.server.base import BaseHandler
from localwhisper.server.http_errors import BadRequest, MethodNotAllowed
from localwhisper.server.jobs import full_body
from localwhisper.server.models import find_entry
from localwhisper.server.system import queue_figures
from localwhisper.server.ws_outbox import Outbox, text_frame

log = logging.getLogger(__name__)
SNAPSHOT_JOBS = 50
FULL = 1013  # "try again later" (RFC 6455's registry)


class Socket(tornado.websocket.WebSocketHandler, BaseHandler):
    """What both have in common: checks, frames, the way out."""

    job_id: str | None = None
    is_open = False

    def prepare(self) -> None:
        super().prepare()
        if self.request.method != "GET":
            raise MethodNotAllowed(method=self.request.method)
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            raise BadRequest

    def check_origin(self, origin: str) -> bool:
        return True  # the gate has checked it, with an answer that says why

    def open(self, *args: str, **kwargs: str) -> None:
        services = self.services
        self.outbox = Outbox(lambda: self.close(FULL, "too slow"))
        self.is_open = True
        self._heard_s = asyncio.get_running_loop().time()
        services.sockets.counts.add(self.job_id)
        self._unsubscribe = services.bus.subscribe(self.on_event, self.job_id)
        self._tasks = [asyncio.ensure_future(self._talk()), asyncio.ensure_future(self._close_when_silent())]

    async def _talk(self) -> None:
        try:
            await self._send("connected", ws_messages.connected_data(self.job_id, self.language))
            await self.snapshot()
            await self.outbox.run(self._write)
            self.close(1000)
        except (tornado.websocket.WebSocketClosedError, tornado.iostream.StreamClosedError):
            pass
        except Exception:
            log.exception("a socket failed")
            self.close(1011)
        finally:
            self._leave()

    async def snapshot(self) -> None:
        """Send what the client missed."""
        raise NotImplementedError

    def on_event(self, event: Event) -> None:
        raise NotImplementedError

    async def on_message(self, message: str | bytes) -> None:
        self._heard_s = asyncio.get_running_loop().time()
        try:
            request = ws_messages.parse_frame(message)
            if request.type == "ping":
                self.tell("pong", {}, job_id=request.job_id or self.job_id)
            else:
                await self._tell_status(request.job_id or self.job_id)
        except LocalWhisperError as error:
            self.tell("error", serializers.message_body(error.message, self.language))

    def on_pong(self, data: bytes) -> None:
        self._heard_s = asyncio.get_running_loop().time()

    def on_close(self) -> None:
        self._leave()

    def _leave(self) -> None:
        """Every way out; any number of times."""
        if self.is_open:
            self.is_open = False
            self._unsubscribe()
            self.outbox.close()
            self.services.sockets.counts.remove(self.job_id)
            self._tasks[1].cancel()

    def tell(self, kind: str, data: Any, *, job_id: str | None = None, key: str | None = None) -> None:
        self.outbox.put(
            text_frame(ws_messages.envelope(kind, job_id or self.job_id, data, self.services.sockets.now())), key
        )

    def tell_event(
        self, event: Event, kind: str, make: Callable[[], Any], *, job_id: str | None = None, key: str | None = None
    ) -> None:
        """As tell(), for what all sockets of a language say alike: only the first makes the data."""
        job_id, services = job_id or self.job_id, self.services

        def frame() -> bytes:
            return text_frame(ws_messages.envelope(kind, job_id, make(), services.sockets.now()))

        self.outbox.put(services.sockets.frame_cache.frame(event, kind, self.language, frame), key)

    def tell_segments(self, event: SegmentsDone) -> None:
        """A message each, sent at once."""
        services = self.services

        def frames() -> bytes:
            now, bodies = services.sockets.now(), map(serializers.segment_body, event.segments)
            return b"".join(text_frame(ws_messages.envelope("segment", event.job_id, body, now)) for body in bodies)

        self.outbox.put(services.sockets.frame_cache.frame(event, "segment", self.language, frames))

    async def _tell_status(self, job_id: str | None) -> None:
        job = self.services.jobs.index.get(job_id or "")
        self.tell("status", await full_body(self, job), job_id=job.id)

    async def _send(self, kind: str, data: Any) -> None:
        """Send at once and wait until it is on its way: for snapshots of any length."""
        await self._write(text_frame(ws_messages.envelope(kind, self.job_id, data, self.services.sockets.now())))

    async def _write(self, frames: bytes) -> None:
        connection = self.ws_connection
        if connection is None or connection.stream is None or connection.is_closing():
            raise tornado.websocket.WebSocketClosedError
        await connection.stream.write(frames)

    async def _close_when_silent(self) -> None:
        loop = asyncio.get_running_loop()
        timeout_s = self.services.settings.websocket_timeout
        while (left_s := self._heard_s + timeout_s - loop.time()) > 0:
            await asyncio.sleep(left_s)
        self.close(1001, "silent")


class JobSocket(Socket):
    """/ws/transcription/{job_id}"""

    def prepare(self) -> None:
        super().prepare()
        self.job_id = self.services.jobs.index.get(self.path_args[0]).id
        self._sent: set[int] = set()  # segment ids

    async def snapshot(self) -> None:
        queue = self.services.jobs.queue
        assert self.job_id is not None
        job = queue.index.get(self.job_id)
        await self._send("status", serializers.job_body(job, self.services.jobs.eta, self.language))
        if job.options.return_timestamps:
            for segment in await self.services.jobs.transcripts.segments(job.id):
                if self._is_new([segment]):
                    await self._send("segment", serializers.segment_body(segment))
        if job.state.ended:
            await self._tell_end(job)

    def on_event(self, event: Event) -> None:
        eta, language = self.services.jobs.eta, self.language
        match event:
            case ProgressMade(job=job):
                self.tell_event(
                    event, "progress", lambda: serializers.progress_body(job, eta, language), key="progress"
                )
            case SegmentsDone(segments=segments):
                if self._wants_segments() and self._is_new(segments):
                    self.tell_segments(event)
            case JobChanged(job=job) if job.state.ended:
                kind = ws_messages.final_kind(job)
                self.tell_event(event, kind, lambda: ws_messages.final_data(job, event.transcript, language))
                self.outbox.finish()
            case JobChanged(job=job):
                self.tell_event(event, "status", lambda: serializers.job_body(job, eta, language))
            case JobRemoved():
                self.outbox.finish()

    async def _tell_end(self, job: Job) -> None:
        """For a client that comes when the job has ended."""
        try:
            completed = job.state is JobState.COMPLETED
            transcript = await self.services.jobs.transcripts.get(job.id) if completed else None
            self.tell(ws_messages.final_kind(job), ws_messages.final_data(job, transcript, self.language))
        except LocalWhisperError as error:
            self.tell("error", serializers.message_body(error.message, self.language))
        self.outbox.finish()

    def _wants_segments(self) -> bool:
        return self.services.jobs.index.get(self.job_id or "").options.return_timestamps

    def _is_new(self, segments: Sequence[Segment]) -> bool:
        """Of a window: its segments are saved together, so the snapshot had all of them or none."""
        ids = {segment.id for segment in segments}
        is_new = not ids <= self._sent
        self._sent |= ids
        return is_new


class QueueSocket(Socket):
    """/ws/queue"""

    async def snapshot(self) -> None:
        services = self.services
        jobs = services.jobs.index.page(limit=SNAPSHOT_JOBS).jobs
        bodies = [serializers.job_body(job, services.jobs.eta, self.language) for job in jobs]
        await self._send("snapshot", {"jobs": bodies, "queue": queue_figures(services)})

    def on_event(self, event: Event) -> None:
        services, language = self.services, self.language
        match event:
            case ProgressMade(job=job):
                self.tell_event(
                    event,
                    "progress",
                    lambda: serializers.progress_body(job, services.jobs.eta, language),
                    job_id=job.id,
                    key=job.id,
                )
            case SegmentsDone():
                self.tell_segments(event)
            case JobChanged(job=job):
                self.tell_event(
                    event, "job", lambda: serializers.job_body(job, services.jobs.eta, language), job_id=job.id
                )
                self.tell_event(event, "queue", lambda: queue_figures(services), key="queue")
            case TranscriptCorrected(job_id=job_id, transcript=transcript):
                self.tell("corrected", {"version": transcript.version}, job_id=job_id)
            case JobRemoved(job_id=job_id):
                self.tell("removed", {}, job_id=job_id)
                self.tell_event(event, "queue", lambda: queue_figures(services), key="queue")
            case ModelChanged(name=name, error=error):
                key = None if error else f"model {name}"
                self.tell_event(event, "model", lambda: self._model_body(name, error), key=key)

    def _model_body(self, name: str, error: Exception | None) -> serializers.Json:
        services = self.services
        body = serializers.model_body(
            find_entry(services, name), services.models.downloads, services.jobs.eta, self.language
        )
        if isinstance(error, LocalWhisperError):
            body["error"] = serializers.message_body(error.message, self.language)
        return body
