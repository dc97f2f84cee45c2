"""OpenAI's Realtime API for transcription: /v1/realtime?intent=transcription.

The text is that of /ws/live: a delta is what won't change any more. The audio is kept as a recording, which is
transcribed as an ordinary job when the client leaves.
"""

import asyncio
import base64
import binascii
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from localwhisper.audio.resampling import StreamResampler
from localwhisper.errors import InvalidOption, LocalWhisperError
from localwhisper.jobs.events import Event, LiveTextChanged, LiveTextFailed
from localwhisper.server import serializers
from localwhisper.server.compat.openai import OpenAiHandler, model_name
from localwhisper.server.compat.realtime_session import Items, SessionSettings
from localwhisper.server.http_errors import InvalidFrame
from localwhisper.server.recordings import begin_recording
from localwhisper.server.ws_handlers import EventSocketHandler
from localwhisper.server.ws_outbox import text_frame
from localwhisper.services.live_text import LiveSession
from localwhisper.unicode_text import load_json

MAX_MESSAGE_BYTES = 4 * 1024 * 1024  # a minute of audio in base64
FILENAME = "Realtime.wav"


class RealtimeHandler(EventSocketHandler, OpenAiHandler):
    _session: LiveSession | None = None
    _resampler: StreamResampler
    _items: Items
    _n_bytes = 0  # of the recording

    @property
    def max_message_size(self) -> int:
        return MAX_MESSAGE_BYTES

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return "realtime" if "realtime" in subprotocols else None

    def open(self, *args: str, **kwargs: str) -> None:
        self._settings = SessionSettings()
        self._session_id = f"sess_{uuid.uuid4().hex[:21]}"
        super().open(*args, **kwargs)

    def subscribe(self) -> Callable[[], None]:
        return lambda: None  # until there is a recording

    async def greet(self) -> None:
        self._emit("session.created", session=self._settings.body(self._session_id))

    async def send_snapshot(self) -> None:
        pass

    async def on_message(self, message: str | bytes) -> None:
        self._last_received_s = asyncio.get_running_loop().time()
        body: Mapping[str, Any] = {}
        try:
            body = _parsed(message)
            await self._take(body)
        except LocalWhisperError as error:
            answer, _ = self.error_response(error)
            self._emit("error", error={**answer["error"], "event_id": body.get("event_id")})

    async def _take(self, event: Mapping[str, Any]) -> None:
        match event.get("type"):
            case "session.update" | "transcription_session.update":
                self._update(event)
            case "input_audio_buffer.append":
                await self._append(event.get("audio"))
            case "input_audio_buffer.commit":
                if self._session is None:
                    raise InvalidFrame(reason="there is no audio to commit")
                self._items.committed()
                self._session.end_utterance()
            case kind:
                raise InvalidFrame(reason=f"its type is not supported: {str(kind)[:100]}")

    def _update(self, event: Mapping[str, Any]) -> None:
        session = event.get("session")
        if not isinstance(session, dict):
            raise InvalidFrame(reason="it has no session")
        updated = self._settings.updated(session)
        if self._session is not None and updated != self._settings:
            raise InvalidFrame(reason="a session that has audio can't be changed")
        self._settings = updated
        self._emit(f"{str(event['type']).removesuffix('update')}updated", session=updated.body(self._session_id))

    async def _append(self, audio: object) -> None:
        try:
            pcm = base64.b64decode(audio if isinstance(audio, str) else b"?", validate=True)
        except (binascii.Error, ValueError):
            raise InvalidOption(field="audio", value=str(audio)[:20], accepted="base64") from None
        if len(pcm) % 2:
            raise InvalidOption(field="audio", value=f"{len(pcm)} bytes", accepted="whole samples of 16 bits")
        if self._session is None:
            await self._begin()
        samples = self._resampler.resample(np.frombuffer(pcm, "<i2")).astype("<i2").tobytes()
        recordings = self.dependencies.jobs.recordings
        self._n_bytes = await recordings.append(str(self.job_id), self._n_bytes, samples)

    async def _begin(self) -> None:
        """Begin the recording, once there is audio."""
        settings = self._settings
        model = await asyncio.to_thread(model_name, settings.model, self.dependencies.models.library)
        given = {"model": model, "language": settings.language, "initial_prompt": settings.prompt}
        texts = {name: text for name, text in given.items() if text}
        job = await begin_recording(self.dependencies, FILENAME, texts, is_stream=True)
        self.dependencies.jobs.recordings.keep_open(job.id)
        session = await self.dependencies.jobs.live_texts.follow(job.id)
        self._resampler, self._items = StreamResampler(settings.rate), Items(settings.detects_turns)
        self._session = session
        self.dependencies.sockets.counts.remove(None)
        self.dependencies.sockets.counts.add(job.id)
        self.job_id = job.id
        self._unsubscribe = self.dependencies.bus.subscribe(self.on_event, job.id)
        if not self._is_subscribed:  # closed meanwhile
            self._clean_up()

    def on_event(self, event: Event) -> None:
        match event:
            case LiveTextChanged(text=text, has_cut=has_cut):
                events = [
                    event
                    for segment in text.segments
                    for event in self._items.segment(segment.text, segment.start, segment.end)
                ]
                if words := (*text.stable, *text.tentative):
                    events += self._items.heard("".join(word.word for word in text.stable), words[0].start)
                if has_cut:
                    events += self._items.cut(text.heard_s)
                for fields in events:
                    self._emit(**fields)
            case LiveTextFailed(error=error):
                body = serializers.message_body(error, self.language)
                self._emit(**self._items.failed({"type": "server_error", **body}))

    def _emit(self, type: str, **fields: Any) -> None:
        event = {"type": type, "event_id": f"event_{uuid.uuid4().hex[:21]}", **fields}
        self.outbox.put(text_frame(json.dumps(event, ensure_ascii=False)))

    def _clean_up(self) -> None:
        super()._clean_up()
        session, self._session = self._session, None
        if session is not None:
            self.dependencies.jobs.live_texts.leave(session)
            self.dependencies.jobs.recordings.expect_more(session.job_id, 0)


def _parsed(message: str | bytes) -> Mapping[str, Any]:
    """Raises InvalidFrame."""
    try:
        body = load_json(message)
    except (ValueError, RecursionError):
        raise InvalidFrame(reason="it is not JSON") from None
    if not isinstance(body, dict):
        raise InvalidFrame(reason="it is not an object")
    return body
