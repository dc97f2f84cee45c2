"""The page asks for the token once: POST /login gives a cookie for it, DELETE /login takes it back."""

import json
from typing import Any

from localwhisper.errors import InvalidBody
from localwhisper.server.auth import COOKIE
from localwhisper.server.base import BaseHandler
from localwhisper.server.forwarded_headers import prefix_of

COOKIE_AGE_S = 365 * 24 * 3600


class LoginHandler(BaseHandler):
    public = True

    def post(self) -> None:
        door = self.services.door
        door.check_token(self._token(), self.request.remote_ip or "")
        if door.has_lock:
            self.set_cookie(COOKIE, door.cookie, max_age=COOKIE_AGE_S, **self._attributes())
        self.write_json({"logged_in": True})

    def delete(self) -> None:
        self.clear_cookie(COOKIE, **self._attributes())
        self.write_json({"logged_in": False})

    def _token(self) -> str:
        try:
            body = json.loads(self.request.body)
        except (ValueError, RecursionError):
            body = None
        token = body.get("token") if isinstance(body, dict) else None
        if not isinstance(token, str):
            raise InvalidBody(reason='it must be JSON like {"token": "…"}')
        return token

    def _attributes(self) -> dict[str, Any]:
        is_secure = self.request.protocol == "https"
        return {"path": prefix_of(self.request) + "/", "httponly": True, "samesite": "Strict", "secure": is_secure}
