"""A test client of a server in this process: requests, submissions, WebSockets.

Every answer to a request is checked against its row in the route table.
"""

import asyncio
import io
import json
import math
import struct
import wave
from dataclasses import dataclass
from typing import Any

import tornado.httpclient
import tornado.websocket

from localwhisper.app import App
from localwhisper.client.multipart_form import multipart_form
from tests.documented_answers import check_answer

TIMEOUT_S = 60  # long enough for a busy machine


def wav(duration_s: float = 3.0, rate: int = 8000) -> bytes:
    """A WAV file with a tone."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        n = round(duration_s * rate)
        file.writeframes(b"".join(struct.pack("<h", round(9000 * math.sin(i / 5))) for i in range(n)))
    return buffer.getvalue()


@dataclass
class Answer:
    status: int
    headers: tornado.httputil.HTTPHeaders
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The error's code."""
        code: str = self.json["error"]["code"]
        return code


class Socket:
    """One WebSocket and its messages."""

    def __init__(self, connection: tornado.websocket.WebSocketClientConnection) -> None:
        self._connection = connection

    async def next(self) -> dict[str, Any] | None:
        """The next message; None when the server has closed the socket."""
        frame = await asyncio.wait_for(self._connection.read_message(), TIMEOUT_S)
        return None if frame is None else json.loads(frame)

    async def until(self, *kinds: str) -> dict[str, Any]:
        """Skip messages until one has one of these types; return it."""
        while (message := await self.next()) is not None:
            if message["type"] in kinds:
                return message
        raise AssertionError(f"closed before any of {kinds}")

    async def rest(self) -> list[dict[str, Any]]:
        """All messages until the server closes the socket."""
        messages = []
        while (message := await self.next()) is not None:
            messages.append(message)
        return messages

    async def send(self, message: object) -> None:
        await self._connection.write_message(
            message if isinstance(message, (str, bytes)) else json.dumps(message), isinstance(message, bytes)
        )

    @property
    def close_code(self) -> int | None:
        return self._connection.close_code

    def close(self) -> None:
        self._connection.close()


class Client:
    def __init__(self, app: App, port: int) -> None:
        self.app = app
        self.host = f"127.0.0.1:{port}"
        self._http = tornado.httpclient.AsyncHTTPClient(force_instance=True)
        self._sockets: list[Socket] = []
        self._is_open = True

    async def fetch(self, method: str, path: str, *, body: bytes | None = None, **headers: str) -> Answer:
        """Send a request. In the names of `headers`, underscores stand for dashes.

        Raises Undocumented if the answer isn't as its route's row says.
        """
        request = tornado.httpclient.HTTPRequest(
            f"http://{self.host}{path}",
            method=method,
            body=body,
            allow_nonstandard_methods=True,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            request_timeout=TIMEOUT_S,
            follow_redirects=False,
            decompress_response=False,
        )
        response = await self._http.fetch(request, raise_error=False)
        if response.code == 599:
            raise AssertionError(response.error)
        answer = Answer(response.code, response.headers, response.body or b"")
        check_answer(method, path, answer.status, answer.headers.get("Content-Type", ""), answer.body)
        return answer

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.fetch("GET", path, **headers)

    async def submit(
        self,
        audio: bytes | None = None,
        filename: str = "clip.wav",
        fields: dict[str, str] | None = None,
        **headers: str,
    ) -> Answer:
        body, content_type = multipart_form(wav() if audio is None else audio, filename, fields or {})
        return await self.fetch("POST", "/transcribe-job", body=body, Content_Type=content_type, **headers)

    async def new_job(self, **fields: str) -> str:
        """Submit a job; return its id."""
        answer = await self.submit(fields=fields)
        assert answer.status == 200, answer.body
        job_id: str = answer.json["job_id"]
        return job_id

    async def socket(self, path: str, **headers: str) -> Socket:
        request = tornado.httpclient.HTTPRequest(
            f"ws://{self.host}{path}",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        socket = Socket(await tornado.websocket.websocket_connect(request))
        self._sockets.append(socket)
        return socket

    async def job_when(self, job_id: str, *states: str) -> dict[str, Any]:
        """Wait until the job is in one of these states; return it."""
        for _ in range(TIMEOUT_S * 100):
            job: dict[str, Any] = (await self.get(f"/job/{job_id}")).json
            if job["status"] in states:
                return job
            await asyncio.sleep(0.01)
        raise AssertionError(f"still {job}")

    async def close(self) -> None:
        for socket in self._sockets:
            socket.close()
        self._http.close()
        if self._is_open:
            self._is_open = False
            await self.app.stop()
