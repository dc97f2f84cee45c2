"""The token: as a bearer for programs, as a cookie for the page, and how guessing is slowed down."""

import hashlib
import hmac
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie

from tornado.httputil import HTTPServerRequest

from localwhisper.server.http_errors import TooManyAttempts, Unauthorized

COOKIE = "localwhisper"
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 64.0
FORGET_AFTER_S = 900.0
MOST_ADDRESSES = 10_000


class Door:
    """Threading: the event loop's thread only."""

    def __init__(self, token: str | None, now: Callable[[], float] = time.monotonic) -> None:
        self._token = token
        self._attempts = Attempts(now)

    @property
    def has_lock(self) -> bool:
        return self._token is not None

    @property
    def cookie(self) -> str:
        """What a browser that knew the token is given; says nothing of the token itself."""
        return hmac.new((self._token or "").encode(), b"localwhisper page", hashlib.sha256).hexdigest()

    def check(self, request: HTTPServerRequest) -> None:
        """Raises Unauthorized, TooManyAttempts."""
        if self._token is None or self.knows(request):
            return
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not given:
            raise Unauthorized
        self.check_token(given.strip(), request.remote_ip or "")

    def knows(self, request: HTTPServerRequest) -> bool:
        """Whether the request has the cookie, which can't be guessed and so is never slowed down."""
        given = _cookie(request.headers.get("Cookie", ""))
        return self._token is None or _is_equal(given, self.cookie)

    def check_token(self, given: str, address: str) -> None:
        """Raises Unauthorized; TooManyAttempts without a look at the token, while the address has to wait."""
        if self._token is None:
            return
        self._attempts.check(address)
        if not _is_equal(given, self._token):
            self._attempts.failed(address)
            raise Unauthorized
        self._attempts.forget(address)


class Attempts:
    """Wrong tokens by address: each makes it wait twice as long before the next is looked at."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._failed: dict[str, tuple[int, float]] = {}  # address → failures, when the last one was

    def check(self, address: str) -> None:
        """Raises TooManyAttempts."""
        n, last_s = self._failed.get(address, (0, 0.0))
        wait_s = min(FIRST_WAIT_S * 2 ** min(n - 1, 30), LONGEST_WAIT_S) if n else 0.0
        left_s = last_s + wait_s - self._now()
        if n and left_s > 0:
            raise TooManyAttempts(seconds=int(left_s) + 1)

    def failed(self, address: str) -> None:
        now_s = self._now()
        n, last_s = self._failed.pop(address, (0, now_s))
        self._failed[address] = (1 if now_s - last_s > FORGET_AFTER_S else n + 1, now_s)
        if len(self._failed) > MOST_ADDRESSES:
            del self._failed[next(iter(self._failed))]  # the one that failed longest ago

    def forget(self, address: str) -> None:
        self._failed.pop(address, None)


def _is_equal(given: str, expected: str) -> bool:
    """In constant time."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


def _cookie(header: str) -> str:
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel is not None else ""
