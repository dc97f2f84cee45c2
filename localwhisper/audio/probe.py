"""Whether a file has sound that can be decoded, and how long it is."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from localwhisper.audio.ffmpeg import PCM_TO_STDOUT, SAMPLE_RATE, command
from localwhisper.errors import AudioTimeout, AudioTooLong, AudioUnreadable, NoAudioTrack

# Both at the margin that ffmpeg's own lines have: what a file's tags say is indented further.
_DURATION = re.compile(r"^  Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)", re.MULTILINE)
_STREAM = re.compile(r"^  Stream #\d+:\d+.*?: (\w+):", re.MULTILINE)
_ERROR = re.compile(r"^(?:file:)?.*: (Invalid data found when processing input|.* not found)$", re.MULTILINE)
_TRIAL_S = 1  # seconds that must decode before a file is taken
_BYTES_PER_S = 2 * SAMPLE_RATE


@dataclass(frozen=True)
class AudioInfo:
    duration_s: float


def probe(path: Path, *, max_audio_s: float, timeout_s: float = 30) -> AudioInfo:
    """Decode the first second and read the length from the header, or measure it where there is none.

    Raises AudioUnreadable, NoAudioTrack, AudioTooLong, AudioTimeout or FfmpegMissing.
    """
    ended = _run(command(path, "-t", str(_TRIAL_S), *PCM_TO_STDOUT), timeout_s)
    said = ended.stderr.decode(errors="replace")
    if not ended.stdout:
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
    process = subprocess.Popen(
        command(path, "-t", str(max_audio_s + 1), *PCM_TO_STDOUT),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    timer = Timer(timeout_s, process.kill)
    timer.start()
    n_bytes = 0
    try:
        assert process.stdout is not None
        with process.stdout:
            while block := process.stdout.read(1 << 20):
                n_bytes += len(block)
    finally:
        is_late = not timer.is_alive()
        timer.cancel()
        process.kill()
        process.wait()
    if is_late:
        raise AudioTimeout(timeout_s=round(timeout_s))
    return n_bytes / _BYTES_PER_S


def _run(arguments: list[str], timeout_s: float) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(arguments, capture_output=True, stdin=subprocess.DEVNULL, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired:
        raise AudioTimeout(timeout_s=round(timeout_s)) from None
