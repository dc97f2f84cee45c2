"""Headerless signed 16-bit little-endian samples, 16 kHz, mono, as a WAV file."""

import struct

from localwhisper.audio.ffmpeg import SAMPLE_RATE

HEADER_BYTES = 44
BYTES_PER_SAMPLE = 2
_UNKNOWN = 0xFFFFFFFF  # a size that doesn't fit or isn't known yet; readers then go on to the file's end


def wav_header(n_bytes: int | None = None) -> bytes:
    """The header for `n_bytes` of samples."""
    size = _UNKNOWN if n_bytes is None else min(n_bytes, _UNKNOWN - HEADER_BYTES)
    whole = min(size + HEADER_BYTES - 8, _UNKNOWN)
    rate = SAMPLE_RATE * BYTES_PER_SAMPLE
    return b"RIFF" + struct.pack(
        "<I4s4sIHHIIHH4sI", whole, b"WAVE", b"fmt ", 16, 1, 1, SAMPLE_RATE, rate, BYTES_PER_SAMPLE, 16, b"data", size
    )
