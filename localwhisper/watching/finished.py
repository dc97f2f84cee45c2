"""Which transcripts belong to which recordings: so that each recording is transcribed once, and none loses its text."""

import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path

from localwhisper.atomic import make_private_folder, private_opener

END_BYTES = 64 * 1024
_SCHEMA = """CREATE TABLE IF NOT EXISTS finished (
    target TEXT PRIMARY KEY, target_bytes INTEGER, target_modified_ns INTEGER,
    source TEXT, size_bytes INTEGER, modified_ns INTEGER, ends_sha256 TEXT)"""


@dataclass(frozen=True)
class Content:
    """What tells whether a recording is still the same, without reading all of it."""

    size_bytes: int
    modified_ns: int
    ends_sha256: str  # of its first and last END_BYTES

    def is_copy_of(self, other: "Content") -> bool:
        return (self.size_bytes, self.ends_sha256) == (other.size_bytes, other.ends_sha256)


def content_of(recording: Path) -> Content:
    """Raises OSError."""
    with open(recording, "rb") as file:
        stat = os.fstat(file.fileno())
        ends = hashlib.sha256(file.read(END_BYTES))
        file.seek(max(stat.st_size - END_BYTES, 0))
        ends.update(file.read(END_BYTES))
    return Content(stat.st_size, stat.st_mtime_ns, ends.hexdigest())


class FinishedRecordings:
    """What was transcribed on this machine, in a database. Where there is none, times of files decide.

    Threading: SAFE, also among processes.
    """

    def __init__(self, file: Path) -> None:
        self._lock = threading.Lock()
        try:
            make_private_folder(file.parent)
            os.close(private_opener(str(file), os.O_RDWR | os.O_CREAT))  # SQLite gives its journal the same mode
            self._db = self._open(str(file))
        except (OSError, sqlite3.Error):  # read-only, or damaged
            self._db = self._open(":memory:")

    def _open(self, name: str) -> sqlite3.Connection:
        db = sqlite3.connect(name, check_same_thread=False, isolation_level=None)
        db.execute(_SCHEMA)
        return db

    def add(self, source: Path, content: Content, targets: Iterable[Path]) -> None:
        """Remember that these files, just written, are the transcript of this content."""
        for target in targets:
            with suppress(OSError, sqlite3.Error), self._lock:
                stat = target.stat()
                self._db.execute(
                    "REPLACE INTO finished VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (_key(target), stat.st_size, stat.st_mtime_ns, _key(source), *astuple(content)),
                )

    def is_done(self, source: Path, targets: Iterable[Path]) -> bool:
        """Whether all targets are there, and are the transcript of what the recording contains now."""
        return all(self._is_current(source, target) for target in targets)

    def _is_current(self, source: Path, target: Path) -> bool:
        try:
            written_ns = target.stat().st_mtime_ns
            row = self._row(target)
            if row is None:
                return written_ns >= source.stat().st_mtime_ns
            return row.content == content_of(source)
        except OSError:
            return False

    def is_known(self, target: Path) -> bool:
        """Whether this file was written here, though it may have been changed since."""
        return self._row(target) is not None

    def may_write(self, source: Path, target: Path) -> bool:
        """Whether nothing is lost if the recording's transcript is written there: the file is missing, unknown, or an
        unedited transcript of this recording."""
        row = self._row(target)
        if row is None or not target.exists():
            return True
        try:
            stat = target.stat()
            is_same_recording = row.source == _key(source) or row.content.is_copy_of(content_of(source))
        except OSError:
            return True
        is_edited = (stat.st_size, stat.st_mtime_ns) != (row.target_bytes, row.target_modified_ns)
        return is_same_recording and (not is_edited or row.content == content_of(source))

    def _row(self, target: Path) -> "_Row | None":
        query = "SELECT target_bytes, target_modified_ns, source, size_bytes, modified_ns, ends_sha256 FROM finished"
        try:
            with self._lock:
                row = self._db.execute(f"{query} WHERE target = ?", (_key(target),)).fetchone()
        except sqlite3.Error:
            return None
        return None if row is None else _Row(row[0], row[1], row[2], Content(row[3], row[4], row[5]))

    def close(self) -> None:
        """Afterwards, times of files decide."""
        with self._lock:  # another thread may be using it
            self._db.close()


@dataclass(frozen=True)
class _Row:
    target_bytes: int
    target_modified_ns: int
    source: str
    content: Content


def _key(path: Path) -> str:
    return os.fsencode(path.absolute()).decode("utf-8", "backslashreplace")
