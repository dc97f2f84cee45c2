"""Files in one ZIP archive."""

import io
import zipfile
from collections.abc import Iterable

from localwhisper.file_names import portable_name

MAX_TITLE_CHARS = 100  # in names of files


def zip_archive(files: Iterable[tuple[str, str, bytes]]) -> bytes:
    """`files`: name without extension, extension, content. Names that occur several times are numbered."""
    buffer = io.BytesIO()
    taken: set[str] = set()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for title, extension, content in files:
            name = _unique(portable_name(title[:MAX_TITLE_CHARS], default="transcript"), extension, taken)
            archive.writestr(name, content)
    return buffer.getvalue()


def _unique(stem: str, extension: str, taken: set[str]) -> str:
    """Also where a file system ignores case."""
    name, number = f"{stem}.{extension}", 1
    while name.casefold() in taken:
        number += 1
        name = f"{stem} ({number}).{extension}"
    taken.add(name.casefold())
    return name
