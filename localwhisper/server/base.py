"""What every handler has in common: the token, headers, JSON bodies, one shape of error.

Host and Origin are checked before routing, in gate.py.
"""

import logging
import re
import uuid
from typing import Any

import tornado.escape
import tornado.httputil
import tornado.web

from localwhisper.errors import InternalError, LocalWhisperError, MemoryFull, lacks_memory
from localwhisper.logs import request_id
from localwhisper.messages import LANGUAGES, Message, negotiate, render
from localwhisper.option_types import boolean_argument
from localwhisper.server.http_errors import BadRequest, MethodNotAllowed, RouteNotFound, TooManyAttempts, status_of
from localwhisper.server.services import Services

log = logging.getLogger(__name__)
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class BaseHandler(tornado.web.RequestHandler):
    """Asks for the token before anything else, also at addresses that don't exist."""

    public = False  # True: answered without the token
    _log_id = ""  # of the traceback in the log; none for what was broken off by a stop

    @property
    def services(self) -> Services:
        services: Services = self.application.settings["services"]
        return services

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)
        origin = self.request.headers.get("Origin")
        if origin in self.services.settings.allowed_origins:
            self.set_header("Access-Control-Allow-Origin", str(origin))
            self.set_header("Access-Control-Expose-Headers", "Location, Content-Disposition")
            self.set_header("Cross-Origin-Resource-Policy", "cross-origin")
            self.set_header("Vary", "Origin")

    def prepare(self) -> None:
        self.identify(self.request.headers.get("X-Request-Id", ""))
        if not self.public:
            self.settings["auth"].authenticate(self.request)

    def identify(self, given: str) -> None:
        """What the request is called in the log and in the answer; its own name for it where that is harmless."""
        name = given if re.fullmatch(r"[\w.-]{1,64}", given) else uuid.uuid4().hex[:12]
        request_id.set(name)
        self.set_header("X-Request-Id", name)

    @property
    def language(self) -> str:
        """What the answer's texts are in: ?lang=, else Accept-Language."""
        asked = self.get_query_argument("lang", "")
        return asked if asked in LANGUAGES else negotiate(self.request.headers.get("Accept-Language"))

    def say(self, message: Message) -> str:
        return render(message, self.language)

    def write_json(self, body: Any, status: int = 200) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(tornado.escape.json_encode(body))

    def flag(self, name: str) -> bool:
        """A boolean of the query. Raises InvalidOption."""
        return boolean_argument(name, self.get_query_argument(name, "false"))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = self._as_ours(kwargs.get("exc_info", (None, None, None))[1], status_code)
        status = status_code if isinstance(error, InternalError) else status_of(error)
        if isinstance(error, MethodNotAllowed):
            self.set_header("Allow", ", ".join(self.methods()))
        if isinstance(error, TooManyAttempts):
            self.set_header("Retry-After", str(error.seconds))
        self.write_json(*self.error_answer(error, status))

    def methods(self) -> list[str]:
        """What this address takes."""
        nothing = tornado.web.RequestHandler._unimplemented_method
        return [name for name in self.SUPPORTED_METHODS if getattr(type(self), name.lower()) is not nothing]

    def error_answer(self, error: LocalWhisperError, status: int) -> tuple[Any, int]:
        """An error's body and status; other products' formats have other shapes."""
        return {"error": {"code": error.code, "message": self.say(error.message)}}, status

    def _as_ours(self, error: BaseException | None, status: int) -> LocalWhisperError:
        if isinstance(error, LocalWhisperError):
            return error
        if lacks_memory(error):
            return MemoryFull()
        if status == 404:
            return RouteNotFound()
        if status == 405:
            return MethodNotAllowed(method=self.request.method)
        if 400 <= status < 500:
            return BadRequest()
        return InternalError(log_id=self._log_id)

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        if isinstance(value, LocalWhisperError):
            log.info("%s %s: %s", self.request.method, self.request.path, value.code)
        elif isinstance(value, tornado.web.HTTPError):
            super().log_exception(typ, value, tb)
        elif lacks_memory(value):
            log.warning("%s %s: no memory left: %s", self.request.method, self.request.path, value)
        else:
            self._log_id = uuid.uuid4().hex[:8]
            log.error("%s %s [%s]", self.request.method, self.request.path, self._log_id, exc_info=value)

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        # tornado asks for a status before it calls write_error, so the log line has the right one
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, LocalWhisperError) or lacks_memory(error):
            status_code = status_of(self._as_ours(error, status_code))
        super().send_error(status_code, **kwargs)


def log_request(handler: tornado.web.RequestHandler) -> None:
    """One line for each answer; no query, in which a name or a token may stand."""
    request = handler.request
    took_ms = 1000 * request.request_time()
    log.info("%s %s %d %.1f ms", request.method, request.path, handler.get_status(), took_ms)


class NotFoundHandler(BaseHandler):
    """Every address that no route has."""

    def prepare(self) -> None:
        super().prepare()
        raise RouteNotFound
