"""The client for asyncio programs."""

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import tornado.httpclient
import tornado.simple_httpclient
import tornado.websocket

from localwhisper.client.multipart_form import MultipartForm
from localwhisper.client.options import Layout, Options
from localwhisper.client.results import (
    JobMessages,
    Progress,
    Segment,
    ServerError,
    Transcription,
    segment_of,
    server_error,
)

if TYPE_CHECKING:
    from typing_extensions import Unpack

PathLike = str | os.PathLike[str]
Steps = AsyncGenerator[Progress | Transcription, None]
BLOCK_BYTES = 1 << 18
CLOSE_TIMEOUT_S = 1.0  # to wait for the closing frame of the server
MAX_RECONNECTS = 6  # in a row without progress, with growing delays, which lasts longer than a restart of the server
FIRST_DELAY_S = 0.5  # before the second connection; each following one is twice as long
MAX_MESSAGE_BYTES = 1 << 20  # of the WebSocket; a longer result is read over HTTP
MAX_ANSWER_BYTES = 1 << 30
ANSWER_TIMEOUT_S = 300.0  # of all requests but uploads
PING_INTERVAL_S = 20.0  # a connection whose server vanished is noticed after at most twice as long


class AsyncClient:
    """Belongs to one event loop. Every method raises ServerError."""

    def __init__(self, url: str = "http://localhost:9000", *, token: str | None = None) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = tornado.simple_httpclient.SimpleAsyncHTTPClient(
            force_instance=True,
            defaults={"request_timeout": ANSWER_TIMEOUT_S},
            max_buffer_size=MAX_ANSWER_BYTES,
            max_body_size=MAX_ANSWER_BYTES,
        )

    async def transcribe(
        self, path: PathLike, *, on_progress: Callable[[Progress], object] | None = None, **options: "Unpack[Options]"
    ) -> Transcription:
        """Transcribe a file. Cancelling this coroutine cancels the job."""
        async with aclosing(self.steps(path, **options)) as steps:
            async for step in steps:
                if isinstance(step, Transcription):
                    return step
                if on_progress is not None:
                    on_progress(step)
        raise AssertionError("the last step is the transcript")

    async def steps(self, path: PathLike, **options: "Unpack[Options]") -> Steps:
        """Yield progress, then the transcript. Closing the generator before that cancels the job."""
        job_id = await self.submit(path, **options)
        has_ended = False
        try:
            async with aclosing(self.follow(job_id)) as steps:
                async for step in steps:
                    has_ended = isinstance(step, Transcription)
                    yield step
        except ServerError:
            has_ended = True
            raise
        finally:
            if not has_ended:
                await self.cancel(job_id)

    async def submit(self, path: PathLike, *, filename: str | None = None, **options: "Unpack[Options]") -> str:
        """Upload a file in bounded memory; returns the job's id."""
        source = Path(path)
        form = MultipartForm(filename or source.name, options, source.stat().st_size)

        async def send(write: Callable[[bytes], Any]) -> None:
            with open(source, "rb") as file:
                await write(form.head)
                while block := await asyncio.to_thread(file.read, BLOCK_BYTES):
                    await write(block)
                await write(form.tail)

        answer = await self._request(
            "POST",
            "/transcribe-job",
            body_producer=send,
            headers={"Content-Type": form.content_type, "Content-Length": str(form.length)},
            request_timeout=0.0,
        )
        return str(json.loads(answer)["job_id"])

    async def follow(self, job_id: str) -> Steps:
        """Yield a job's progress from now on, then its transcript. Reconnects if the server restarts."""
        job_messages = JobMessages(job_id)
        latest: Progress | None = None
        failures = 0
        while True:
            with suppress(OSError, tornado.httpclient.HTTPClientError):
                async with aclosing(self._messages(job_id)) as messages:
                    async for message in messages:
                        step = job_messages.step(message)
                        if step is None or step == latest:
                            continue
                        yield step
                        if isinstance(step, Transcription):
                            return
                        latest, failures = step, 0
            try:  # the job may have ended, with a result that is too long for the WebSocket
                step = job_messages.last_step(await self.job(job_id))
            except ServerError as error:
                if error.code != "unreachable":
                    raise
            else:
                if step is not None:
                    yield step
                    return
            failures += 1
            if failures > MAX_RECONNECTS:
                raise ServerError("unreachable", f"{self._url} no longer answers")
            await asyncio.sleep(FIRST_DELAY_S * 2 ** (failures - 1))

    async def _messages(self, job_id: str) -> AsyncGenerator[dict[str, Any], None]:
        request = tornado.httpclient.HTTPRequest(
            f"ws{self._url.removeprefix('http')}/ws/transcription/{job_id}", headers=self._headers
        )
        connecting = asyncio.ensure_future(
            tornado.websocket.websocket_connect(
                request, max_message_size=MAX_MESSAGE_BYTES, ping_interval=PING_INTERVAL_S
            )
        )
        try:
            connection = await asyncio.shield(connecting)
        except asyncio.CancelledError:
            connecting.add_done_callback(_close_connected)
            raise
        is_open = True
        try:
            while (frame := await connection.read_message()) is not None:
                yield json.loads(frame)
            is_open = False
        finally:
            await _close_connection(connection, is_open)

    async def job(self, job_id: str) -> dict[str, Any]:
        """Return the answer of GET /job/{job_id}."""
        body: dict[str, Any] = json.loads(await self._request("GET", f"/job/{job_id}"))
        return body

    async def export(self, job_id: str, format: str, **layout: "Unpack[Layout]") -> bytes:
        """The transcript in an export format, such as srt. The formats are listed by GET /models."""
        query = urlencode({"format": format, **{name: str(value) for name, value in layout.items()}})
        return await self._request("GET", f"/job/{job_id}/transcript?{query}")

    async def align(self, job_id: str, text: str) -> tuple[Segment, ...]:
        """Replace a completed job's transcript by a text that one has, a script or subtitles, with the times of its
        words. Returns its segments."""
        version = (await self.job(job_id))["transcript_version"]
        body = json.dumps({"version": version, "text": text}).encode()
        answer = await self._request("POST", f"/job/{job_id}/align", body=body, request_timeout=0.0)
        return tuple(map(segment_of, json.loads(answer)["segments"]))

    async def cancel(self, job_id: str) -> None:
        """Does nothing if the job has ended."""
        try:
            await self._request("DELETE", f"/job/{job_id}")
        except ServerError as error:
            if error.code not in ("job_already_finished", "job_not_found"):
                raise

    async def remove(self, job_id: str) -> None:
        """Remove a job and its files, cancelling it first if it is unfinished."""
        await self._request("DELETE", f"/job/{job_id}?remove=true")

    async def models(self) -> list[dict[str, Any]]:
        """Return the models of GET /models."""
        models: list[dict[str, Any]] = json.loads(await self._request("GET", "/models"))["models"]
        return models

    async def health(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(await self._request("GET", "/health"))
        return body

    async def _request(self, method: str, path: str, headers: Mapping[str, str] = {}, **more: Any) -> bytes:
        request = tornado.httpclient.HTTPRequest(
            self._url + path, method=method, headers={**self._headers, **headers}, **more
        )
        try:
            answer = await self._http.fetch(request, raise_error=False)
        except (OSError, tornado.httpclient.HTTPClientError) as error:
            raise ServerError("unreachable", f"{self._url} can't be reached: {error}") from None
        if answer.code >= 400:
            raise server_error(answer.code, answer.body)
        return answer.body

    def close(self) -> None:
        self._http.close()


def _close_connected(connecting: "asyncio.Future[tornado.websocket.WebSocketClientConnection]") -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result().close()


async def _close_connection(connection: tornado.websocket.WebSocketClientConnection, is_open: bool) -> None:
    """Close a WebSocket and wait until it is closed, since the event loop may end right after."""
    stream = connection.protocol.stream if connection.protocol is not None else None
    connection.close()
    if not is_open or stream is None:
        return

    async def closed() -> None:
        while await connection.read_message() is not None:
            pass

    try:
        await asyncio.wait_for(closed(), CLOSE_TIMEOUT_S)
    except asyncio.TimeoutError:
        stream.close()
