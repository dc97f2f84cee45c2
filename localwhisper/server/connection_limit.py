"""The listening server: as many connections as the system's limit of open files leaves beside the work."""

import sys
from typing import Any

import tornado.httpserver
import tornado.iostream

FOR_THE_WORK = 128  # descriptors that connections don't get: uploads, records, models, pipes to ffmpeg
MOST = 65_536  # descriptors that are asked for, where the system would give more


def raise_limit() -> int:
    """Ask the system for as many open files as it lets this process have; returns how many that are."""
    if sys.platform == "win32":
        return MOST
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return MOST if soft == resource.RLIM_INFINITY else soft


class Listener(tornado.httpserver.HTTPServer):
    """Beyond `most_descriptors` a new connection is closed at once: to take it would leave none for anything else,
    and where there is none left, a waiting connection would keep the loop busy for nothing."""

    def initialize(self, *args: Any, most_descriptors: int, **kwargs: Any) -> None:  # type: ignore[override]
        super().initialize(*args, **kwargs)
        self._most_descriptors = most_descriptors

    def handle_stream(self, stream: tornado.iostream.IOStream, address: Any) -> None:
        # systems give the lowest number that is free: it says how many are in use
        if sys.platform != "win32" and stream.socket.fileno() >= self._most_descriptors:
            stream.close()
        else:
            super().handle_stream(stream, address)
