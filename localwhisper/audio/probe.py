"""Checking that a file has audio that can be decoded, and finding out how long it is."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread, Timer
from typing import IO

from localwhisper.audio.ffmpeg import PCM_TO_STDOUT, SAMPLE_RATE, Ffmpeg
from localwhisper.errors import AudioTimeout, AudioTooLong, AudioUnreadable, MemoryFull, NoAudioTrack

# Both are anchored to the indentation of ffmpeg's own lines: text from a file's tags is indented further.
_DURATION = re.compile(r"^  Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)", re.MULTILINE)
_STREAM_TYPE = re.compile(r"^  Stream #\d+:\d+.*?: (\w+):", re.MULTILINE)
_ERROR = re.compile(r"^(?:file:)?.*: (Invalid data found when processing input|.* not found)$", re.MULTILINE)
_NO_MEMORY = re.compile(r"pthread_create\(\) failed|error while loading shared libraries")
_TRIAL_S = 1  # seconds that must decode before a file is accepted
_BYTES_PER_S = 2 * SAMPLE_RATE
_MAX_LOG_BYTES = 256 * 1024


@dataclass(frozen=True)
class AudioInfo:
    duration_s: float


def probe(ffmpeg: Ffmpeg, path: Path, *, max_audio_s: float, timeout_s: float = 30) -> AudioInfo:
    """Decode the first second, and read the duration from the header or, if it has none, measure it.

    Raises AudioUnreadable, NoAudioTrack, AudioTooLong, AudioTimeout, FfmpegMissing or MemoryFull.
    """
    trial = _decode_beginning(ffmpeg, path, timeout_s)
    if not trial.has_audio:
        raise _refusal(trial)
    header = _DURATION.search(trial.log)
    duration_s = 0.0
    if header:
        duration_s = int(header[1]) * 3600 + int(header[2]) * 60 + float(header[3])
    if not 0 < duration_s <= max_audio_s:
        duration_s = _measure(ffmpeg, path, max_audio_s, timeout_s)
    if duration_s > max_audio_s:
        raise AudioTooLong(limit_s=round(max_audio_s))
    return AudioInfo(duration_s)


@dataclass(frozen=True)
class _Trial:
    has_audio: bool
    log: str  # the beginning of ffmpeg's stderr
    exit_code: int


def _refusal(trial: _Trial) -> AudioUnreadable | NoAudioTrack | MemoryFull:
    """Why nothing could be decoded."""
    if _NO_MEMORY.search(trial.log) or (trial.exit_code < 0 and not trial.log):  # it died before it read the file
        return MemoryFull()
    stream_types = _STREAM_TYPE.findall(trial.log)
    if stream_types and "Audio" not in stream_types:
        return NoAudioTrack()
    error = _ERROR.search(trial.log)
    return AudioUnreadable(reason=error[1] if error else "no audio could be decoded")


def _decode_beginning(ffmpeg: Ffmpeg, path: Path, timeout_s: float) -> _Trial:
    arguments = ("-t", str(_TRIAL_S), *PCM_TO_STDOUT)
    with ffmpeg.run(path, *arguments, stderr=subprocess.PIPE) as process, _deadline(process, timeout_s):
        assert process.stdout is not None
        assert process.stderr is not None
        log: list[bytes] = []
        log_reader = Thread(target=_read_log, args=(process.stderr, log), daemon=True)
        log_reader.start()
        has_audio = False
        while process.stdout.read(1 << 16):
            has_audio = True
        log_reader.join()
        exit_code = process.wait()
    return _Trial(has_audio, b"".join(log).decode(errors="replace"), exit_code)


def _read_log(pipe: IO[bytes], log: list[bytes]) -> None:
    """Read everything, so that ffmpeg never blocks, but keep only the beginning: a hostile file can flood the log."""
    remaining_bytes = _MAX_LOG_BYTES
    while block := pipe.read1(1 << 16):  # type: ignore[attr-defined]
        log.append(block[:remaining_bytes])
        remaining_bytes -= len(log[-1])


def _measure(ffmpeg: Ffmpeg, path: Path, max_audio_s: float, timeout_s: float) -> float:
    """The duration in seconds, by decoding the file, but no more of it than a second past the limit."""
    arguments = ("-t", str(max_audio_s + 1), *PCM_TO_STDOUT)
    with ffmpeg.run(path, *arguments, stderr=subprocess.DEVNULL) as process, _deadline(process, timeout_s):
        assert process.stdout is not None
        n_bytes = 0
        while block := process.stdout.read(1 << 20):
            n_bytes += len(block)
    return n_bytes / _BYTES_PER_S


@contextmanager
def _deadline(process: "subprocess.Popen[bytes]", timeout_s: float) -> Iterator[None]:
    """Kill the process after a time. Raises AudioTimeout if that was necessary."""
    timer = Timer(timeout_s, process.kill)
    timer.start()
    try:
        yield
        is_late = not timer.is_alive()
    finally:
        timer.cancel()
    if is_late:
        raise AudioTimeout(timeout_s=round(timeout_s))
