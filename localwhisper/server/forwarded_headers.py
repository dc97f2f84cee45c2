"""What a reverse proxy says of the client: X-Forwarded-For, -Proto, -Host and -Prefix.

Believed only of configured addresses. Behind believe(), a request has these headers only if they may be
believed, and its remote_ip, protocol, host and path are the client's own.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address

from tornado.httputil import HTTPServerRequest

from localwhisper.server.origin_policy import is_address
from localwhisper.settings import Settings

Networks = Iterable[IPv4Network | IPv6Network]
PREFIX = "X-Forwarded-Prefix"
_HEADERS = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", PREFIX)
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*")


def believe(request: HTTPServerRequest, settings: Settings) -> None:
    told = {name: request.headers.pop(name, "") for name in _HEADERS}
    prefix = settings.path_prefix
    if is_within(request.remote_ip or "", settings.trusted_proxies):
        request.remote_ip = _client(told["X-Forwarded-For"], settings.trusted_proxies) or request.remote_ip
        protocol = _last(told["X-Forwarded-Proto"]).lower()
        request.protocol = protocol if protocol in ("http", "https") else request.protocol
        request.host = _last(told["X-Forwarded-Host"]) or request.host
        given = told[PREFIX].rstrip("/")
        prefix = given if given and _PREFIX.fullmatch(given) else prefix
    if prefix:
        request.headers[PREFIX] = prefix
        _strip(request, prefix)


def prefix_of(request: HTTPServerRequest) -> str:
    """What stands before every path as the client knows it: "" or "/…", without a slash at its end."""
    return request.headers.get(PREFIX, "")


def is_within(address: str, networks: Networks) -> bool:
    return is_address(address) and any(ip_address(address) in network for network in networks)


def _strip(request: HTTPServerRequest, prefix: str) -> None:
    """A proxy may have left the prefix away already."""
    if request.path.startswith(prefix + "/"):
        request.path = request.path[len(prefix) :]
        request.uri = (request.uri or "")[len(prefix) :]


def _client(forwarded_for: str, trusted: Networks) -> str | None:
    """The last address that isn't a proxy's of ours: what stands before it, anyone may have written."""
    for address in reversed([part.strip() for part in forwarded_for.split(",")]):
        if not is_address(address):
            return None
        if not is_within(address, trusted):
            return address
    return None


def _last(header: str) -> str:
    return header.rsplit(",", 1)[-1].strip()
