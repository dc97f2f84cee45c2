"""Reads the Matroska stream that ffmpeg writes into a pipe: samples with their times, which raw PCM doesn't have.

Only for the output of our own ffmpeg; a recording in this format is read by ffmpeg itself. Format: RFC 9559.
"""

from collections.abc import Iterator
from typing import IO, NamedTuple

_SEGMENT, _CLUSTER, _BLOCK_GROUP = 0x18538067, 0x1F43B675, 0xA0
_CLUSTER_TIMESTAMP, _SIMPLE_BLOCK, _BLOCK = 0xE7, 0xA3, 0xA1
_BLOCK_HEADER_BYTES = 4  # track number, 16-bit time, flags


class Packet(NamedTuple):
    stream: int  # from 0, in the order of ffmpeg's arguments
    time_ms: int
    data: bytes


def read_packets(pipe: IO[bytes]) -> Iterator[Packet]:
    """Yield the packets until the end of the pipe, even if that is in the middle of one, which is left out."""
    cluster_ms = 0
    while (element := _read_header(pipe)) is not None:
        element_id, n_bytes = element
        if element_id in (_SEGMENT, _CLUSTER, _BLOCK_GROUP):
            continue  # what they contain comes next
        data = pipe.read(n_bytes)
        if len(data) < n_bytes:
            return
        if element_id == _CLUSTER_TIMESTAMP:
            cluster_ms = int.from_bytes(data, "big")
        elif element_id in (_SIMPLE_BLOCK, _BLOCK):
            offset_ms = int.from_bytes(data[1:3], "big", signed=True)
            yield Packet((data[0] & 0x7F) - 1, cluster_ms + offset_ms, data[_BLOCK_HEADER_BYTES:])


def _read_header(pipe: IO[bytes]) -> tuple[int, int] | None:
    """The id and size of the next element. Both begin with as many zero bits as bytes follow the first."""
    element_id = _read_number(pipe, keep_marker=True)
    n_bytes = None if element_id is None else _read_number(pipe, keep_marker=False)
    return None if element_id is None or n_bytes is None else (element_id, n_bytes)


def _read_number(pipe: IO[bytes], *, keep_marker: bool) -> int | None:
    first = pipe.read(1)
    if not first:
        return None
    n_more = 8 - first[0].bit_length()
    rest = pipe.read(n_more) if n_more else b""
    if len(rest) < n_more:
        return None
    marker = 0 if keep_marker else 0x80 >> n_more
    return int.from_bytes(bytes([first[0] ^ marker]) + rest, "big")
