"""Where ffmpeg is, and how it is told to read one local file and nothing else."""

import shutil
from functools import lru_cache
from pathlib import Path

from localwhisper.errors import FfmpegMissing

SAMPLE_RATE = 16000  # Hz, what whisper's checkpoints are trained on

# Containers and bare streams that hold media themselves. Playlists (hls, concat, dash, sdp …), which name
# other files, are left out, and with them everything that could read what wasn't uploaded.
FORMATS = (
    "wav,w64,aiff,au,caf,mp3,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,ogg,flac,aac,ac3,eac3,dts,amr,amrnb,amrwb,"
    "asf,avi,flv,mpeg,mpegts,mpegvideo,wv,ape,tta,tak,mpc,mpc8,rm,gsm,voc,dsf,oma,nut,mxf,wtv,sox,ircam,xwma,"
    "loas,truehd,mlv,ivf,dv"
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
        ffmpeg_path(), "-nostdin", "-hide_banner", "-threads", "0", "-protocol_whitelist", "file,pipe",
        "-format_whitelist", FORMATS, "-i", f"file:{path.resolve()}", *output,
    ]  # fmt: skip


# as openai-whisper's load_audio has it, so that the samples are the same
PCM_TO_STDOUT = ("-vn", "-sn", "-dn", "-f", "s16le", "-ac", "1", "-acodec", "pcm_s16le", "-ar", str(SAMPLE_RATE), "-")
