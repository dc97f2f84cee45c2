"""File name extensions of media: which files a folder is searched for, and which a desktop opens with us."""

from collections.abc import Mapping
from pathlib import Path

MEDIA_TYPES: Mapping[str, str] = {
    ".aac": "audio/aac",
    ".aif": "audio/aiff",
    ".aiff": "audio/aiff",
    ".amr": "audio/AMR",
    ".ape": "audio/x-ape",
    ".caf": "audio/x-caf",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".m4b": "audio/mp4",
    ".mka": "audio/x-matroska",
    ".mp2": "audio/mpeg",
    ".mp3": "audio/mpeg",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
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


def looks_like_media(path: Path) -> bool:
    """Whether the name is that of a media file; hidden files are left out."""
    return path.suffix.lower() in MEDIA_TYPES and not path.name.startswith(".")
