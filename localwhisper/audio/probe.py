"""Checking that a file has audio that can be decoded, and estimating how long it is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from localwhisper.audio.container import FileVersion, Track, known_containers, parse_log, refusal
from localwhisper.audio.ffmpeg import PCM_TO_STDOUT, Ffmpeg, FfmpegProcess, beginning_of
from localwhisper.errors import AudioTimeout, AudioTooLong

_TRIAL_FRAMES = 50  # about a second, wherever it is in the file; something of it must decode
_PART_BYTES = 8 << 20  # measured, if the header doesn't state a possible duration
_SURELY_LONGER = 2  # an estimate without a statement has to exceed the limit by this factor
_TIME = re.compile(r"^out_time_us=(\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class AudioInfo:
    duration_s: float  # stated or estimated; the real one is known once all is decoded
    tracks: tuple[Track, ...]


@dataclass(frozen=True)
class _Trial:
    has_audio: bool
    log: str
    exit_code: int


def probe(ffmpeg: Ffmpeg, path: Path, *, max_audio_s: float, timeout_s: float = 30) -> AudioInfo:
    """Decode the first second of sound, and read the duration from the header or, if it states none, estimate it.

    Raises AudioUnreadable, NoAudioTrack, DictationUnsupported, AudioTooLong, AudioTimeout, FfmpegMissing, MemoryFull.
    """
    version = FileVersion.of(path)
    trial = _decode_beginning(ffmpeg, path, timeout_s)
    if not trial.has_audio:
        raise refusal(path, trial.log, trial.exit_code)
    container = parse_log(trial.log)
    if container.tracks:
        known_containers.add(version, container)
    stated_s = container.duration_s or 0.0
    if 0 < stated_s <= max_audio_s:
        return AudioInfo(stated_s, container.tracks)
    estimate_s = _estimate(ffmpeg, path, timeout_s)
    if estimate_s > (max_audio_s if stated_s else _SURELY_LONGER * max_audio_s):
        raise AudioTooLong(limit_s=round(max_audio_s))
    return AudioInfo(min(estimate_s, max_audio_s), container.tracks)


def _decode_beginning(ffmpeg: Ffmpeg, path: Path, timeout_s: float) -> _Trial:
    with ffmpeg.run(path, "-frames:a", str(_TRIAL_FRAMES), *PCM_TO_STDOUT) as process, _deadline(process, timeout_s):
        assert process.stdout is not None
        has_audio = False
        while process.stdout.read(1 << 16):
            has_audio = True
        return _Trial(has_audio, process.log(), process.wait())


def _estimate(ffmpeg: Ffmpeg, path: Path, timeout_s: float) -> float:
    """The duration in seconds of the file's beginning, extrapolated to all of it."""
    arguments = ("-v", "quiet", "-map", "0:a:0", "-c", "copy", "-f", "null", "-progress", "pipe:1", "-")
    with ffmpeg.run(beginning_of(path, _PART_BYTES), *arguments) as process, _deadline(process, timeout_s):
        assert process.stdout is not None
        times_us = _TIME.findall(process.stdout.read().decode(errors="replace"))
    part_s = int(times_us[-1]) / 1e6 if times_us else 0.0
    return part_s * max(path.stat().st_size / _PART_BYTES, 1.0)


@contextmanager
def _deadline(process: FfmpegProcess, timeout_s: float) -> Iterator[None]:
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
