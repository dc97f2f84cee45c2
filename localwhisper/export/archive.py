"""Files in one ZIP archive."""

import io
import zipfile
from collections.abc import Iterable
from datetime import datetime

from localwhisper.file_names import portable_name

MAX_TITLE_CHARS = 100  # in names of files
FIRST_DATE = datetime(1980, 1, 1)  # that a ZIP archive can state


def zip_archive(files: Iterable[tuple[str, str, bytes]], dated: datetime | None = None) -> bytes:
    """`files`: name without extension, extension, content. Names that occur several times are numbered.

    `dated`: of all files, so that the same files make the same archive.
    """
    taken: set[str] = set()
    named = (
        (_unique(portable_name(title[:MAX_TITLE_CHARS], default="transcript"), extension, taken), content)
        for title, extension, content in files
    )
    return _archive(named, dated or FIRST_DATE)


def redated(archive: bytes, dated: datetime | None) -> bytes:
    """The same archive with this date of all its files."""
    with zipfile.ZipFile(io.BytesIO(archive)) as read:
        return _archive(((name, read.read(name)) for name in read.namelist()), dated or FIRST_DATE)


def _archive(files: Iterable[tuple[str, bytes]], dated: datetime) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            info = zipfile.ZipInfo(name, max(dated.timetuple()[:6], FIRST_DATE.timetuple()[:6]))
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _unique(stem: str, extension: str, taken: set[str]) -> str:
    """Also where a file system ignores case."""
    name, number = f"{stem}.{extension}", 1
    while name.casefold() in taken:
        number += 1
        name = f"{stem} ({number}).{extension}"
    taken.add(name.casefold())
    return name
