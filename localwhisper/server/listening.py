"""The sockets on which the server listens."""

import errno
import socket

import tornado.netutil

from localwhisper.errors import PortForbidden, PortInUse


def bind(host: str, port: int) -> list[socket.socket]:
    """Raises PortInUse, PortForbidden, OSError."""
    try:
        return tornado.netutil.bind_sockets(port, host)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(port=port, host=host) from None
        if error.errno in (errno.EACCES, errno.EPERM):
            raise PortForbidden(port=port, host=host) from None
        raise
