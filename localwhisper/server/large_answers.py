"""Long answers: few are built at once, and each then waits in a file, so that slow readers cost no memory."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path
from typing import IO

PIECE_BYTES = 256 * 1024
MAX_BUILT_AT_ONCE = 2  # a transcript of hours is some 50 MB of objects


class LargeAnswers:
    """Threading: the event loop's thread only."""

    def __init__(self, folder: Path) -> None:
        """`folder`: for the files, which have no names and disappear with their requests."""
        self._folder = folder
        self._building = asyncio.Semaphore(MAX_BUILT_AT_ONCE)

    async def build(self, build: Callable[[], Awaitable[bytes]]) -> bytes | IO[bytes]:
        """Return what `build` returns, in a file if it is long. Raises what `build` raises."""
        async with self._building:
            content = await build()
            return content if len(content) <= PIECE_BYTES else await asyncio.to_thread(self._in_file, content)

    def _in_file(self, content: bytes) -> IO[bytes]:
        try:
            file = tempfile.TemporaryFile(prefix="answer-", dir=self._folder)  # noqa: SIM115  # its reader closes it
        except OSError:  # no descriptor is left, or the folder is gone
            return BytesIO(content)
        try:
            file.write(content)
            file.seek(0)
        except OSError:  # the disk is full
            file.close()
            return BytesIO(content)
        return file
