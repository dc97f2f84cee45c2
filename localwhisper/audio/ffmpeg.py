"""Finding ffmpeg, and running it so that it reads one local file, nothing else, and never outlives its reader."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from threading import Thread
from typing import cast
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


class FfmpegProcess(GroupedProcess):
    """An ffmpeg whose log is read on a thread, so that it never blocks on it. Only the log's beginning and its end are
    kept: a hostile file can flood it."""

    def __init__(self, arguments: Sequence[str], stdin: int) -> None:
        super().__init__(arguments, stdin=stdin, stderr=subprocess.PIPE)
        self._log_beginning = b""
        self._log_end = b""
        self._log_thread = Thread(target=self._read_log, daemon=True)
        self._log_thread.start()

    def _read_log(self) -> None:
        """Nobody else closes the pipe: that would fail here if the process was killed."""
        pipe = cast("BufferedReader", self.stderr)
        with pipe:
            while block := pipe.read1(1 << 16):
                n_free = _LOG_PART_BYTES - len(self._log_beginning)
                self._log_beginning += block[:n_free]
                self._log_end = (self._log_end + block[n_free:])[-_LOG_PART_BYTES:]

    def log(self) -> str:
        """What it wrote to stderr, once it has ended."""
        self._log_thread.join()
        return (self._log_beginning + self._log_end).decode(errors="replace")


class Ffmpeg:
    """Starts ffmpeg processes and can kill all of them. Threading: SAFE."""

    def __init__(self) -> None:
        self._processes: WeakSet[FfmpegProcess] = WeakSet()
        self._is_closed = False

    @contextmanager
    def run(
        self,
        source: Path | str,
        *output: str,
        seek_s: float = 0.0,
        input_options: Sequence[str] = (),
        stdin: int = subprocess.DEVNULL,
    ) -> "Iterator[FfmpegProcess]":
        """Run ffmpeg on a file or another input and read its stdout inside the block; when the block ends, the process
        is gone. Raises FfmpegMissing, and Stopped after close()."""
        self.check()
        source = source if isinstance(source, str) else file_input(source)
        arguments = command(source, *output, seek_s=seek_s, input_options=input_options)
        process = FfmpegProcess(arguments, stdin)
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
