"""What waits to be sent to one socket: bounded, so that a slow reader costs nobody else anything.

Messages with a key coalesce (the latest wins); the others are never dropped. Past the bound the
outbox gives up and the socket is to be closed: the client comes back and gets a snapshot.
"""

import asyncio
from collections.abc import Awaitable, Callable

LIMIT_BYTES = 4 * 1024 * 1024


class Outbox:
    """Threading: the event loop's thread only."""

    def __init__(self, on_full: Callable[[], None], limit_bytes: int = LIMIT_BYTES) -> None:
        self._on_full = on_full
        self._limit_bytes = limit_bytes
        self._waiting: dict[object, str] = {}  # in order; unkeyed messages have a key of their own
        self._bytes = 0
        self._news = asyncio.Event()
        self._is_closed = False

    def put(self, text: str, key: str | None = None) -> None:
        """Add a message; an older one with the same key is replaced by it, at the end."""
        if self._is_closed:
            return
        place: object = object() if key is None else key
        self._bytes += len(text) - len(self._waiting.pop(place, ""))
        self._waiting[place] = text
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

    async def run(self, send: Callable[[str], Awaitable[None]]) -> None:
        """Send what comes, one after the other, until finish() or close()."""
        while True:
            while self._waiting:
                place = next(iter(self._waiting))
                text = self._waiting.pop(place)
                self._bytes -= len(text)
                await send(text)
            if self._is_closed:
                return
            self._news.clear()
            await self._news.wait()
