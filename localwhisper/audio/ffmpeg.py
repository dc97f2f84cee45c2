"""Finding ffmpeg, and running it so that it reads one local file, nothing else, and never outlives its reader."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import IO
from weakref import WeakSet

from localwhisper.audio.process_group import GroupedProcess
from localwhisper.errors import FfmpegMissing, Stopped

MAX_CPU_S = 3600  # for one ffmpeg, in case nothing is left to stop it
MAX_ALLOC_BYTES = 256 * 1024 * 1024  # for one allocation: the size may come from a hostile header
SAMPLE_RATE = 16000  # Hz, as whisper's checkpoints are trained
_LOG_PART_BYTES = 128 * 1024  # of the beginning and of the end

# Containers and raw streams that hold the media themselves. Playlists (hls, concat, dash, sdp …) are left out because
# they name other files, and so is every demuxer that could read something that wasn't uploaded.
DEMUXERS = (
    "wav,w64,aiff,au,caf,mp3,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,ogg,flac,aac,ac3,eac3,dts,amr,amrnb,amrwb,"
    "asf,avi,flv,mpeg,mpegts,mpegvideo,wv,ape,tta,tak,mpc,mpc8,rm,gsm,voc,dsf,oma,nut,mxf,wtv,sox,ircam,xwma,"
    "loas,truehd,dv,"
    "dss,nistsphere,qcp,ilbc,act,aea,adx,ast,avr,bonk,dhav,gxf,hcom,iff,ivr,lxf,msnwctcp,nsv,osq,paf,pvf,qoa,rka,"
    "sbc,sds,shn,smjpeg,vivo,vqf,wavarc,wve"
)

# as openai-whisper's load_audio(), so that the samples are the same
PCM_TO_STDOUT = ("-vn", "-sn", "-dn", "-f", "s16le", "-ac", "1", "-acodec", "pcm_s16le", "-ar", str(SAMPLE_RATE), "-")


def ffmpeg_path() -> str:
    """The ffmpeg on the PATH, else the one in imageio-ffmpeg's wheel. Raises FfmpegMissing."""
    path = shutil.which("ffmpeg") or _packaged_ffmpeg()
    if path is None:
        raise FfmpegMissing
    return path


def _packaged_ffmpeg() -> str | None:
    try:
        import imageio_ffmpeg

        path: str = imageio_ffmpeg.get_ffmpeg_exe()
        return path
    except (ImportError, RuntimeError):
        return None


def command(source: str, *output: str, seek_s: float = 0.0, input_options: Sequence[str] = ()) -> list[str]:
    """The command line for an input, from `seek_s` on. The format is detected from the content, never from the name."""
    return [
        ffmpeg_path(),
        "-nostdin",
        "-hide_banner",
        "-timelimit",
        str(MAX_CPU_S),
        "-max_alloc",
        str(MAX_ALLOC_BYTES),
        "-threads",
        "0",
        "-protocol_whitelist",
        "file,pipe,subfile",
        "-format_whitelist",
        DEMUXERS,
        *(("-ss", str(seek_s)) if seek_s else ()),
        *input_options,
        "-i",
        source,
        *output,
    ]


def file_input(path: Path) -> str:
    return f"file:{path.resolve()}"


def beginning_of(path: Path, n_bytes: int) -> str:
    """The first bytes of a file as an input; a file as short as that ends where it ends."""
    return f"subfile,,start,0,end,{n_bytes},,:{path.resolve()}"


class Ffmpeg:
    """Starts ffmpeg processes and can kill all of them. Threading: SAFE."""

    def __init__(self) -> None:
        self._processes: WeakSet[GroupedProcess] = WeakSet()
        self._is_closed = False

    @contextmanager
    def run(
        self,
        source: Path | str,
        *output: str,
        seek_s: float = 0.0,
        input_options: Sequence[str] = (),
        stdin: int = subprocess.DEVNULL,
        stderr: int = subprocess.PIPE,
    ) -> "Iterator[GroupedProcess]":
        """Run ffmpeg on a file or another input and read its stdout inside the block; when the block ends, the process
        is gone. Raises FfmpegMissing, and Stopped after close()."""
        self.check()
        source = source if isinstance(source, str) else file_input(source)
        arguments = command(source, *output, seek_s=seek_s, input_options=input_options)
        process = GroupedProcess(arguments, stdin=stdin, stderr=stderr)
        self._processes.add(process)
        try:
            yield process
            self.check()
        finally:
            process.close()

    def check(self) -> None:
        """Raises Stopped after close(), which has killed what a caller was reading from."""
        if self._is_closed:
            raise Stopped

    def close(self) -> None:
        """Kill every running process, when the program ends without waiting for its threads."""
        self._is_closed = True
        for process in list(self._processes):
            process.kill()


class LogReader:
    """Reads ffmpeg's stderr on a thread, so that ffmpeg never blocks, but keeps only its beginning and its end: a
    hostile file can flood it."""

    def __init__(self, pipe: "IO[bytes]") -> None:
        self._pipe = pipe
        self._beginning = b""
        self._end = b""
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while block := self._pipe.read1(1 << 16):  # type: ignore[attr-defined]
            n_free = _LOG_PART_BYTES - len(self._beginning)
            self._beginning += block[:n_free]
            self._end = (self._end + block[n_free:])[-_LOG_PART_BYTES:]

    def text(self) -> str:
        """The log, once ffmpeg has ended."""
        self._thread.join()
        return (self._beginning + self._end).decode(errors="replace")
