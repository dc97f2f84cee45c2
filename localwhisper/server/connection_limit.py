"""An HTTP server that limits its connections so that enough file descriptors remain for everything else."""

import sys
from typing import Any

import tornado.httpserver
import tornado.iostream

RESERVED_DESCRIPTORS = 128  # for uploads, records, models and pipes to ffmpeg
MAX_DESCRIPTORS = 65_536  # requested even where the system would allow more


def raise_descriptor_limit() -> int:
    """Raise this process's soft limit of open files as far as allowed; returns the limit."""
    if sys.platform == "win32":
        return MAX_DESCRIPTORS
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < target:
        resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
        soft = target
    return MAX_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft


class LimitedHTTPServer(tornado.httpserver.HTTPServer):
    """Closes new connections immediately once `max_descriptors` are in use.

    Accepting them would leave no descriptor for anything else; and with none left at all, accept() fails
    while the connection stays pending, which keeps the event loop spinning.
    """

    def initialize(self, *args: Any, max_descriptors: int, **kwargs: Any) -> None:  # type: ignore[override]
        super().initialize(*args, **kwargs)
        self._max_descriptors = max_descriptors

    def handle_stream(self, stream: tornado.iostream.IOStream, address: Any) -> None:
        # The system assigns the lowest free descriptor, so its number tells how many are in use.
        if sys.platform != "win32" and stream.socket.fileno() >= self._max_descriptors:
            stream.close()
        else:
            super().handle_stream(stream, address)
