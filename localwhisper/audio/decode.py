"""Decoding a media file to a stream of samples."""

import queue
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from localwhisper.audio.ffmpeg import PCM_TO_STDOUT, Ffmpeg
from localwhisper.errors import AudioTimeout, AudioUnreadable

BLOCK_BYTES = 1 << 18  # about 8 s
BLOCKS_AHEAD = 8
CHECK_INTERVAL_S = 0.2


def decode_audio(
    ffmpeg: Ffmpeg, path: Path, *, check: Callable[[], None], max_audio_s: float, stall_timeout_s: float = 60
) -> Iterator[NDArray[np.int16]]:
    """Blocks of mono 16 kHz samples, int16, shape (n,), equal to those of openai-whisper's load_audio().

    Calls `check` at least every CHECK_INTERVAL_S; it may raise to stop. Audio after `max_audio_s` is not decoded. A
    truncated file gives the samples that it has. Raises AudioUnreadable, AudioTimeout, FfmpegMissing.
    """
    blocks: queue.Queue[bytes] = queue.Queue(BLOCKS_AHEAD)
    is_closed = threading.Event()
    with ffmpeg.run(path, "-t", str(max_audio_s), *PCM_TO_STDOUT, stderr=subprocess.DEVNULL) as process:
        reader = threading.Thread(target=_read_blocks, args=(process, blocks, is_closed), daemon=True)
        reader.start()
        try:
            n_blocks = 0
            while block := _next_block(blocks, check, stall_timeout_s):
                n_blocks += 1
                yield np.frombuffer(block, np.dtype("<i2")).astype(np.int16, copy=False)
            if n_blocks == 0:
                raise AudioUnreadable(reason="no audio could be decoded")
        finally:
            is_closed.set()
            process.kill()
            reader.join()


def _read_blocks(process: "subprocess.Popen[bytes]", blocks: "queue.Queue[bytes]", is_closed: threading.Event) -> None:
    """Put stdout into the queue, with an empty block at the end."""
    assert process.stdout is not None
    while not is_closed.is_set():
        block = process.stdout.read(BLOCK_BYTES)
        block = block[: len(block) // 2 * 2]  # whole samples
        while not is_closed.is_set():
            try:
                blocks.put(block, timeout=CHECK_INTERVAL_S)
                break
            except queue.Full:
                continue
        if not block:
            return


def _next_block(blocks: "queue.Queue[bytes]", check: Callable[[], None], stall_timeout_s: float) -> bytes:
    waited_s = 0.0
    while True:
        check()
        try:
            return blocks.get(timeout=CHECK_INTERVAL_S)
        except queue.Empty:
            waited_s += CHECK_INTERVAL_S
            if waited_s > stall_timeout_s:
                raise AudioTimeout(timeout_s=round(stall_timeout_s)) from None
