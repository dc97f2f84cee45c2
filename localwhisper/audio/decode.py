"""A file's sound as a stream of samples from an ffmpeg of its own, which never outlives its reader."""

import queue
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from localwhisper.audio.ffmpeg import PCM_TO_STDOUT, command, running
from localwhisper.errors import AudioTimeout, AudioUnreadable

BLOCK_BYTES = 1 << 18  # about 8 s
BLOCKS_AHEAD = 8
CHECK_EVERY_S = 0.2


def decode(
    path: Path, *, check: Callable[[], None], max_audio_s: float, stall_timeout_s: float = 60
) -> Iterator[NDArray[np.int16]]:
    """Blocks of mono 16 kHz samples, int16, shape (n,), as openai-whisper's load_audio decodes them.

    `check` is called at least every CHECK_EVERY_S and may raise. Sound beyond `max_audio_s` is left out; a
    file that breaks off half-way gives what there is. Raises AudioUnreadable, AudioTimeout, FfmpegMissing.
    """
    blocks: queue.Queue[bytes] = queue.Queue(BLOCKS_AHEAD)
    is_over = threading.Event()
    arguments = command(path, "-t", str(max_audio_s), *PCM_TO_STDOUT)
    with running(arguments, stderr=subprocess.DEVNULL) as process:
        reader = threading.Thread(target=_read, args=(process, blocks, is_over), daemon=True)
        reader.start()
        try:
            n_blocks = 0
            while block := _next(blocks, check, stall_timeout_s):
                n_blocks += 1
                yield np.frombuffer(block, np.dtype("<i2")).astype(np.int16, copy=False)
            if n_blocks == 0:
                raise AudioUnreadable(reason="no sound in it could be decoded")
        finally:
            is_over.set()
            process.kill()
            reader.join()


def _read(process: "subprocess.Popen[bytes]", blocks: "queue.Queue[bytes]", is_over: threading.Event) -> None:
    """Ends with an empty block."""
    assert process.stdout is not None
    while not is_over.is_set():
        block = process.stdout.read(BLOCK_BYTES)
        block = block[: len(block) // 2 * 2]
        while not is_over.is_set():
            try:
                blocks.put(block, timeout=CHECK_EVERY_S)
                break
            except queue.Full:
                continue
        if not block:
            return


def _next(blocks: "queue.Queue[bytes]", check: Callable[[], None], stall_timeout_s: float) -> bytes:
    waited_s = 0.0
    while True:
        check()
        try:
            return blocks.get(timeout=CHECK_EVERY_S)
        except queue.Empty:
            waited_s += CHECK_EVERY_S
            if waited_s > stall_timeout_s:
                raise AudioTimeout(timeout_s=round(stall_timeout_s)) from None
