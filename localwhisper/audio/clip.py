"""Cutting a short piece out of a recording, as a file of its own. Long recordings are never decoded as a whole here."""

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localwhisper.audio.container import RESTARTING_FORMATS, describe
from localwhisper.audio.ffmpeg import Ffmpeg, ffmpeg_path
from localwhisper.audio.tracks import choose_track
from localwhisper.errors import AudioInterrupted, AudioUnreadable

CLIP_RATE = 48000  # Hz: opus knows no 44,100
MAX_CLIP_CHANNELS = 2
FADE_MS = 5  # against clicks at the cuts
# In these a place is found by decoding from the beginning: they may consist of several parts, or have no times.
FORMATS_WITHOUT_PLACES = RESTARTING_FORMATS | {"mp3", "aac", "ac3", "eac3", "amr", "dts"}
_BYTES_PER_SAMPLE = 2


@dataclass(frozen=True)
class ClipFormat:
    media_type: str
    muxer: str  # ffmpeg's names
    codec: str | None


CLIP_FORMATS: Mapping[str, ClipFormat] = {
    "wav": ClipFormat("audio/wav", "wav", None),
    "mp3": ClipFormat("audio/mpeg", "mp3", "libmp3lame"),
    "m4a": ClipFormat("audio/mp4", "ipod", "aac"),
    "opus": ClipFormat("audio/ogg", "opus", "libopus"),
}


def cut_clip(
    ffmpeg: Ffmpeg, path: Path, track: str | None, start_s: float, end_s: float, format: str, *, max_audio_s: float
) -> bytes:
    """The file's content; shorter than asked for if the recording ends before.

    Blocks. Raises AudioUnreadable if there is no sound at `start_s`, and what describe() and choose_track() raise.
    """
    container = describe(ffmpeg, path)
    choice = choose_track(ffmpeg, path, container, track, check=ffmpeg.check, max_audio_s=max_audio_s)
    n_channels = min(choice.track.n_channels, MAX_CLIP_CHANNELS)
    delay_s = choice.track.delay_s
    silence_s = min(max(delay_s - start_s, 0.0), end_s - start_s)
    output = ["-v", "error", "-map", f"0:a:{choice.track.number - 1}", "-t", str(end_s - start_s - silence_s)]
    # also fills gaps, within the clip's length
    output += ["-af", "aresample=async=1:first_pts=0", "-ac", str(n_channels), "-ar", str(CLIP_RATE)]
    seek_s = max(start_s - delay_s, 0.0)
    if container.format in FORMATS_WITHOUT_PLACES:
        output, seek_s = ["-ss", str(seek_s), *output], 0.0
    pcm = _pcm(ffmpeg, path, [*output, "-f", "s16le", "-"], seek_s)
    if not pcm:
        raise AudioUnreadable(reason=f"it has no sound at {start_s:g} s")
    silence = bytes(round(silence_s * CLIP_RATE) * n_channels * _BYTES_PER_SAMPLE)
    return _encoded(silence + pcm, n_channels, CLIP_FORMATS[format])


def _pcm(ffmpeg: Ffmpeg, path: Path, output: list[str], seek_s: float) -> bytes:
    with ffmpeg.run(path, *output, seek_s=seek_s) as process:
        assert process.stdout is not None
        pcm = process.stdout.read()
        status = process.wait()
    if status and pcm:
        raise AudioInterrupted(status=status, done_s=round(seek_s))
    return pcm


def _encoded(pcm: bytes, n_channels: int, clip_format: ClipFormat) -> bytes:
    segment = audio_segment_class()(data=pcm, sample_width=_BYTES_PER_SAMPLE, frame_rate=CLIP_RATE, channels=n_channels)
    faded = segment.fade_in(FADE_MS).fade_out(FADE_MS)
    faded.converter = ffmpeg_path()
    file = io.BytesIO()
    faded.export(file, format=clip_format.muxer, codec=clip_format.codec)
    return file.getvalue()


def audio_segment_class() -> Any:
    """pydub's class. It is imported at the first clip, and warns of an ffmpeg that isn't on the PATH."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pydub import AudioSegment
    return AudioSegment
