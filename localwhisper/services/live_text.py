"""The text of recordings while they are being made: one session for each, whose audio is what is on the disk.

So it doesn't matter over which connection the audio comes, and a session that is opened late reads what it missed.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

from localwhisper.audio.ffmpeg import SAMPLE_RATE
from localwhisper.audio.wav import BYTES_PER_SAMPLE, HEADER_BYTES
from localwhisper.engine.base import Engine, LiveTranscriber
from localwhisper.errors import LocalWhisperError, RecordingEnded, Stopped
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.jobs.events import (
    Event,
    JobChanged,
    JobMeasured,
    JobRemoved,
    LiveTextChanged,
    LiveTextDelayed,
    LiveTextFailed,
)
from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.live import LiveSegment, LiveText
from localwhisper.logs import log_internal_error
from localwhisper.messages import Message
from localwhisper.options import Options
from localwhisper.services.detection import StopControl
from localwhisper.services.transcripts import Transcripts

MAX_UPDATE_BYTES = 30 * SAMPLE_RATE * BYTES_PER_SAMPLE
UNWATCHED_S = 60.0  # then a session is closed that nobody follows any more
log = logging.getLogger(__name__)


class LiveTexts:
    """Threading: the event loop's thread only."""

    def __init__(
        self,
        engine: Engine,
        index: JobIndex,
        transcripts: Transcripts,
        bus: EventBus,
        *,
        options_for: Callable[[Options, str | None], Options],
    ) -> None:
        """`options_for`: see model_choice.live_options(); called on a thread."""
        self._engine = engine
        self._index = index
        self._transcripts = transcripts
        self._bus = bus
        self._options_for = options_for
        self._thread = ThreadPoolExecutor(1, "live")  # computes for one recording after the other
        self._sessions: dict[str, LiveSession] = {}

    async def check_model(self, options: Options, model: str | None) -> None:
        """Raises InvalidOption if there is no such model."""
        await asyncio.to_thread(self._options_for, options, model)

    async def follow(self, job_id: str, model: str | None = None) -> "LiveSession":
        """The session of a pending job, to be given back by leave(). `model`: for a session that begins.

        Raises JobNotFound, JobDamaged, RecordingEnded, InvalidOption.
        """
        path = await self._transcripts.audio_path(job_id)
        options = await asyncio.to_thread(self._options_for, self._index.get(job_id).options, model)
        job = self._index.get(job_id)
        if job.state is not JobState.PENDING:
            raise RecordingEnded(state=job.state.value)
        session = self._sessions.get(job_id)
        if session is None:
            session = LiveSession(job, path, options, self._engine, self._thread, self._bus)
            self._sessions[job_id] = session
            session.task.add_done_callback(lambda _: self._forget(session))
        session.n_followers += 1
        return session

    def leave(self, session: "LiveSession") -> None:
        session.n_followers -= 1
        if not session.n_followers:
            asyncio.get_running_loop().call_later(UNWATCHED_S, partial(self._stop_unwatched, session))

    @staticmethod
    def _stop_unwatched(session: "LiveSession") -> None:
        if not session.n_followers:
            session.stop()

    def _forget(self, session: "LiveSession") -> None:
        if self._sessions.get(session.job_id) is session:
            del self._sessions[session.job_id]

    async def stop(self) -> None:
        """End all sessions, soon."""
        sessions = list(self._sessions.values())
        for session in sessions:
            session.stop()
        await asyncio.gather(*(session.task for session in sessions), return_exceptions=True)
        self._thread.shutdown(wait=False)


class LiveSession:
    """The text of one recording. Threading: the event loop's thread only."""

    def __init__(
        self, job: Job, path: Path, options: Options, engine: Engine, thread: ThreadPoolExecutor, bus: EventBus
    ) -> None:
        self.job_id = job.id
        self.model = options.model
        self.segments: list[LiveSegment] = []
        self.latest: LiveTextChanged | None = None
        self.n_followers = 0
        self._path = path
        self._options = options
        self._engine = engine
        self._thread = thread
        self._bus = bus
        self._recorded_bytes = _n_bytes(job)
        self._read_bytes = 0
        self._has_ended = False  # the recording
        self._cut_at: int | None = None  # where an utterance ends, in bytes
        self._changed = asyncio.Event()
        self._changed.set()
        self._control = _Control(self._publish_progress)
        self.task = asyncio.ensure_future(self._run())

    def end_utterance(self) -> None:
        """What was said until now is an utterance, though no pause follows. An event with `has_cut` says when it is
        transcribed."""
        self._cut_at = self._recorded_bytes
        self._changed.set()

    def stop(self) -> None:
        self._control.stop()
        self.task.cancel()

    async def _run(self) -> None:
        unsubscribe = self._bus.subscribe(self._on_event, self.job_id)
        try:
            transcriber = await self._open()
            try:
                await self._follow(transcriber)
            finally:
                with suppress(RuntimeError):  # the program is ending
                    self._thread.submit(transcriber.close)  # after an update that may still run
        except Stopped:
            pass
        except LocalWhisperError as error:
            self._bus.publish(LiveTextFailed(job_id=self.job_id, error=error.message))
        except Exception as error:
            internal = log_internal_error(log, error, "the live text of %s failed", self.job_id)
            self._bus.publish(LiveTextFailed(job_id=self.job_id, error=internal.message))
        finally:
            unsubscribe()

    async def _open(self) -> LiveTranscriber:
        """Load the model, which takes time. If this is cancelled, the model is given back once it is loaded."""
        opening = asyncio.ensure_future(asyncio.to_thread(self._engine.open_live, self._options, self._control))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_opened)
            raise

    async def _follow(self, transcriber: LiveTranscriber) -> None:
        while not self._has_ended:
            await self._changed.wait()
            self._changed.clear()
            while pcm := await asyncio.to_thread(self._next_pcm):
                await self._update(transcriber, pcm)
            if self._cut_at is not None and self._read_bytes >= self._cut_at:
                self._cut_at = None
                await self._update(transcriber, b"", ends=True)
        await self._update(transcriber, b"", ends=True)

    def _next_pcm(self) -> bytes:
        """Read what is new, on any thread. What isn't acknowledged yet may still be taken back."""
        n_bytes = min(self._recorded_bytes - self._read_bytes, MAX_UPDATE_BYTES)
        if n_bytes <= 0:
            return b""
        with open(self._path, "rb") as file:
            file.seek(HEADER_BYTES + self._read_bytes)
            pcm = file.read(n_bytes)
        self._read_bytes += len(pcm)
        return pcm

    async def _update(self, transcriber: LiveTranscriber, pcm: bytes, *, ends: bool = False) -> None:
        update = partial(transcriber.update, pcm, ends=ends)
        text: LiveText = await asyncio.get_running_loop().run_in_executor(self._thread, update)
        before, self.segments = self.latest, [*self.segments, *text.segments]
        lag_s = (self._recorded_bytes - self._read_bytes) / (BYTES_PER_SAMPLE * SAMPLE_RATE)
        self.latest = LiveTextChanged(job_id=self.job_id, text=text, lag_s=lag_s, has_cut=ends)
        if ends or before is None or _shown(text) != _shown(before.text):
            self._bus.publish(self.latest)

    def _on_event(self, event: Event) -> None:
        match event:
            case JobMeasured(job=job) if job.state is JobState.PENDING:
                self._recorded_bytes = _n_bytes(job)
                self._changed.set()
            case JobChanged(job=job) if job.state is JobState.CANCELLED:
                self.stop()
            case JobChanged(job=job) if job.state is not JobState.PENDING:
                self._has_ended = True
                self._changed.set()
            case JobRemoved():
                self.stop()

    def _publish_progress(self, message: Message) -> None:
        self._bus.publish(LiveTextDelayed(job_id=self.job_id, message=message))


class _Control(StopControl):
    """Passes on what the engine reports while it loads the model. Threading: SAFE; `publish` runs on the loop's."""

    def __init__(self, publish: Callable[[Message], None]) -> None:
        super().__init__()
        self._publish = publish
        self._loop = asyncio.get_running_loop()

    def progress(self, done_s: float, message: Message) -> None:
        super().progress(done_s, message)
        self._loop.call_soon_threadsafe(self._publish, message)


def _close_opened(opening: "asyncio.Future[LiveTranscriber]") -> None:
    if opening.exception() is None:
        opening.result().close()


def _n_bytes(job: Job) -> int:
    return round(job.audio_duration * SAMPLE_RATE) * BYTES_PER_SAMPLE


def _shown(text: LiveText) -> object:
    return text.segments, text.stable, text.tentative
