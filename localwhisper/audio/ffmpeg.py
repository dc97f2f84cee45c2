"""Finding ffmpeg, and running it so that it reads one local file, nothing else, and never outlives its reader."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakSet

from localwhisper.errors import FfmpegMissing

MAX_CPU_S = 3600  # for one ffmpeg, in case nothing is left to stop it
MAX_ALLOC_BYTES = 256 * 1024 * 1024  # for one allocation: the size may come from a hostile header
SAMPLE_RATE = 16000  # Hz, as whisper's checkpoints are trained

# Containers and raw streams that hold the media themselves. Playlists (hls, concat, dash, sdp …) are left out because
# they name other files, and so is every demuxer that could read something that wasn't uploaded.
DEMUXERS = (
    "wav,w64,aiff,au,caf,mp3,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,ogg,flac,aac,ac3,eac3,dts,amr,amrnb,amrwb,"
    "asf,avi,flv,mpeg,mpegts,mpegvideo,wv,ape,tta,tak,mpc,mpc8,rm,gsm,voc,dsf,oma,nut,mxf,wtv,sox,ircam,xwma,"
    "loas,truehd,dv"
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


def command(path: Path, *output: str) -> list[str]:
    """The command line for a local file. The format is detected from the content, never from the name."""
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
        "file,pipe",
        "-format_whitelist",
        DEMUXERS,
        "-i",
        f"file:{path.resolve()}",
        *output,
    ]


class Ffmpeg:
    """Starts ffmpeg processes and can kill all of them. Threading: SAFE."""

    def __init__(self) -> None:
        self._processes: WeakSet[subprocess.Popen[bytes]] = WeakSet()

    @contextmanager
    def run(self, path: Path, *output: str, stderr: int) -> "Iterator[subprocess.Popen[bytes]]":
        """Run ffmpeg on a file and read its stdout inside the block; when the block ends, the process is gone.

        Raises FfmpegMissing.
        """
        process = subprocess.Popen(
            command(path, *output), stdout=subprocess.PIPE, stderr=stderr, stdin=subprocess.DEVNULL
        )
        self._processes.add(process)
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()

    def kill_all(self) -> None:
        """Kill every running process, when the program ends without waiting for its threads."""
        for process in list(self._processes):
            process.kill()
