"""The Tornado application, and the checks before routing: proxy headers, path prefix, Host and Origin."""

import json
import re
from pathlib import Path
from typing import Any

import tornado.httputil
import tornado.web

from localwhisper import paths
from localwhisper.errors import LocalWhisperError
from localwhisper.server import forwarded_headers, host_and_origin, routes
from localwhisper.server.apidocs import openapi
from localwhisper.server.auth import TokenAuth
from localwhisper.server.base import BaseHandler, NotFoundHandler, log_request
from localwhisper.server.dependencies import Dependencies
from localwhisper.server.http_errors import status_of
from localwhisper.server.large_answers import LargeAnswers

MAX_FRAME_BYTES = 64 * 1024


class Application(tornado.web.Application):
    """Serves the routes; rejects requests from foreign hosts and pages before any route sees them."""

    def __init__(self, dependencies: Dependencies, *, web: Path, samples: Path) -> None:
        """`web`: the page's files; `samples`: the bundled clips."""
        settings = dependencies.settings
        super().__init__(
            routes.url_specs(str(web), str(samples)),
            dependencies=dependencies,
            auth=TokenAuth(settings.token),
            large_answers=LargeAnswers(paths.spool(settings.data_dir)),
            openapi=openapi.document(routes.ROUTES),
            samples=json.loads((samples / "samples.json").read_text(encoding="utf-8")),
            default_handler_class=NotFoundHandler,
            websocket_ping_interval=settings.websocket_ping_interval,
            websocket_ping_timeout=min(settings.websocket_ping_interval, settings.websocket_timeout),
            websocket_max_message_size=MAX_FRAME_BYTES,
            log_function=log_request,
        )

    def find_handler(self, request: tornado.httputil.HTTPServerRequest, **kwargs: Any) -> Any:
        dependencies: Dependencies = self.settings["dependencies"]
        settings = dependencies.settings
        _apply_absolute_form(request)
        forwarded_headers.apply(request, settings)
        origins = settings.allowed_origins
        try:
            host_and_origin.check_host(request.host, settings)
            host_and_origin.check_origin(request.method or "", request.host, request.headers, origins)
        except LocalWhisperError as error:
            handler_class = super().find_handler(request, **kwargs).handler_class
            return self.get_handler_delegate(
                request, RejectionHandler, {"error": error, "handler_class": handler_class}
            )
        if request.method == "OPTIONS" and request.headers.get("Origin") in origins:
            return self.get_handler_delegate(request, PreflightHandler)
        if request.path == forwarded_headers.path_prefix(request):
            return self.get_handler_delegate(request, tornado.web.RedirectHandler, {"url": request.path + "/"})
        return super().find_handler(request, **kwargs)


def _apply_absolute_form(request: tornado.httputil.HTTPServerRequest) -> None:
    """Replace a target such as http://host/path by its path, and the Host by its host (RFC 9112, 3.2.2)."""
    match = re.match(r"https?://([^/?]*)([^?]*)(.*)", request.uri or "", re.IGNORECASE)
    if match is not None:
        request.host, request.path = match[1], match[2] or "/"
        request.uri = request.path + match[3]


@tornado.web.stream_request_body
class RejectionHandler(BaseHandler):
    """Answers with an error, in the shape of the requested route, without reading the body."""

    public = True

    def initialize(self, error: LocalWhisperError, handler_class: type[BaseHandler]) -> None:
        self._error = error
        self._handler_class = handler_class

    def prepare(self) -> None:
        raise self._error

    def error_response(self, error: LocalWhisperError) -> tuple[Any, int]:
        return self._handler_class.format_error(error, status_of(error), self.localize(error.message))


class PreflightHandler(BaseHandler):
    """Answers a CORS preflight request from an allowed origin."""

    public = True

    def options(self) -> None:
        self.set_header("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
        self.set_header("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept-Language")
        self.set_header("Access-Control-Max-Age", "600")
        self.set_status(204)
