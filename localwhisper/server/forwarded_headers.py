"""A reverse proxy's X-Forwarded-For, -Proto, -Host and -Prefix, accepted from trusted proxies only.

Of X-Forwarded-Host that isn't enough: most proxies pass on the client's own, so it is used only if the setting
forwarded_host says that ours set it.

After apply(), a request's remote_ip, protocol, host and path are the client's own, and of these headers only a
valid X-Forwarded-Prefix is left.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address

from tornado.httputil import HTTPServerRequest

from localwhisper.server.host_and_origin import is_ip_address
from localwhisper.settings import Settings

Networks = Iterable[IPv4Network | IPv6Network]
PREFIX = "X-Forwarded-Prefix"
_HEADERS = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", PREFIX)
_VALID_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*")


def apply(request: HTTPServerRequest, settings: Settings) -> None:
    """Remove the headers from the request and, where a trusted proxy sent it, apply them."""
    headers = {name: request.headers.pop(name, "") for name in _HEADERS}
    prefix = settings.path_prefix
    if is_within(request.remote_ip or "", settings.trusted_proxies):
        request.remote_ip = _client(headers["X-Forwarded-For"], settings.trusted_proxies) or request.remote_ip
        protocol = _last(headers["X-Forwarded-Proto"]).lower()
        request.protocol = protocol if protocol in ("http", "https") else request.protocol
        if settings.forwarded_host:
            request.host = _last(headers["X-Forwarded-Host"]) or request.host
        forwarded_prefix = headers[PREFIX].rstrip("/")
        if forwarded_prefix and _VALID_PREFIX.fullmatch(forwarded_prefix):
            prefix = forwarded_prefix
    if prefix:
        request.headers[PREFIX] = prefix
        _strip(request, prefix)


def path_prefix(request: HTTPServerRequest) -> str:
    """What precedes every path as the client sees it: "" or "/…", without a trailing slash."""
    return request.headers.get(PREFIX, "")


def is_within(address: str, networks: Networks) -> bool:
    return is_ip_address(address) and any(ip_address(address) in network for network in networks)


def _strip(request: HTTPServerRequest, prefix: str) -> None:
    """Remove the prefix from the path, unless the proxy has done so already."""
    if request.path.startswith(prefix + "/"):
        request.path = request.path[len(prefix) :]
        request.uri = (request.uri or "")[len(prefix) :]


def _client(forwarded_for: str, trusted: Networks) -> str | None:
    """The last address that isn't a trusted proxy's; anyone could have written the ones before it."""
    for address in reversed([part.strip() for part in forwarded_for.split(",")]):
        if not is_ip_address(address):
            return None
        if not is_within(address, trusted):
            return address
    return None


def _last(header: str) -> str:
    return header.rsplit(",", 1)[-1].strip()
