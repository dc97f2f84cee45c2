"""Whether a file has sound that can be decoded, and how long it is."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread, Timer
from typing import IO

from localwhisper.audio.ffmpeg import PCM_TO_STDOUT, SAMPLE_RATE, command, running
from localwhisper.errors import AudioTimeout, AudioTooLong, AudioUnreadable, MemoryFull, NoAudioTrack

# Both at the margin that ffmpeg's own lines have: what a file's tags say is indented further.
_DURATION = re.compile(r"^  Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)", re.MULTILINE)
_STREAM = re.compile(r"^  Stream #\d+:\d+.*?: (\w+):", re.MULTILINE)
_ERROR = re.compile(r"^(?:file:)?.*: (Invalid data found when processing input|.* not found)$", re.MULTILINE)
_NO_MEMORY = re.compile(r"pthread_create\(\) failed|error while loading shared libraries")
_TRIAL_S = 1  # seconds that must decode before a file is taken
_BYTES_PER_S = 2 * SAMPLE_RATE
_MOST_SAID_BYTES = 256 * 1024


@dataclass(frozen=True)
class AudioInfo:
    duration_s: float


def probe(path: Path, *, max_audio_s: float, timeout_s: float = 30) -> AudioInfo:
    """Decode the first second and read the length from the header, or measure it where there is none.

    Raises AudioUnreadable, NoAudioTrack, AudioTooLong, AudioTimeout, FfmpegMissing or MemoryFull.
    """
    has_sound, said, code = _try(path, timeout_s)
    if not has_sound:
        if _NO_MEMORY.search(said) or (code < 0 and not said):  # it broke down before it read anything
            raise MemoryFull
        kinds = _STREAM.findall(said)
        if kinds and "Audio" not in kinds:
            raise NoAudioTrack
        found = _ERROR.search(said)
        raise AudioUnreadable(reason=found[1] if found else "no sound in it could be decoded")
    header = _DURATION.search(said)
    duration_s = 0.0
    if header:
        duration_s = int(header[1]) * 3600 + int(header[2]) * 60 + float(header[3])
    if not 0 < duration_s <= max_audio_s:
        duration_s = _measure(path, max_audio_s, timeout_s)
    if duration_s > max_audio_s:
        raise AudioTooLong(limit_s=round(max_audio_s))
    return AudioInfo(duration_s)


def _measure(path: Path, max_audio_s: float, timeout_s: float) -> float:
    """Seconds of sound, counted by decoding; a little more than the limit where it is longer."""
    arguments = command(path, "-t", str(max_audio_s + 1), *PCM_TO_STDOUT)
    with running(arguments, stderr=subprocess.DEVNULL) as process, _deadline(process, timeout_s):
        assert process.stdout is not None
        n_bytes = 0
        while block := process.stdout.read(1 << 20):
            n_bytes += len(block)
    return n_bytes / _BYTES_PER_S


def _try(path: Path, timeout_s: float) -> tuple[bool, str, int]:
    """Whether the first second decodes, the beginning of what ffmpeg says, and its exit code."""
    arguments = command(path, "-t", str(_TRIAL_S), *PCM_TO_STDOUT)
    with running(arguments, stderr=subprocess.PIPE) as process, _deadline(process, timeout_s):
        assert process.stdout is not None
        assert process.stderr is not None
        said: list[bytes] = []
        listener = Thread(target=_listen, args=(process.stderr, said), daemon=True)
        listener.start()
        has_sound = False
        while process.stdout.read(1 << 16):
            has_sound = True
        listener.join()
        code = process.wait()
    return has_sound, b"".join(said).decode(errors="replace"), code


def _listen(pipe: IO[bytes], said: list[bytes]) -> None:
    """Read all, so that ffmpeg never waits, but keep only the beginning: a hostile file makes it talk on and on."""
    left_bytes = _MOST_SAID_BYTES
    while block := pipe.read1(1 << 16):  # type: ignore[attr-defined]
        said.append(block[:left_bytes])
        left_bytes -= len(said[-1])


@contextmanager
def _deadline(process: "subprocess.Popen[bytes]", timeout_s: float) -> Iterator[None]:
    """Raises AudioTimeout where the process had to be killed."""
    timer = Timer(timeout_s, process.kill)
    timer.start()
    try:
        yield
        is_late = not timer.is_alive()
    finally:
        timer.cancel()
    if is_late:
        raise AudioTimeout(timeout_s=round(timeout_s))
