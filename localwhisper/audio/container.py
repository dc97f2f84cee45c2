"""What a media file says about itself: its format, length and audio tracks, read from ffmpeg's log."""

import re
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.errors import AudioUnreadable, DictationUnsupported, LocalWhisperError, MemoryFull, NoAudioTrack

# All are anchored to the indentation of ffmpeg's own lines: text from a file's tags is indented further.
_FORMAT = re.compile(r"^Input #0, (\S+), from ", re.MULTILINE)
_DURATION = re.compile(r"^  Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)", re.MULTILINE)
_STREAM = re.compile(r"^  Stream #0:\d+(?:\[\w+\])?(?:\((\w+)\))?: (\w+): (.*)$", re.MULTILINE)
_FILE_START = re.compile(r"^  Duration: .*?, start: (-?\d+\.\d+)", re.MULTILINE)
_TRACK_START = re.compile(r", start (-?\d+\.\d+)")
_ESTIMATED = re.compile(r"^\[[^\]]*\] Estimating duration from bitrate", re.MULTILINE)
_LAYOUT = re.compile(r" Hz, (?:(\d+) channels|(\d)\.(\d)|(\w+))")
_LAYOUT_CHANNELS = {"mono": 1, "stereo": 2, "downmix": 2, "quad": 4, "hexagonal": 6, "octagonal": 8}
_ERROR = re.compile(r"^(?:file:)?.*: (Invalid data found when processing input|.* not found)$", re.MULTILINE)
_NO_MEMORY = re.compile(r"pthread_create\(\) failed|error while loading shared libraries")
_UNDETERMINED = "und"
_MAX_RIFF_BYTES = 0x7FFF0000  # programs that don't know the size write a number about as large as possible
# Of formats whose times may start anew, ffmpeg counts from the first packet that it decodes, not from the file's first.
RESTARTING_FORMATS = frozenset({"mpegts", "mpeg", "ogg"})
N_KNOWN_CONTAINERS = 64


@dataclass(frozen=True)
class Track:
    """One audio track."""

    number: int  # from 1, among the audio tracks
    language: str | None  # as the file says it, usually an ISO 639-2 code such as eng
    n_channels: int
    is_default: bool
    delay_s: float = 0.0  # after the file's beginning, where ffmpeg's times leave it out


@dataclass(frozen=True)
class Container:
    format: str  # ffmpeg's name
    duration_s: float | None  # None: not stated
    is_duration_estimated: bool  # by ffmpeg, from the bit rate: it may be off by a factor
    has_video: bool
    tracks: tuple[Track, ...]
    is_cut: bool = False  # the file is shorter than it says


@dataclass(frozen=True)
class FileVersion:
    """The same for a file that was renamed, another once it was written to."""

    device: int
    inode: int
    n_bytes: int
    modified_ns: int

    @staticmethod
    def of(path: Path) -> "FileVersion":
        status = path.stat()
        return FileVersion(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


class _KnownContainers:
    """Of the files that were read last: most are read again soon, and to start ffmpeg takes longer than to decode a
    short clip. Threading: SAFE."""

    def __init__(self) -> None:
        self._by_version: dict[FileVersion, Container] = {}
        self._lock = Lock()

    def get(self, version: FileVersion) -> Container | None:
        return self._by_version.get(version)

    def add(self, version: FileVersion, container: Container) -> None:
        """`version`: from before the file was read."""
        with self._lock:
            self._by_version[version] = container
            while len(self._by_version) > N_KNOWN_CONTAINERS:
                del self._by_version[next(iter(self._by_version))]


known_containers = _KnownContainers()


def describe(ffmpeg: Ffmpeg, path: Path) -> Container:
    """Read the header of a file. Raises FfmpegMissing, and what refusal() returns."""
    version = FileVersion.of(path)
    container = known_containers.get(version)
    if container is None:
        with ffmpeg.run(path) as process:
            log = process.log()
            container = parse_log(log)
            if not container.tracks:
                raise refusal(path, log, process.wait())
        known_containers.add(version, container)
    return replace(container, is_cut=_riff_is_cut(path))


def _riff_is_cut(path: Path) -> bool:
    """Whether a WAV or AVI file ends before its stated size: of these, ffmpeg doesn't always notice it."""
    with path.open("rb") as file:
        name, n_bytes = struct.unpack("<4sI", file.read(8).ljust(8, b"\0"))
    return bool(name == b"RIFF" and path.stat().st_size < n_bytes + 8 <= _MAX_RIFF_BYTES)


def parse_log(log: str) -> Container:
    """Read what ffmpeg's log says about its input."""
    log = log.split("\nStream mapping:")[0].split("\nOutput #0")[0]
    file_format, duration = _FORMAT.search(log), _DURATION.search(log)
    streams = _STREAM.findall(log)
    audio = [(language, text) for language, kind, text in streams if kind == "Audio"]
    name = file_format[1] if file_format else ""
    start = _FILE_START.search(log)
    file_start_s = float(start[1]) if start and name in RESTARTING_FORMATS else None
    return Container(
        format=name,
        duration_s=int(duration[1]) * 3600 + int(duration[2]) * 60 + float(duration[3]) if duration else None,
        is_duration_estimated=_ESTIMATED.search(log) is not None,
        has_video=any(kind == "Video" and "(attached pic)" not in text for _, kind, text in streams),
        tracks=tuple(_track(number, *stream, file_start_s) for number, stream in enumerate(audio, start=1)),
    )


def _track(number: int, language: str, text: str, file_start_s: float | None) -> Track:
    start = _TRACK_START.search(text)
    return Track(
        number=number,
        language=language if language not in ("", _UNDETERMINED) else None,
        n_channels=_n_channels(text),
        is_default="(default)" in text,
        delay_s=0.0 if file_start_s is None or start is None else max(float(start[1]) - file_start_s, 0.0),
    )


def _n_channels(text: str) -> int:
    """1 if the layout isn't known."""
    layout = _LAYOUT.search(text)
    if layout is None:
        return 1
    if layout[1]:
        return int(layout[1])
    if layout[2]:
        return int(layout[2]) + int(layout[3])
    return _LAYOUT_CHANNELS.get(layout[4], 1)


def refusal(path: Path, log: str, exit_code: int) -> LocalWhisperError:
    """Why nothing could be decoded, after ffmpeg has ended with this log."""
    if _NO_MEMORY.search(log) or (exit_code < 0 and not log):  # it died before it read the file
        return MemoryFull()
    stream_types = [kind for _, kind, _ in _STREAM.findall(log)]
    if stream_types and "Audio" not in stream_types:
        return NoAudioTrack()
    with path.open("rb") as file:
        if file.read(4)[1:] in (b"dss", b"ds2"):
            return DictationUnsupported()
    error = _ERROR.search(log)
    return AudioUnreadable(reason=error[1] if error else "no audio could be decoded")
