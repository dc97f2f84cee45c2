"""What every handler has in common: request id, token, query, JSON bodies, headers, and the answers to errors.

Host and Origin are checked before routing, in application.py.
"""

import asyncio
import json
import logging
import os
import re
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import tornado.httputil
import tornado.iostream
import tornado.web

from localwhisper import long_json
from localwhisper.errors import InternalError, InvalidBody, LocalWhisperError, MemoryFull, is_memory_error
from localwhisper.logs import log_internal_error, request_id
from localwhisper.messages import LANGUAGES, Message, render
from localwhisper.option_types import boolean_argument
from localwhisper.server.dependencies import Dependencies
from localwhisper.server.http_errors import (
    BadRequest,
    MethodNotAllowed,
    RouteNotFound,
    TooManyAttempts,
    error_body,
    status_of,
)
from localwhisper.server.large_answers import PIECE_BYTES, LargeAnswers
from localwhisper.unicode_text import load_json, to_utf8

log = logging.getLogger(__name__)
WRITE_TIMEOUT_S = 60.0  # without reading, before a client is disconnected
MIN_BYTES_PER_SECOND = 16 * 1024  # more time for long answers
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def json_bytes(body: Any) -> bytes:
    return to_utf8(json.dumps(body, ensure_ascii=False))


def long_json_bytes(body: Any) -> bytes:
    """As json_bytes(), while which other threads run too; with shorter separators."""
    return to_utf8(long_json.dumps(body, ensure_ascii=False))


def json_object(body: bytes) -> dict[str, Any]:
    """Read the JSON object of a request's body; empty if there is no body. Raises InvalidBody."""
    try:
        value = load_json(body or b"{}")
    except UnicodeEncodeError:
        raise InvalidBody(reason="a text in it has half of a surrogate pair") from None
    except (ValueError, RecursionError):
        raise InvalidBody(reason="it is not JSON") from None
    if not isinstance(value, dict):
        raise InvalidBody(reason="it must be a JSON object")
    return value


class BaseHandler(tornado.web.RequestHandler):
    """Checks the token before anything else, also for paths that don't exist."""

    public = False  # True: no token needed
    _internal_error: InternalError | None = None  # names the logged traceback
    _unflushed_bytes = 0

    @property
    def dependencies(self) -> Dependencies:
        dependencies: Dependencies = self.settings["dependencies"]
        return dependencies

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)
        origin = self.request.headers.get("Origin")
        if origin in self.dependencies.settings.allowed_origins:
            self.set_header("Access-Control-Allow-Origin", str(origin))
            self.set_header("Access-Control-Expose-Headers", "Location, Content-Disposition, X-Ignored-Fields")
            self.set_header("Cross-Origin-Resource-Policy", "cross-origin")
            self.set_header("Vary", "Origin")

    def prepare(self) -> None:
        self.set_request_id(self.request.headers.get("X-Request-Id", ""))
        if not self.public:
            self.settings["auth"].authenticate(self.request)
        self.query = self._decoded_query()

    def set_request_id(self, proposed: str) -> None:
        """Name the request in the log and in the response; a client's own id is used if it is well-formed."""
        name = proposed if re.fullmatch(r"[\w.-]{1,64}", proposed) else uuid.uuid4().hex[:12]
        request_id.set(name)
        self.set_header("X-Request-Id", name)

    def _decoded_query(self) -> dict[str, str]:
        """The last value of each query parameter. Raises BadRequest if one isn't UTF-8, whether it is used or not."""
        try:
            texts = {
                name: [value.decode() for value in values] for name, values in self.request.query_arguments.items()
            }
        except UnicodeDecodeError:
            raise BadRequest from None
        return {name: values[-1] for name, values in texts.items()}

    @property
    def language(self) -> str:
        """The language of the response's texts: ?lang=, else Accept-Language. Also used before prepare()."""
        language = self.request.query_arguments.get("lang", [b""])[-1].strip().decode("ascii", "replace")
        return language if language in LANGUAGES else preferred_language(self.request.headers.get("Accept-Language"))

    def localize(self, message: Message) -> str:
        return render(message, self.language)

    def get_boolean_argument(self, name: str) -> bool:
        """A boolean of the query, by default False. Raises InvalidOption."""
        return boolean_argument(name, self.get_query_argument(name, "false"))

    def json_body(self) -> dict[str, Any]:
        """The body's JSON object; empty if there is no body. Raises InvalidBody."""
        return json_object(self.request.body)

    async def long_json_body(self) -> dict[str, Any]:
        """As json_body(), for one that may be long."""
        return await asyncio.to_thread(json_object, self.request.body)

    def write_json(self, body: Any, status: int = 200) -> None:
        """Finish the request with a JSON body."""
        self.set_json_headers(status)
        self.finish(json_bytes(body))

    async def write_large_json(self, build: Callable[[], Awaitable[Any]]) -> None:
        """Finish the request with a JSON body that may be long. Raises what `build` raises."""

        async def content() -> bytes:
            return await asyncio.to_thread(long_json_bytes, await build())

        self.set_json_headers()
        await self.finish_large(content)

    def set_json_headers(self, status: int = 200) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Cache-Control", "no-store")

    async def finish_large(self, build: Callable[[], Awaitable[bytes]]) -> None:
        """Finish the request with a body that may be long: sent in pieces, as fast as the client reads them.

        Raises what `build` raises.
        """
        large_answers: LargeAnswers = self.settings["large_answers"]
        content = await large_answers.build(build)
        if isinstance(content, bytes):
            self.finish(content)
            return
        with content, suppress(tornado.iostream.StreamClosedError):
            self.set_header("Content-Length", str(content.seek(0, os.SEEK_END)))
            content.seek(0)
            while piece := await asyncio.to_thread(content.read, PIECE_BYTES):
                self.write(piece)
                await self.flush()
            self.finish()

    def write(self, chunk: str | bytes | dict[str, Any]) -> None:
        self._unflushed_bytes += len(chunk)
        super().write(chunk)

    def flush(self, include_footers: bool = False) -> "asyncio.Future[None]":
        """Disconnect a client that doesn't read: its answer would stay in memory."""
        timeout_s = WRITE_TIMEOUT_S + self._unflushed_bytes / MIN_BYTES_PER_SECOND
        self._unflushed_bytes = 0
        flushed = super().flush(include_footers)
        timer = asyncio.get_running_loop().call_later(timeout_s, self.disconnect)
        flushed.add_done_callback(lambda _: timer.cancel())
        return flushed

    def disconnect(self) -> None:
        connection: Any = self.request.connection
        connection.close()

    # -- errors --------------------------------------------------------------------------

    @classmethod
    def format_error(cls, error: LocalWhisperError, status: int, message: str) -> tuple[Any, int]:
        """An error's JSON body and status. Handlers of other products' APIs override this."""
        return error_body(error, message), status

    def error_response(self, error: LocalWhisperError) -> tuple[Any, int]:
        """Return an error's body and status, in the client's language."""
        return self.format_error(error, status_of(error), self.localize(error.message))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = self._as_domain_error(kwargs.get("exc_info", (None, None, None))[1], status_code)
        if isinstance(error, MethodNotAllowed):
            self.set_header("Allow", ", ".join(self.allowed_methods()))
        if isinstance(error, TooManyAttempts):
            self.set_header("Retry-After", str(error.seconds))
        self.write_json(*self.error_response(error))

    def allowed_methods(self) -> list[str]:
        default = tornado.web.RequestHandler
        names = [(name, name.lower()) for name in self.SUPPORTED_METHODS]
        return [name for name, method in names if getattr(type(self), method) is not getattr(default, method)]

    def _as_domain_error(self, error: BaseException | None, status: int) -> LocalWhisperError:
        if isinstance(error, LocalWhisperError):
            return error
        if is_memory_error(error):
            return MemoryFull()
        if status == 404:
            return RouteNotFound()
        if status == 405:
            return MethodNotAllowed(method=self.request.method)
        if 400 <= status < 500:
            return BadRequest()
        return self._internal_error or InternalError(log_id="")

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        # Tornado logs the status before it calls write_error(), so it is set here.
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, LocalWhisperError) or is_memory_error(error):
            status_code = status_of(self._as_domain_error(error, status_code))
        super().send_error(status_code, **kwargs)

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        if isinstance(value, LocalWhisperError):
            log.info("%s %s: %s", self.request.method, self.request.path, value.code)
        elif isinstance(value, tornado.web.HTTPError):
            super().log_exception(typ, value, tb)
        elif isinstance(value, tornado.iostream.StreamClosedError):
            log.info("%s %s: the client has left", self.request.method, self.request.path)
        elif is_memory_error(value):
            log.warning("%s %s: out of memory: %s", self.request.method, self.request.path, value)
        else:
            request = self.request
            self._internal_error = log_internal_error(log, value, "%s %s", request.method, request.path)


def log_request(handler: tornado.web.RequestHandler) -> None:
    """One log line per response; without the query, which may contain a file's name."""
    request = handler.request
    duration_ms = 1000 * request.request_time()
    log.info("%s %s %d %.1f ms", request.method, request.path, handler.get_status(), duration_ms)


class NotFoundHandler(BaseHandler):
    """Answers every path that has no route."""

    def prepare(self) -> None:
        super().prepare()
        raise RouteNotFound


def preferred_language(accept_language: str | None) -> str:
    """The supported language that an Accept-Language header prefers (RFC 9110, 12.5.4)."""
    ranked: list[tuple[float, int, str]] = []
    for position, item in enumerate((accept_language or "").split(",")):
        tag, *params = (part.strip() for part in item.split(";"))
        try:
            weight = next((float(param[2:]) for param in params if param.startswith("q=")), 1.0)
        except ValueError:
            continue
        primary = tag.split("-")[0].lower()
        if primary in LANGUAGES and weight > 0:
            ranked.append((-weight, position, primary))
    return min(ranked)[2] if ranked else "en"
