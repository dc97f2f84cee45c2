"""File name extensions of media: which files a folder is searched for, and which a desktop opens with us."""

import re
import stat
from collections.abc import Mapping
from pathlib import Path

from localwhisper.atomic import private_opener

MEDIA_TYPES: Mapping[str, str] = {
    ".3ga": "audio/3gpp",
    ".aac": "audio/aac",
    ".ac3": "audio/ac3",
    ".aif": "audio/aiff",
    ".aiff": "audio/aiff",
    ".amr": "audio/AMR",
    ".ape": "audio/x-ape",
    ".au": "audio/basic",
    ".caf": "audio/x-caf",
    ".dss": "audio/x-dss",
    ".eac3": "audio/eac3",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".m4b": "audio/mp4",
    ".m4r": "audio/mp4",
    ".mka": "audio/x-matroska",
    ".mp2": "audio/mpeg",
    ".mp3": "audio/mpeg",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".qta": "audio/mp4",
    ".snd": "audio/basic",
    ".spx": "audio/ogg",
    ".tta": "audio/x-tta",
    ".w64": "audio/x-w64",
    ".wav": "audio/x-wav",
    ".weba": "audio/webm",
    ".wma": "audio/x-ms-wma",
    ".wv": "audio/x-wavpack",
    ".3gp": "video/3gpp",
    ".avi": "video/x-msvideo",
    ".flv": "video/x-flv",
    ".m4v": "video/mp4",
    ".mkv": "video/x-matroska",
    ".mov": "video/quicktime",
    ".mp4": "video/mp4",
    ".mpeg": "video/mpeg",
    ".mpg": "video/mpeg",
    ".mts": "video/mp2t",
    ".ogv": "video/ogg",
    ".ts": "video/mp2t",
    ".webm": "video/webm",
    ".wmv": "video/x-ms-wmv",
}


# of the containers in ffmpeg.DEMUXERS that have one
_SIGNATURES = re.compile(
    rb"(?s)RIFF....(?:WAVE|AVI )|RF64|riff|FORM....(?:AIF|8SVX)|OggS|fLaC|ID3|\x1aE\xdf\xa3|\.snd|caff|#!AMR|#!iLBC"
    rb"|....ftyp(?!heic|heix|mif1|msf1|avif)|\0...(?:moov|mdat|free|skip|wide|pnot)"  # without pictures
    rb"|\xff[\xe2\xe3\xf2-\xf5\xfa-\xfd]|\xff[\xf0\xf1\xf8\xf9]|\x0bw"  # mp3, aac, ac3; not UTF-16
    rb"|0&\xb2u|FLV\x01|\0\0\x01[\xba\xb3]|G.{187}G|.{4}G.{191}G"  # asf, flv, mpeg, mpegts
    rb"|wvpk|MAC |TTA1|tBaK|MP\+|MPCK|DSD |\.RMF|NIST_1A|Creative Voice|\.SoX|XoS\.|nut/multimedia|\x06\x0e\+4"
    rb"|[\x01-\x0f]d(?:ss|s2)"
)
_SIGNATURE_BYTES = 200


def looks_like_media(path: Path) -> bool:
    """Whether the name is that of a media file; hidden files are left out."""
    return path.suffix.lower() in MEDIA_TYPES and not path.name.startswith(".")


def is_pipe_or_device(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def is_recording(path: Path) -> bool:
    """Whether a file is a media file by its name or, where that says nothing, by its first bytes."""
    if is_pipe_or_device(path):  # to open it may take forever
        return False
    if looks_like_media(path):
        return True
    if path.name.startswith("."):
        return False
    try:
        with open(path, "rb", opener=private_opener) as file:
            return _SIGNATURES.match(file.read(_SIGNATURE_BYTES)) is not None
    except OSError:
        return False
