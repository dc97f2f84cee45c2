"""The WAV header of mono 16 kHz samples, signed 16-bit little-endian."""

import struct

from localwhisper.audio.ffmpeg import SAMPLE_RATE

HEADER_BYTES = 44
BYTES_PER_SAMPLE = 2
_UNKNOWN_SIZE = 0xFFFFFFFF  # a size that is unknown or too large: readers then read to the end of the file


def wav_header(n_bytes: int | None = None) -> bytes:
    """The header for `n_bytes` of samples; None if their number isn't known."""
    data_size = _UNKNOWN_SIZE if n_bytes is None else min(n_bytes, _UNKNOWN_SIZE - HEADER_BYTES)
    riff_size = min(data_size + HEADER_BYTES - 8, _UNKNOWN_SIZE)
    bytes_per_s = SAMPLE_RATE * BYTES_PER_SAMPLE
    pcm, n_channels, bits = 1, 1, 8 * BYTES_PER_SAMPLE
    fmt = struct.pack("<IHHIIHH", 16, pcm, n_channels, SAMPLE_RATE, bytes_per_s, BYTES_PER_SAMPLE, bits)
    return struct.pack("<4sI4s4s", b"RIFF", riff_size, b"WAVE", b"fmt ") + fmt + struct.pack("<4sI", b"data", data_size)
