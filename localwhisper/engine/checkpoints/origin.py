"""Where a converted checkpoint comes from, stored in the comment of its ZIP file, which other readers ignore.

It can be read without importing torch, it is replaced with the weights, and it moves with the file.
"""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

END_OF_ARCHIVE = b"PK\5\6"
END_BYTES = 22  # of the record at the end of a ZIP file, before its comment
MAX_COMMENT_BYTES = 4096
FORMATS: Mapping[str, str] = {  # a format's name → whose it is
    "ctranslate2": "CTranslate2",
    "ggml": "whisper.cpp",
    "huggingface": "Hugging Face",
}


@dataclass(frozen=True)
class Origin:
    format: str  # of the files that were converted, from FORMATS
    is_exact: bool  # False: their weights were quantised
    source: str | None = None  # what was downloaded
    sha256: str | None = None  # of the model's file before the conversion


def write_origin(checkpoint: Path, origin: Origin) -> None:
    """Raises OSError."""
    with zipfile.ZipFile(checkpoint, "a") as file:
        file.comment = json.dumps(asdict(origin)).encode()


def read_origin(checkpoint: Path) -> Origin | None:
    """None for a checkpoint that wasn't converted here. Raises OSError."""
    with open(checkpoint, "rb") as file:
        size_bytes = file.seek(0, 2)
        file.seek(max(0, size_bytes - END_BYTES - MAX_COMMENT_BYTES))
        end = file.read()
    start = end.rfind(END_OF_ARCHIVE)
    comment = end[start + END_BYTES :] if start >= 0 else b""
    try:
        origin = Origin(**json.loads(comment))
    except (ValueError, TypeError, RecursionError):
        return None
    texts = (origin.source or "", origin.sha256 or "")
    is_printable = all(isinstance(text, str) and text.isprintable() for text in texts)
    is_valid = isinstance(origin.format, str) and origin.format in FORMATS and isinstance(origin.is_exact, bool)
    return origin if is_valid and is_printable else None
