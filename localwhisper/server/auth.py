"""The access token: a bearer header for programs, a cookie for the page, and the delay after wrong tokens."""

import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

from tornado.httputil import HTTPServerRequest

from localwhisper.errors import InvalidBody
from localwhisper.server.base import BaseHandler
from localwhisper.server.forwarded_headers import path_prefix
from localwhisper.server.http_errors import TooManyAttempts, Unauthorized

COOKIE_NAME = "localwhisper"
COOKIE_AGE_S = 365 * 24 * 3600
FIRST_DELAY_S = 1.0
MAX_DELAY_S = 64.0
FORGET_AFTER_S = 900.0
MAX_ADDRESSES = 10_000


class TokenAuth:
    """Checks tokens and cookies. Without a token every request passes.

    Threading: the event loop's thread only.
    """

    def __init__(self, token: str | None, now: Callable[[], float] = time.monotonic) -> None:
        self._token = token
        self._throttle = LoginThrottle(now)

    @property
    def is_required(self) -> bool:
        return self._token is not None

    @property
    def cookie(self) -> str:
        """Value of the cookie that replaces the token; the token cannot be derived from it."""
        return hmac.new((self._token or "").encode(), b"localwhisper page", hashlib.sha256).hexdigest()

    def authenticate(self, request: HTTPServerRequest) -> None:
        """Check the cookie or the token of a request. Raises Unauthorized, TooManyAttempts."""
        if self._token is None or self.has_cookie(request):
            return
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized
        self.check_token(token.strip(), request.remote_ip or "")

    def has_cookie(self, request: HTTPServerRequest) -> bool:
        """Whether the request carries the right cookie. Never throttled, since the cookie can't be guessed."""
        return self._token is None or _is_equal(_cookie(request.headers.get("Cookie", "")), self.cookie)

    def check_token(self, token: str, address: str) -> None:
        """Compare a token. Raises Unauthorized, or TooManyAttempts without comparing while the address has to wait."""
        if self._token is None:
            return
        self._throttle.check(address)
        if not _is_equal(token, self._token):
            self._throttle.add_failure(address)
            raise Unauthorized
        self._throttle.reset(address)


class LoginThrottle:
    """Wrong tokens by address: each one doubles the time until the next token is compared."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._failures: dict[str, tuple[int, float]] = {}  # address → how many, time of the last one

    def check(self, address: str) -> None:
        """Raises TooManyAttempts while this address has to wait."""
        n_failures, last_s = self._failures.get(address, (0, 0.0))
        if not n_failures:
            return
        delay_s = min(FIRST_DELAY_S * 2 ** min(n_failures - 1, 30), MAX_DELAY_S)
        left_s = last_s + delay_s - self._now()
        if left_s > 0:
            raise TooManyAttempts(seconds=int(left_s) + 1)

    def add_failure(self, address: str) -> None:
        now_s = self._now()
        n_failures, last_s = self._failures.pop(address, (0, now_s))
        self._failures[address] = (1 if now_s - last_s > FORGET_AFTER_S else n_failures + 1, now_s)
        if len(self._failures) > MAX_ADDRESSES:
            del self._failures[next(iter(self._failures))]  # the oldest failure

    def reset(self, address: str) -> None:
        self._failures.pop(address, None)


class LoginHandler(BaseHandler):
    """POST exchanges the token for a cookie, DELETE clears the cookie."""

    public = True

    def post(self) -> None:
        auth: TokenAuth = self.settings["auth"]
        auth.check_token(self._token(), self.request.remote_ip or "")
        if auth.is_required:
            self.set_cookie(COOKIE_NAME, auth.cookie, max_age=COOKIE_AGE_S, **self._cookie_attributes())
        self.write_json({"logged_in": True})

    def delete(self) -> None:
        self.clear_cookie(COOKIE_NAME, **self._cookie_attributes())
        self.write_json({"logged_in": False})

    def _token(self) -> str:
        token = self.json_body().get("token")
        if not isinstance(token, str):
            raise InvalidBody(reason='it must be JSON like {"token": "…"}')
        return token

    def _cookie_attributes(self) -> dict[str, Any]:
        is_secure = self.request.protocol == "https"
        return {"path": path_prefix(self.request) + "/", "httponly": True, "samesite": "Strict", "secure": is_secure}


def _is_equal(text: str, secret: str) -> bool:
    """Compare in constant time, so that the time reveals nothing about the secret."""
    return hmac.compare_digest(text.encode("utf-8", "surrogatepass"), secret.encode())


def _cookie(header: str) -> str:
    """The value of our cookie. Each one is read by itself, since those of other programs on this host may be
    malformed, and http.cookies drops all that come after such a one."""
    pairs = (pair.partition("=") for pair in header.split(";"))
    return next((value.strip().strip('"') for name, _, value in pairs if name.strip() == COOKIE_NAME), "")
