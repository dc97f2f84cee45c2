"""What a search for speakers has computed, in a file beside the recording, from which an interrupted search continues.

It holds voiceprints, and is removed when the search ends.
"""

import logging
import os
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from localwhisper.atomic import private_opener, read_regular_file
from localwhisper.engine.speakers.segmentation import N_FRAMES, N_LOCAL
from localwhisper.engine.speakers.voiceprint import VoiceprintNet

RECORD = np.dtype(
    [
        ("number", "<i4"),
        ("activity", "<f2", (N_FRAMES, N_LOCAL)),
        ("voiceprints", "<f4", (N_LOCAL, VoiceprintNet.size)),
        ("alone_s", "<f4", (N_LOCAL,)),
        ("crc", "<u4"),  # of what is before
    ]
)
CRC_BYTES = 4
HEADER_BYTES = 64
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chunk:
    activity: NDArray[np.float16]  # the probability that each local speaker talks, shape (N_FRAMES, N_LOCAL)
    voiceprints: NDArray[np.float32]  # shape (N_LOCAL, size)
    alone_s: NDArray[np.float32]  # how much of each local speaker alone that was made from; 0: there is none


class ChunkFile:
    """Without a path nothing is kept; nor if the disk is full. Threading: one thread."""

    def __init__(self, path: Path | None, n_samples: int) -> None:
        """`n_samples`: of the recording; a file of another one is replaced."""
        self._path = path
        self._header = f"localwhisper speakers 1 {n_samples}".encode().ljust(HEADER_BYTES)

    def read(self) -> dict[int, Chunk]:
        """The chunks by their numbers, up to the first damaged one."""
        content = b""
        if self._path is not None:
            with suppress(OSError):
                content = read_regular_file(self._path)
        chunks: dict[int, Chunk] = {}
        if content.startswith(self._header):
            n_records = (len(content) - HEADER_BYTES) // RECORD.itemsize
            for record in np.frombuffer(content, RECORD, n_records, HEADER_BYTES):
                if zlib.crc32(record.tobytes()[:-CRC_BYTES]) != record["crc"]:
                    break
                chunks[int(record["number"])] = Chunk(record["activity"], record["voiceprints"], record["alone_s"])
        if self._path is not None:
            self._truncate(len(chunks))
        return chunks

    def append(self, number: int, chunk: Chunk) -> None:
        record = np.zeros((), RECORD)
        record["number"] = number
        record["activity"], record["voiceprints"], record["alone_s"] = chunk.activity, chunk.voiceprints, chunk.alone_s
        record["crc"] = zlib.crc32(record.tobytes()[:-CRC_BYTES])
        self._write(record.tobytes(), os.O_APPEND)

    def _truncate(self, n_chunks: int) -> None:
        """Keep so many chunks; without any, begin the file."""
        if n_chunks == 0:
            self._write(self._header, os.O_CREAT | os.O_TRUNC)
        elif self._path is not None:
            with suppress(OSError):
                os.truncate(self._path, HEADER_BYTES + n_chunks * RECORD.itemsize)

    def _write(self, data: bytes, flags: int) -> None:
        if self._path is None:
            return
        try:
            descriptor = private_opener(str(self._path), os.O_WRONLY | flags)
            try:
                os.write(descriptor, data)
            finally:
                os.close(descriptor)
        except OSError as error:
            log.warning("a search for speakers can't be continued after an interruption: %s", error)
            self._path = None

    def remove(self) -> None:
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
