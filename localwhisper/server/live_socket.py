"""/ws/live: a recording is sent while it is made, and its text comes back."""

import asyncio
from collections.abc import Callable, Iterable, Set
from functools import partial

from localwhisper.audio.ffmpeg import SAMPLE_RATE
from localwhisper.errors import InvalidOption, LocalWhisperError, RecordingEnded
from localwhisper.jobs.events import (
    Event,
    JobChanged,
    JobDescribed,
    JobRemoved,
    LiveTextChanged,
    LiveTextDelayed,
    LiveTextFailed,
    ProgressMade,
)
from localwhisper.jobs.job import DraftCorrection
from localwhisper.jobs.live import LiveSegment
from localwhisper.server import live_messages, serializers, ws_messages
from localwhisper.server.http_errors import InvalidFrame
from localwhisper.server.recordings import begin_recording
from localwhisper.server.transcripts import MAX_LINE_CHARS
from localwhisper.server.uploads import clean_name
from localwhisper.server.ws_handlers import EventSocketHandler
from localwhisper.services.live_text import LiveSession

SAMPLE_BYTES = 2


class LiveSocketHandler(EventSocketHandler):
    """One client of one recording: it sends it, or only follows it. Tornado reads a message once the one before is
    answered, so what the disk can't take waits in the network."""

    _session: LiveSession | None = None
    _is_sender = False
    _shown_corrections: Set[DraftCorrection] = frozenset()
    _is_container = False

    def subscribe(self) -> Callable[[], None]:
        return lambda: None  # until it is known to which job

    async def send_snapshot(self) -> None:
        pass

    async def on_message(self, message: str | bytes) -> None:
        self._last_received_s = asyncio.get_running_loop().time()
        try:
            if isinstance(message, bytes):
                await self._take_audio(message)
            else:
                await self._take_request(ws_messages.parse_frame(message, live_messages.RECEIVED))
        except LocalWhisperError as error:
            self.queue_message("error", serializers.message_body(error.message, self.language))

    async def _take_request(self, request: ws_messages.Request) -> None:
        jobs = self.dependencies.jobs
        if request.type == "start":
            await self._start(request)
            return
        if request.type == "ping":
            self.queue_message("pong", {})
        if self.job_id is None:
            if request.type != "ping":
                raise InvalidFrame(reason="there was no start")
            return
        if request.type == "get_status":
            job = jobs.index.get(self.job_id)
            self.queue_message("status", serializers.job_body(job, jobs.eta, self.language))
        elif request.type == "mark":
            self.queue_message("marked", {"at": round(await jobs.drafts.mark(self.job_id), 2)})
        elif request.type == "correct":
            await self._correct(request)
        elif request.type == "stop":
            jobs.recordings.expect_more(self.job_id)  # in case it can't be finished now
            await jobs.recordings.finish(self.job_id)
        elif self._is_sender:
            jobs.recordings.expect_more(self.job_id)

    async def _correct(self, request: ws_messages.Request) -> None:
        number, text = request.body.get("id"), live_messages.text_field(request.body, "text") or ""
        segments = {segment.id: segment for segment in self._session.segments} if self._session else {}
        if not isinstance(number, int) or number not in segments:
            raise InvalidOption(field="id", value=str(number)[:100], accepted="the id of a segment")
        if len(text) > MAX_LINE_CHARS:
            raise InvalidOption(field="text", value=text[:100], accepted=f"at most {MAX_LINE_CHARS} characters")
        segment = segments[number]
        correction = DraftCorrection(start=segment.start, end=segment.end, draft=segment.text, text=text)
        await self.dependencies.jobs.drafts.correct(str(self.job_id), correction)

    async def _start(self, request: ws_messages.Request) -> None:
        if self.job_id is not None:
            raise InvalidFrame(reason="there was a start already")
        live_model = live_messages.text_field(request.body, "live_model")
        job_id = request.job_id or await self._begin(request, live_model)
        n_bytes = await self.dependencies.jobs.recordings.n_encoded_bytes(job_id)
        try:
            session = await self.dependencies.jobs.live_texts.follow(job_id, live_model)
        except RecordingEnded:
            await self._follow_job(job_id)
            return
        if not self._is_subscribed:  # closed meanwhile
            self.dependencies.jobs.live_texts.leave(session)
            return
        self._session = session
        self._is_container = n_bytes is not None
        self._attach(job_id)
        self.queue_message("started", self._started_data(session.model, n_bytes))
        self._shown_corrections = frozenset(self.dependencies.jobs.index.get(job_id).draft_corrections)
        self._show(session.segments)
        if session.latest is not None:
            self.queue_message("partial", live_messages.partial_data(session.latest), key="partial")

    def _show(self, segments: Iterable[LiveSegment]) -> None:
        corrections = self.dependencies.jobs.index.get(str(self.job_id)).draft_corrections
        for segment in segments:
            self.queue_message("segment", live_messages.segment_data(segment, corrections))

    async def _follow_job(self, job_id: str) -> None:
        """For a client that comes back after the recording has ended."""
        jobs = self.dependencies.jobs
        job = jobs.index.get(job_id)
        if not self._is_subscribed:
            return
        self._attach(job_id)
        await self.send("started", self._started_data(None))
        await self.send("status", serializers.job_body(job, jobs.eta, self.language))
        if job.state.ended:
            await self.send_final(job)

    def _attach(self, job_id: str) -> None:
        """From here on, this client gets what happens to the job."""
        counts = self.dependencies.sockets.counts
        counts.remove(None)
        counts.add(job_id)
        self.job_id = job_id
        self._unsubscribe = self.dependencies.bus.subscribe(self.on_event, job_id)

    def _started_data(self, live_model: str | None, n_bytes: int | None = None) -> serializers.Json:
        duration_s = self.dependencies.jobs.index.get(self.job_id or "").audio_duration
        samples = round(duration_s * SAMPLE_RATE)
        return {"job_id": self.job_id, "samples": samples, "bytes": n_bytes, "live_model": live_model}

    async def _begin(self, request: ws_messages.Request, live_model: str | None) -> str:
        """Begin a recording; return its job's id."""
        texts, is_container = live_messages.options_field(request.body), live_messages.is_container(request.body)
        filename = clean_name(live_messages.text_field(request.body, "filename") or "")
        job = await begin_recording(self.dependencies, filename, texts, live_model, is_stream=True)
        if is_container:
            await self.dependencies.jobs.recordings.begin_encoded(job.id)
        self._is_sender = True
        return job.id

    async def _take_audio(self, frame: bytes) -> None:
        first, data = live_messages.parse_audio(frame)
        if self.job_id is None:
            raise InvalidFrame(reason="there was no start")
        self._is_sender = True
        recordings = self.dependencies.jobs.recordings
        if self._is_container:
            ack = {"bytes": await recordings.append_encoded(self.job_id, first, data)}
        elif len(data) % SAMPLE_BYTES:
            raise InvalidFrame(reason="it doesn't have whole samples")
        else:
            ack = {"samples": await recordings.append(self.job_id, SAMPLE_BYTES * first, data) // SAMPLE_BYTES}
        recordings.expect_more(self.job_id)
        self.queue_message("ack", ack, key="ack")

    def on_event(self, event: Event) -> None:
        jobs, language = self.dependencies.jobs, self.language
        match event:
            case LiveTextChanged(job_id=job_id, text=text):
                self._show(text.segments)
                self.put_shared(event, "partial", job_id, partial(live_messages.partial_data, event), key="partial")
            case LiveTextDelayed(message=message):
                self.queue_message("preparing", serializers.message_body(message, language), key="preparing")
            case LiveTextFailed(error=error):
                self.queue_message("unavailable", serializers.message_body(error, language))
            case ProgressMade(job=job):
                data = partial(serializers.progress_body, job, jobs.eta, language)
                self.put_shared(event, "progress", job.id, data, key="progress")
            case JobDescribed(job=job) if self._session is not None:
                changed = set(job.draft_corrections) - self._shown_corrections
                self._shown_corrections |= changed
                places = {(each.start, each.end) for each in changed}
                self._show(each for each in self._session.segments if (each.start, each.end) in places)
            case JobChanged(job=job, transcript=transcript) if job.state.ended:
                data = partial(ws_messages.final_data, job, transcript, language)
                self.put_shared(event, ws_messages.final_type(job), job.id, data)
                self.outbox.finish()
            case JobChanged(job=job):
                self.put_shared(event, "status", job.id, partial(serializers.job_body, job, jobs.eta, language))
            case JobRemoved():
                self.outbox.finish()

    def _clean_up(self) -> None:
        super()._clean_up()
        if self._session is not None:
            self.dependencies.jobs.live_texts.leave(self._session)
            self._session = None
