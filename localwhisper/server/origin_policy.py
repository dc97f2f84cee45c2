"""Who may ask: the Host allow-list and the Origin check. Headers in, an error out. The token is door.py's subject."""

import platform
import re
from collections.abc import Collection, Mapping
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from localwhisper.server.http_errors import ForbiddenHost, ForbiddenOrigin
from localwhisper.settings import LOOPBACK_HOSTS, Settings

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")


def host_name(host: str) -> str:
    """The name in a Host header, without its port, in lower case; "" where it is malformed."""
    found = _HOST.fullmatch(host)
    return found[1].lower().strip("[]") if found else ""


def check_host(host: str, settings: Settings) -> None:
    """A name that isn't ours comes from a page that had its own name point here (DNS rebinding).

    Beyond loopback, addresses and this machine's own name pass too: no page can have such a name.
    """
    name = host_name(host)
    known = LOOPBACK_HOSTS | {settings.host.lower(), *map(str.lower, settings.allowed_hosts)}
    if name in known:
        return
    if settings.host in LOOPBACK_HOSTS or not (name in _own_names() or is_address(name)):
        raise ForbiddenHost(host=host[:100])


def check_origin(method: str, host: str, headers: Mapping[str, str], allowed: Collection[str] = ()) -> None:
    """Refuse what another site's page sends. Programs send neither header and pass.

    Of a foreign page only a link may lead here: no form, fetch, socket, image or frame.
    """
    origin = headers.get("Origin")
    if origin is not None:
        if origin in allowed:
            return
        if not _is_same(origin, host):
            raise ForbiddenOrigin(origin=origin[:100])
    site = headers.get("Sec-Fetch-Site")
    if site in ("cross-site", "same-site") and not _is_link(method, headers):
        raise ForbiddenOrigin(origin=origin or site)


def is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


@cache
def _own_names() -> frozenset[str]:
    name = platform.node().lower()
    return frozenset({name, f"{name.removesuffix('.local')}.local"}) if name else frozenset()


def _is_same(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()


def _is_link(method: str, headers: Mapping[str, str]) -> bool:
    is_page = headers.get("Sec-Fetch-Dest", "document") == "document"
    return method in ("GET", "HEAD") and headers.get("Sec-Fetch-Mode") == "navigate" and is_page
