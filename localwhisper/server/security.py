"""Who may ask: the Host allow-list, the Origin check, the token. Headers in, an error out."""

import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from localwhisper.server.http_errors import ForbiddenHost, ForbiddenOrigin, Unauthorized
from localwhisper.settings import LOOPBACK_HOSTS, Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def host_name(host: str) -> str:
    """The name in a Host header, without its port, in lower case; "" where it is malformed."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def check_host(host: str, settings: Settings) -> None:
    """A name that isn't ours comes from a page that had its own name point here (DNS rebinding)."""
    if host_name(host) not in LOOPBACK_HOSTS | {settings.host.lower()}:
        raise ForbiddenHost(host=host[:100])


def check_origin(method: str, headers: Mapping[str, str], *, always: bool = False) -> None:
    """Refuse what another site's page sends. Programs send no Origin and pass.

    `always`: also for safe methods, as for WebSockets, which browsers let any page open.
    """
    if method in SAFE_METHODS and not always:
        return
    origin = headers.get("Origin")
    if origin is not None:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or parts.netloc.lower() != headers.get("Host", "").lower():
            raise ForbiddenOrigin(origin=origin[:100])
    elif headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        raise ForbiddenOrigin(origin=headers["Sec-Fetch-Site"])


def check_token(headers: Mapping[str, str], token: str | None) -> None:
    """Constant-time; nothing to check where no token is set."""
    if token is None:
        return
    given = headers.get("Authorization", "").removeprefix("Bearer ").encode()
    if not hmac.compare_digest(given, token.encode()):
        raise Unauthorized
