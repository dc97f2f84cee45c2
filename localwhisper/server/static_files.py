"""The page and the bundled samples, served as they are in the package."""

import tornado.web

from localwhisper.server.auth import TokenAuth
from localwhisper.server.base import BaseHandler


class PackageFileHandler(tornado.web.StaticFileHandler, BaseHandler):
    """Browsers revalidate each file (a 304 is cheap), so that an upgrade never mixes old and new files.

    These files are public, so they need no token; without it the page itself redirects to the login.
    """

    public = True

    def prepare(self) -> None:
        super().prepare()
        auth: TokenAuth = self.settings["auth"]
        if self.request.path in ("/", "/index.html", "/captions.html") and not auth.has_cookie(self.request):
            self.redirect("login.html")

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", "no-cache")

    def get_content_type(self) -> str:
        types = {".js": "text/javascript", ".opus": "audio/ogg", ".webmanifest": "application/manifest+json"}
        suffix = "." + (self.absolute_path or "").rsplit(".", 1)[-1]
        return types.get(suffix) or super().get_content_type()
