"""Where ffmpeg is, how it is told to read one local file and nothing else, and how it never outlives its reader."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from weakref import WeakSet

from localwhisper.errors import FfmpegMissing

MOST_CPU_S = 3600  # of one ffmpeg, where nobody is left to stop it
MOST_BYTES_AT_ONCE = 256 * 1024 * 1024  # that a file's header can make it allocate
SAMPLE_RATE = 16000  # Hz, what whisper's checkpoints are trained on

# Containers and bare streams that hold media themselves. Playlists (hls, concat, dash, sdp …), which name
# other files, are left out, and with them everything that could read what wasn't uploaded.
FORMATS = (
    "wav,w64,aiff,au,caf,mp3,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,ogg,flac,aac,ac3,eac3,dts,amr,amrnb,amrwb,"
    "asf,avi,flv,mpeg,mpegts,mpegvideo,wv,ape,tta,tak,mpc,mpc8,rm,gsm,voc,dsf,oma,nut,mxf,wtv,sox,ircam,xwma,"
    "loas,truehd,dv"
)


@lru_cache
def _packaged() -> str | None:
    try:
        import imageio_ffmpeg

        path: str = imageio_ffmpeg.get_ffmpeg_exe()
        return path
    except (ImportError, RuntimeError):
        return None


def ffmpeg_path() -> str:
    """The one on the PATH, else the packaged one. Raises FfmpegMissing."""
    found = shutil.which("ffmpeg") or _packaged()
    if found is None:
        raise FfmpegMissing
    return found


def command(path: Path, *output: str) -> list[str]:
    """ffmpeg on a local file. The format is found from its content, never from its name."""
    return [
        ffmpeg_path(),
        "-nostdin",
        "-hide_banner",
        "-timelimit",
        str(MOST_CPU_S),
        "-max_alloc",
        str(MOST_BYTES_AT_ONCE),
        "-threads",
        "0",
        "-protocol_whitelist",
        "file,pipe",
        "-format_whitelist",
        FORMATS,
        "-i",
        f"file:{path.resolve()}",
        *output,
    ]


@contextmanager
def running(arguments: list[str], *, stderr: int) -> "Iterator[subprocess.Popen[bytes]]":
    """An ffmpeg whose output can be read; it is gone afterwards, whatever happens."""
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=stderr, stdin=subprocess.DEVNULL)
    _alive.add(process)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def stop_all() -> None:
    """At the program's end: no ffmpeg stays behind. Threading: SAFE."""
    for process in list(_alive):
        process.kill()


_alive: "WeakSet[subprocess.Popen[bytes]]" = WeakSet()

# as openai-whisper's load_audio has it, so that the samples are the same
PCM_TO_STDOUT = ("-vn", "-sn", "-dn", "-f", "s16le", "-ac", "1", "-acodec", "pcm_s16le", "-ar", str(SAMPLE_RATE), "-")
