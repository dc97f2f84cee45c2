"""Multipart bodies streamed to disk: POST /transcribe-job, and the base class of every other upload."""

import asyncio
import re
import uuid
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any, ClassVar, TypeVar

import tornado.iostream
import tornado.web

from localwhisper.atomic import fsync_file, storage_errors
from localwhisper.audio.probe import AudioInfo
from localwhisper.audio.tracks import find_track
from localwhisper.engine.checkpoints.model_choice import NAMED
from localwhisper.errors import LocalWhisperError, TooManyOpenFiles, UploadTooLarge, is_memory_error
from localwhisper.jobs.job import AudioTrack, Job
from localwhisper.options import OPTIONS, Options
from localwhisper.server.base import BaseHandler, json_bytes
from localwhisper.server.compat.field_names import header_value
from localwhisper.server.forwarded_headers import path_prefix
from localwhisper.server.multipart_form import MultipartForm
from localwhisper.server.serializers import submission_body

LINGER_S = 5.0  # how long a refused client may take to read the answer while it still sends
STALL_TIMEOUT_S = 120.0  # without a byte received
MAX_NAME_CHARS = 255
NO_LIMIT = 2**63 - 1
# options of openai-whisper's command that are accepted without an effect
WITHOUT_EFFECT = frozenset({"device", "threads", "fp16", "verbose"})
FORM_OVERHEAD_BYTES = 1024 * 1024  # allowed in a body besides the file
SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}$")
T = TypeVar("T")


@tornado.web.stream_request_body
class UploadHandler(BaseHandler):
    """Receives one file and the form fields beside it.

    An error found while the body still arrives is answered at the end of the body, since browsers don't show
    an answer that comes earlier. The exceptions are a file that is too large and one too many, which are refused
    immediately.
    """

    file_field: ClassVar[str] = "file"
    known_fields: ClassVar[Collection[str] | None] = None  # None: unknown fields are accepted
    form: MultipartForm | None = None
    model_reason = NAMED  # of the job's options
    _error: Exception | None = None  # found while the body was arriving
    _is_refused = False  # the answer is being sent before the end of the body
    is_disconnected = False
    _is_in_use = False  # by data_received() or post()
    _timer: asyncio.TimerHandle | None = None

    def prepare(self) -> None:
        super().prepare()
        if self.request.method != "POST":
            return  # tornado will answer 405
        settings = self.dependencies.settings
        connection: Any = self.request.connection
        connection.set_body_timeout(None)  # replaced by STALL_TIMEOUT_S
        connection.set_max_body_size(NO_LIMIT)  # replaced by max_upload_bytes
        if self._content_length() > settings.max_upload_bytes + FORM_OVERHEAD_BYTES:
            self._refuse(UploadTooLarge(limit_bytes=settings.max_upload_bytes))
            return
        self._restart_stall_timer()
        self.job_id = str(uuid.uuid4())
        self.set_request_id(self.job_id)
        self.upload = self.dependencies.uploads.folder / self.job_id
        self.form = MultipartForm(
            self.request.headers.get("Content-Type", ""),
            self.upload,
            settings.max_upload_bytes,
            file_field=self.file_field,
            field_names=self.known_fields,
            header=self.file_header(),
            max_descriptors=self.dependencies.uploads.max_descriptors,
        )

    def file_header(self) -> bytes:
        """Bytes to write before the file's own."""
        return b""

    async def data_received(self, chunk: bytes) -> None:
        form = self.form
        if form is None or self._error is not None:
            return
        self._restart_stall_timer()
        self._is_in_use = True
        try:
            await self.run_blocking(lambda: form.write(chunk))
        except Exception as error:
            if not isinstance(error, LocalWhisperError) and not is_memory_error(error):
                raise
            self._error = error
            await self._discard()
            if isinstance(error, UploadTooLarge | TooManyOpenFiles):
                self._refuse(error)
        finally:
            self._is_in_use = False
            if self.is_disconnected:
                await self._discard()

    async def post(self) -> None:
        self._is_in_use = True
        try:
            await self.process_upload()
        finally:  # before an error is answered
            await self._discard()

    async def process_upload(self) -> None:
        """Handle the request, once the body is complete. The file is removed afterwards, unless it was submitted."""
        raise NotImplementedError

    def form_fields(self) -> list[tuple[str, str]]:
        """The fields beside the file, once the body is complete. Raises what was wrong with the body."""
        self._cancel_timer()
        if self._error is not None:
            raise self._error
        assert self.form is not None
        return self.form.finish()

    async def job_options(self, fields: Mapping[str, str]) -> Options:
        """Read the options in form fields, and choose a model if they name none.

        Raises UnknownOption, InvalidOption, ModelCannotTranslate.
        """
        options, self.model_reason = await self.run_blocking(lambda: self.dependencies.options.read(fields))
        return options

    def name_ignored(self, fields: Collection[str]) -> None:
        """Say in a header which fields have no effect."""
        if value := header_value(fields):
            self.set_header("X-Ignored-Fields", value)

    async def probe(self) -> AudioInfo:
        """Probe the received file on a thread. Raises what audio.probe.probe() raises."""
        uploads = self.dependencies.uploads
        return await self.run_blocking(lambda: uploads.probe(self.upload), uploads.probe_executor)

    async def submit(self, options: Options, filename: str | None = None) -> Job:
        """Check the file and queue it as a job. Raises AudioTrackNotFound, and what probing and queueing raise."""
        assert self.form is not None
        # On this request's own thread, so that the fsync on the store's single thread finds little left to write.
        with storage_errors(self.upload):
            await self.run_blocking(lambda: fsync_file(self.upload))
        info = await self.probe()
        if options.audio_track is not None:
            find_track(info.tracks, options.audio_track)
        tracks = tuple(AudioTrack(number=track.number, language=track.language) for track in info.tracks)
        filename = clean_name(filename or self.form.filename)
        suffix = SUFFIX.search(filename)
        return await self.dependencies.jobs.queue.submit(
            job_id=self.job_id,
            filename=filename,
            upload=self.upload,
            options=options,
            model_reason=self.model_reason,
            audio_file="audio" + (suffix.group().lower() if suffix else ""),
            audio_duration=info.duration_s,
            audio_tracks=tracks if len(tracks) > 1 else (),
        )

    async def run_blocking(self, function: Callable[[], T], executor: Executor | None = None) -> T:
        """Run a function that uses the form or the file on a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(executor or self.dependencies.uploads.executor, function)

    # -- the end of the request ----------------------------------------------------------

    def on_connection_close(self) -> None:
        super().on_connection_close()  # ends the wait for the rest of the body
        self.is_disconnected = True
        self._cancel_timer()
        if not self._is_in_use:
            self._discarding = asyncio.ensure_future(self._discard())

    def on_finish(self) -> None:
        self._cancel_timer()

    async def _discard(self) -> None:
        """Remove the file, unless the store has taken it over. On a thread: removing gigabytes takes a while."""
        if self.form is not None:
            with suppress(RuntimeError):  # the server is stopping; the store removes leftovers when it starts
                await self.run_blocking(self.form.discard)

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        if not self._is_refused:
            super().send_error(status_code, **kwargs)
        elif not self._finished:
            self.finish()  # _refuse() has answered

    def _refuse(self, error: LocalWhisperError) -> None:
        """Answer now and keep reading for a moment: closing the connection at once would lose the answer."""
        self._error, self._is_refused = error, True
        self._cancel_timer()
        body, status = self.error_response(error)
        text = json_bytes(body)
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Content-Length", str(len(text)))
        self.set_header("Connection", "close")
        self.write(text)
        self._sending = asyncio.ensure_future(self._flush())
        self._timer = asyncio.get_running_loop().call_later(LINGER_S, self.disconnect)

    async def _flush(self) -> None:
        with suppress(tornado.iostream.StreamClosedError):
            await self.flush()

    def _content_length(self) -> int:
        """0 if it is missing or malformed; tornado rejects the latter."""
        text = self.request.headers.get("Content-Length", "")
        return int(text) if re.fullmatch(r"[0-9]{1,20}", text) else 0

    def _restart_stall_timer(self) -> None:
        self._cancel_timer()
        self._timer = asyncio.get_running_loop().call_later(STALL_TIMEOUT_S, self.disconnect)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


class SubmitHandler(UploadHandler):
    """POST /transcribe-job: queues a job for the uploaded file."""

    known_fields = (*OPTIONS, *WITHOUT_EFFECT)

    async def process_upload(self) -> None:
        fields = dict(self.form_fields())
        self.name_ignored(fields.keys() & WITHOUT_EFFECT)
        options = await self.job_options({name: text for name, text in fields.items() if name in OPTIONS})
        job = await self.submit(options)
        prefix = path_prefix(self.request)
        scheme = "wss" if self.request.protocol == "https" else "ws"
        self.set_header("Location", f"{prefix}/job/{job.id}")
        websocket_url = f"{scheme}://{self.request.host}{prefix}/ws/transcription/{job.id}"
        self.write_json(submission_body(job, self.dependencies.jobs.eta, websocket_url, self.language))


def clean_name(name: str | None) -> str:
    """A file name to display: no folders or control characters, at most 255 characters including its extension."""
    last = re.split(r"[/\\]", name or "")[-1]
    printable = "".join(char for char in last if char.isprintable()).strip()
    if not printable.strip("."):
        return "audio"
    match = SUFFIX.search(printable)
    suffix = match.group() if match else ""
    return printable[: MAX_NAME_CHARS - len(suffix)].removesuffix(suffix) + suffix
