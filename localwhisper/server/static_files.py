"""The page and the bundled samples: files of the package, served as they are."""

import tornado.web

from localwhisper.server.base import BaseHandler


class PageHandler(tornado.web.StaticFileHandler, BaseHandler):
    """Always asked for again (a 304 is cheap), so that an upgrade is never half old.

    No secret, so served without the token; but without it the page itself leads to its login.
    """

    public = True

    def prepare(self) -> None:
        super().prepare()
        if self.request.path in ("/", "/index.html") and not self.services.door.knows(self.request):
            self.redirect("login.html")

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", "no-cache")

    def get_content_type(self) -> str:
        kinds = {".js": "text/javascript", ".opus": "audio/ogg", ".webmanifest": "application/manifest+json"}
        suffix = "." + (self.absolute_path or "").rsplit(".", 1)[-1]
        return kinds.get(suffix) or super().get_content_type()
