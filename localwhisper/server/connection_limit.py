"""File descriptors: connections and the files of uploads leave enough of them for running jobs.

The system assigns the lowest free descriptor, so the number of a new one tells how many are in use.
"""

import logging
import sys
import time
from typing import Any

import tornado.httpserver
import tornado.iostream

from localwhisper.errors import TooFewDescriptors

log = logging.getLogger(__name__)
RESERVED_DESCRIPTORS = 96  # for the store, the log, the event loop, models, and probing uploads
DESCRIPTORS_PER_JOB = 12  # recording, decoded audio, pipes to ffmpeg, stored segments; of a paused job, too
CONNECTIONS_BESIDE_UPLOADS = 32  # so that the page can still be opened when no upload is accepted
MIN_DESCRIPTORS_FOR_CLIENTS = 128
MAX_DESCRIPTORS = 65_536  # requested even where the system would allow more
WARNING_INTERVAL_S = 60.0


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


def descriptors_for_clients(limit: int, max_concurrent_jobs: int) -> int:
    """The number of descriptors that may be in use while a client gets another one.

    Raises TooFewDescriptors if the limit is too low to serve anyone.
    """
    reserved = RESERVED_DESCRIPTORS + 2 * DESCRIPTORS_PER_JOB * max_concurrent_jobs
    if limit < reserved + MIN_DESCRIPTORS_FOR_CLIENTS:
        raise TooFewDescriptors(limit=limit, needed=reserved + MIN_DESCRIPTORS_FOR_CLIENTS)
    return limit - reserved


def is_over_limit(descriptor: int, max_descriptors: int) -> bool:
    return sys.platform != "win32" and descriptor >= max_descriptors


class LimitedHTTPServer(tornado.httpserver.HTTPServer):
    """Closes new connections immediately once `max_descriptors` are in use.

    Accepting them would leave no descriptor for anything else; and with none left at all, accept() fails
    while the connection stays pending, which keeps the event loop spinning.
    """

    def initialize(self, *args: Any, max_descriptors: int, **kwargs: Any) -> None:  # type: ignore[override]
        super().initialize(*args, **kwargs)
        self._max_descriptors = max_descriptors
        self._warned_s = -WARNING_INTERVAL_S

    def handle_stream(self, stream: tornado.iostream.IOStream, address: Any) -> None:
        if is_over_limit(stream.socket.fileno(), self._max_descriptors):
            stream.close()
            if time.monotonic() - self._warned_s >= WARNING_INTERVAL_S:
                self._warned_s = time.monotonic()
                log.error("too many open files: new connections are closed; raise the limit, as with ulimit -n 4096")
        else:
            super().handle_stream(stream, address)
