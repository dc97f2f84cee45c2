"""Which Host and Origin headers are accepted. The token is checked in auth.py."""

import platform
import re
from collections.abc import Collection, Mapping
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from localwhisper.server.http_errors import ForbiddenHost, ForbiddenOrigin
from localwhisper.settings import CONTAINER_HOSTS, LOOPBACK_HOSTS, Settings

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")


def host_name(host: str) -> str:
    """The name in a Host header, without port, in lower case; "" if it is malformed."""
    match = _HOST.fullmatch(host)
    return match[1].lower().strip("[]") if match else ""


def check_host(host: str, settings: Settings) -> None:
    """Reject names that aren't ours: they come from a page whose own name resolves to us (DNS rebinding).

    When listening beyond loopback, IP addresses and this machine's own name pass too: no page can have such a name.
    """
    name = host_name(host)
    allowed = LOOPBACK_HOSTS | CONTAINER_HOSTS | {settings.host.lower(), *map(str.lower, settings.allowed_hosts)}
    if name in allowed:
        return
    if settings.host in LOOPBACK_HOSTS or not (name in _machine_names() or is_ip_address(name)):
        raise ForbiddenHost(host=host[:100])


def check_origin(method: str, host: str, headers: Mapping[str, str], allowed: Collection[str] = ()) -> None:
    """Reject requests sent by another site's page. Programs send neither Origin nor Sec-Fetch-Site and pass.

    A foreign page may only link here: its forms, fetches, sockets, images and frames are rejected.
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


def is_ip_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


@cache
def _machine_names() -> frozenset[str]:
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
