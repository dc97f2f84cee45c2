"""What waits to be sent to one WebSocket, as frames: bounded, so that a slow reader costs nobody else anything."""

import asyncio
import struct
from collections.abc import Awaitable, Callable

from localwhisper.jobs.events import Event

LIMIT_BYTES = 4 * 1024 * 1024
AT_ONCE_BYTES = 64 * 1024


class Outbox:
    """Threading: the event loop's thread only."""

    def __init__(self, on_full: Callable[[], None], limit_bytes: int = LIMIT_BYTES) -> None:
        self._on_full = on_full
        self._limit_bytes = limit_bytes
        self._waiting: dict[object, bytes] = {}  # frames in order; unkeyed messages have a key of their own
        self._bytes = 0
        self._news = asyncio.Event()
        self._is_closed = False

    def put(self, frame: bytes, key: str | None = None) -> None:
        """Add a message; an older one with the same key is replaced by it, at the end."""
        if self._is_closed:
            return
        place: object = object() if key is None else key
        self._bytes += len(frame) - len(self._waiting.pop(place, b""))
        self._waiting[place] = frame
        self._news.set()
        if self._bytes > self._limit_bytes and len(self._waiting) > 1:
            self.close()
            self._on_full()

    def finish(self) -> None:
        """run() returns once all that waits is sent."""
        self._is_closed = True
        self._news.set()

    def close(self) -> None:
        """Forget what waits; run() returns."""
        self._waiting.clear()
        self.finish()

    async def run(self, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Send what comes, in order, as much at once as waits, until finish() or close()."""
        while True:
            while self._waiting:
                await send(self._take())
            if self._is_closed:
                return
            self._news.clear()
            await self._news.wait()

    def _take(self) -> bytes:
        frames: list[bytes] = []
        size_bytes = 0
        while self._waiting and size_bytes < AT_ONCE_BYTES:
            frames.append(self._waiting.pop(next(iter(self._waiting))))
            size_bytes += len(frames[-1])
        self._bytes -= size_bytes
        return b"".join(frames)


_WHOLE_TEXT = 0x81  # the message's last frame, which is text


def text_frame(text: str) -> bytes:
    """As a server sends it: without a mask."""
    data = text.encode()
    if len(data) < 126:
        return struct.pack("!BB", _WHOLE_TEXT, len(data)) + data
    if len(data) < 1 << 16:
        return struct.pack("!BBH", _WHOLE_TEXT, 126, len(data)) + data
    return struct.pack("!BBQ", _WHOLE_TEXT, 127, len(data)) + data


class FrameCache:
    """Remembers the last event's messages. Threading: the event loop's thread only."""

    def __init__(self) -> None:
        self._event: Event | None = None
        self._frames: dict[tuple[str, str], bytes] = {}  # by message and language

    def frame(self, event: Event, name: str, language: str, make: Callable[[], bytes]) -> bytes:
        if event is not self._event:
            self._event, self._frames = event, {}
        if (name, language) not in self._frames:
            self._frames[name, language] = make()
        return self._frames[name, language]
