"""File name extensions of media: which files a folder is searched for, and which a desktop opens with us."""

import re
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


_SIGNATURES = re.compile(
    rb"(?s)RIFF....(?:WAVE|AVI )|riff|FORM....AIF|OggS|fLaC|ID3|\x1aE\xdf\xa3|\.snd|caff|#!AMR|\xff[\xfb\xf3]"
    rb"|....ftyp(?!heic|heix|mif1|msf1|avif)"  # without pictures
)


def looks_like_media(path: Path) -> bool:
    """Whether the name is that of a media file; hidden files are left out."""
    return path.suffix.lower() in MEDIA_TYPES and not path.name.startswith(".")


def is_recording(path: Path) -> bool:
    """Whether a file is a media file by its name or, where that says nothing, by its first bytes."""
    if looks_like_media(path):
        return True
    if path.name.startswith("."):
        return False
    try:
        with open(path, "rb", opener=private_opener) as file:
            return _SIGNATURES.match(file.read(16)) is not None
    except OSError:
        return False
