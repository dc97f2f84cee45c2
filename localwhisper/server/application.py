"""What each request passes before it is routed: the proxy's word, the path prefix, Host and Origin."""

from typing import Any

import tornado.httputil
import tornado.web

from localwhisper.errors import LocalWhisperError
from localwhisper.server import forwarded_headers, origin_policy
from localwhisper.server.base import BaseHandler
from localwhisper.server.services import Services


class Gate(tornado.web.Application):
    """An Application that no request from a foreign page gets into, whatever it asks for."""

    def find_handler(self, request: tornado.httputil.HTTPServerRequest, **kwargs: Any) -> Any:
        services: Services = self.settings["services"]
        settings = services.settings
        forwarded_headers.believe(request, settings)
        origins = settings.allowed_origins
        try:
            origin_policy.check_host(request.host, settings)
            origin_policy.check_origin(request.method or "", request.host, request.headers, origins)
        except LocalWhisperError as error:
            return self.get_handler_delegate(request, RefusalHandler, {"error": error})
        if request.method == "OPTIONS" and request.headers.get("Origin") in origins:
            return self.get_handler_delegate(request, PreflightHandler)
        if request.path == forwarded_headers.prefix_of(request):
            return self.get_handler_delegate(request, tornado.web.RedirectHandler, {"url": request.path + "/"})
        return super().find_handler(request, **kwargs)


@tornado.web.stream_request_body
class RefusalHandler(BaseHandler):
    """Answers at once, before the body has come."""

    public = True

    def initialize(self, error: LocalWhisperError) -> None:
        self.error = error

    def prepare(self) -> None:
        raise self.error


class PreflightHandler(BaseHandler):
    """A browser asks whether a page of a configured origin may send what it wants to send."""

    public = True

    def options(self) -> None:
        self.set_header("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
        self.set_header("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept-Language")
        self.set_header("Access-Control-Max-Age", "600")
        self.set_status(204)
