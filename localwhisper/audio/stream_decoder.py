"""Decoding a container while it is being received, such as the WebM of a browser's MediaRecorder."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import IO, cast

from localwhisper.audio.ffmpeg import PCM_TO_STDOUT, Ffmpeg

READ_BYTES = 1 << 16
EXIT_TIMEOUT_S = 10  # after its last sample
AT_ONCE = ("-probesize", "4096", "-analyzeduration", "0")  # samples come as soon as they are decoded


class StreamDecoder:
    """One run of ffmpeg. Threading: SAFE; each method blocks, and samples() and feed() run on threads of their own."""

    def __init__(self, ffmpeg: Ffmpeg) -> None:
        """Raises FfmpegMissing, Stopped."""
        self._resources = ExitStack()
        run = ffmpeg.run(
            "pipe:0",
            "-flush_packets",
            "1",
            *PCM_TO_STDOUT,
            input_options=AT_ONCE,
            stdin=subprocess.PIPE,
        )
        self._process = self._resources.enter_context(run)
        self._input = cast("IO[bytes]", self._process.stdin)

    def feed(self, data: bytes) -> None:
        """Ignores what ffmpeg no longer reads, because it can't decode it."""
        with suppress(BrokenPipeError, ValueError):
            self._input.write(data)
            self._input.flush()

    def end(self) -> None:
        """Nothing more comes: samples() ends once all is decoded."""
        with suppress(BrokenPipeError):
            self._input.close()

    def samples(self) -> Iterator[bytes]:
        """Mono, 16 kHz, signed 16-bit little-endian."""
        output = cast("IO[bytes]", self._process.stdout)
        rest = b""
        while block := output.read1(READ_BYTES):  # type: ignore[attr-defined]
            block = rest + block
            n = len(block) - len(block) % 2
            rest = block[n:]
            yield block[:n]

    def status(self) -> int:
        """Of ffmpeg, after the last of samples(): negative if it was killed, so that they are only a part."""
        try:
            return self._process.wait(EXIT_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return 0  # all was read, but it doesn't end

    def close(self) -> None:
        """Kill ffmpeg."""
        self._resources.close()
