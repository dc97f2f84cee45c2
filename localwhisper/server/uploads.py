"""Multipart bodies streamed to disk, checked, queued: POST /transcribe-job, and the base of every other upload."""

import asyncio
import re
import uuid
from collections.abc import Callable, Collection
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any, ClassVar, TypeVar

import tornado.escape
import tornado.iostream
import tornado.web

from localwhisper.atomic import fsync_file, storage_errors
from localwhisper.errors import (
    LocalWhisperError,
    UploadTooLarge,
    lacks_memory,
)
from localwhisper.jobs.model import Job
from localwhisper.options import OPTIONS, Options, options_from_texts
from localwhisper.server import serializers
from localwhisper.server.base import BaseHandler
from localwhisper.server.forwarded_headers import path_prefix
from localwhisper.server.http_errors import status_of
from localwhisper.server.multipart_form import Form
from localwhisper.server.serializers import seconds

LINGER_S = 5.0  # for a client to read that its upload is refused while it still sends
STALL_S = 120.0  # without a byte, then an upload is given up
MAX_NAME_CHARS = 255
UNLIMITED = 2**63 - 1
FORM_OVERHEAD_BYTES = 1024 * 1024  # what a body may hold besides the file
T = TypeVar("T")
SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}$")


@tornado.web.stream_request_body
class UploadHandler(BaseHandler):
    """Takes one file and the fields beside it.

    A failure while the body still arrives is kept and answered once it has ended, since browsers
    show no answer that comes before they have sent everything; but too large a file is refused at once.
    """

    file_field: ClassVar[str] = "file"
    known_fields: ClassVar[Collection[str] | None] = None  # None: unknown ones are let pass
    form: Form | None = None
    failure: Exception | None = None
    is_busy = False  # a thread works on the form or the upload
    is_gone = False  # the client has hung up
    is_refused = False  # the answer is on its way already
    timer: asyncio.TimerHandle | None = None

    def prepare(self) -> None:
        super().prepare()
        if self.request.method != "POST":
            return  # the answer is that POST is what this takes
        settings = self.services.settings
        limit = settings.max_upload_bytes + FORM_OVERHEAD_BYTES
        connection: Any = self.request.connection
        connection.set_body_timeout(None)  # however long it takes, as long as something comes
        connection.set_max_body_size(UNLIMITED)  # the limit is kept here
        if self._announced_bytes() > limit:
            self._refuse(UploadTooLarge(limit_bytes=settings.max_upload_bytes))
            return
        self._expect_more()
        self.job_id = str(uuid.uuid4())
        self.identify(self.job_id)
        self.upload = self.services.uploads.folder / self.job_id
        self.form = Form(
            self.request.headers.get("Content-Type", ""),
            self.upload,
            settings.max_upload_bytes,
            file_field=self.file_field,
            known=self.known_fields,
            head=self.file_head(),
        )

    def file_head(self) -> bytes:
        """What goes before the file's own bytes."""
        return b""

    async def data_received(self, chunk: bytes) -> None:
        form = self.form
        if form is None or self.failure is not None:
            return
        self._expect_more()
        try:
            await self.blocking(lambda: form.write(chunk))
        except Exception as error:
            if not isinstance(error, LocalWhisperError) and not lacks_memory(error):
                raise
            self.failure = error
            self._discard()
            if isinstance(error, UploadTooLarge):
                self._refuse(error)

    def fields(self) -> list[tuple[str, str]]:
        """The fields beside the file, once all has arrived. Raises what was wrong on the way."""
        self._stop_timer()
        if self.failure is not None:
            raise self.failure
        assert self.form is not None
        return self.form.end()

    async def submit(self, options: Options, filename: str | None = None) -> Job:
        """Check the file and queue it as a job. Raises what probing and queueing raise."""
        services = self.services
        assert self.form is not None
        with storage_errors(self.upload):  # here, where several may wait for the disk at once, not in the store
            await self.blocking(lambda: fsync_file(self.upload))
        info = await self.blocking(lambda: services.uploads.probe(self.upload), services.uploads.probe_executor)
        filename = clean_name(filename or self.form.filename)
        suffix = SUFFIX.search(filename)
        return await services.jobs.queue.submit(
            job_id=self.job_id,
            filename=filename,
            upload=self.upload,
            options=options,
            audio_file="audio" + (suffix.group().lower() if suffix else ""),
            audio_duration=info.duration_s,
        )

    def on_connection_close(self) -> None:
        self.is_gone = True
        self._stop_timer()
        if not self.is_busy:
            self._discard()

    def on_finish(self) -> None:
        self._stop_timer()
        if not self.is_busy:
            self._discard()

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        if not self.is_refused:
            super().send_error(status_code, **kwargs)
        elif not self._finished:
            self.finish()  # it was answered before

    def _announced_bytes(self) -> int:
        """0 where the client doesn't say, or nonsense, which tornado refuses."""
        text = self.request.headers.get("Content-Length", "")
        return int(text) if re.fullmatch(r"[0-9]{1,20}", text) else 0

    def _refuse(self, error: LocalWhisperError) -> None:
        """Answer at once, and go on reading for a moment: a closed connection would swallow the answer."""
        self.failure, self.is_refused = error, True
        self._stop_timer()
        text = tornado.escape.json_encode({"error": serializers.message_body(error.message, self.language)}).encode()
        self.set_status(status_of(error))
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Content-Length", str(len(text)))
        self.set_header("Connection", "close")
        self.write(text)
        self.sending = asyncio.ensure_future(self._send())
        self.timer = asyncio.get_running_loop().call_later(LINGER_S, self._hang_up)

    async def _send(self) -> None:
        with suppress(tornado.iostream.StreamClosedError):
            await self.flush()

    def _expect_more(self) -> None:
        self._stop_timer()
        self.timer = asyncio.get_running_loop().call_later(STALL_S, self._hang_up)

    def _stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()

    def _hang_up(self) -> None:
        connection: Any = self.request.connection
        connection.close()

    async def blocking(self, function: Callable[[], T], executor: Executor | None = None) -> T:
        """Run a function that works on the form or the upload on a thread."""
        self.is_busy = True
        try:
            return await asyncio.get_running_loop().run_in_executor(
                executor or self.services.uploads.executor, function
            )
        finally:
            self.is_busy = False
            if self.is_gone:
                self._discard()

    def _discard(self) -> None:
        """What the store hasn't taken over is removed."""
        if self.form is not None:
            self.form.close()
            self.upload.unlink(missing_ok=True)


class SubmitHandler(UploadHandler):
    known_fields = tuple(OPTIONS)

    async def post(self) -> None:
        services = self.services
        fields = dict(self.fields())
        options = options_from_texts(
            fields, defaults=services.settings.option_defaults, models=services.models.library.entries()
        )
        job = await self.submit(options)
        scheme = "wss" if self.request.protocol == "https" else "ws"
        prefix = path_prefix(self.request)
        self.set_header("Location", f"{prefix}/job/{job.id}")
        self.write_json(
            {
                "job_id": job.id,
                "status": job.state.value,
                "websocket_url": f"{scheme}://{self.request.host}{prefix}/ws/transcription/{job.id}",
                "estimated_processing_time": seconds(services.jobs.eta.work_s(job)),
                "queue_position": services.jobs.eta.queue_position(job),
            }
        )


def clean_name(name: str | None) -> str:
    """A name to show: no folders, no control characters, at most 255 characters, its extension among them."""
    last = re.split(r"[/\\]", name or "")[-1]
    printable = "".join(char for char in last if char.isprintable()).strip()
    if not printable.strip("."):
        return "audio"
    found = SUFFIX.search(printable)
    suffix = found.group() if found else ""
    return printable[: MAX_NAME_CHARS - len(suffix)].removesuffix(suffix) + suffix
