"""The full-text index of all transcripts, in SQLite. It holds nothing but copies: a damaged file is replaced by an
empty one, and services.search adds the texts again."""

import logging
import os
import re
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from localwhisper.atomic import private_opener

log = logging.getLogger(__name__)
MARK = "\x02"  # before and after a match; removed from the texts
EXCERPT_TOKENS = 16
BEGINNING_CHARS = 240
VERSION = 1  # of the tables; a file with others is replaced
ERRORS = (sqlite3.Error, OSError)  # that any method may raise


class TextIndex:
    """Finds words by their prefix, ignoring case and accents. Blocking; all calls on one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    @property
    def _db(self) -> sqlite3.Connection:
        """The connection, opened at the first access, on the thread that uses it."""
        if self._connection is None:
            try:
                self._connection = _open(self._path)
            except sqlite3.DatabaseError as error:
                log.warning("the search index is damaged or of another version, and is replaced: %s", error)
                self.clear()
                self._connection = _open(self._path)
        return self._connection

    def put(self, job_id: str, text: str) -> None:
        text = text.strip().replace(MARK, "")
        with self._db as db:
            db.execute("DELETE FROM texts WHERE job_id = ?", (job_id,))
            db.execute("INSERT INTO texts VALUES (?, ?)", (job_id, text))
            db.execute("INSERT OR REPLACE INTO beginnings VALUES (?, ?)", (job_id, text[:BEGINNING_CHARS]))

    def discard(self, job_id: str) -> None:
        with self._db as db:
            db.execute("DELETE FROM texts WHERE job_id = ?", (job_id,))
            db.execute("DELETE FROM beginnings WHERE job_id = ?", (job_id,))

    def job_ids(self) -> set[str]:
        return {job_id for (job_id,) in self._db.execute("SELECT job_id FROM texts")}

    def find(self, query: str) -> set[str]:
        """Return the ids of jobs whose text has every word of the query."""
        expression = _match_expression(query)
        if not expression:
            return set()
        rows = self._db.execute("SELECT job_id FROM texts WHERE texts MATCH ?", (expression,))
        return {job_id for (job_id,) in rows}

    def excerpts(self, query: str, job_ids: Iterable[str]) -> dict[str, list[str]]:
        """Return a part of each text around its first matches: plain, match, plain, match, … plain."""
        expression, ids = _match_expression(query), list(job_ids)
        if not expression or not ids:
            return {}
        placeholders = ",".join("?" * len(ids))
        rows = self._db.execute(
            f"SELECT job_id, snippet(texts, 1, ?, ?, '…', {EXCERPT_TOKENS}) FROM texts"
            f" WHERE texts MATCH ? AND job_id IN ({placeholders})",
            (MARK, MARK, expression, *ids),
        )
        return {job_id: excerpt.split(MARK) for job_id, excerpt in rows}

    def beginnings(self, job_ids: Iterable[str]) -> dict[str, str]:
        """Return the first BEGINNING_CHARS characters of each text."""
        ids = list(job_ids)
        placeholders = ",".join("?" * len(ids))
        return dict(self._db.execute(f"SELECT job_id, text FROM beginnings WHERE job_id IN ({placeholders})", ids))

    def clear(self) -> None:
        """Remove the file; the next call creates an empty one."""
        self.close()
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _open(path: Path) -> sqlite3.Connection:
    os.close(private_opener(str(path), os.O_RDWR | os.O_CREAT))  # SQLite gives its journal the same mode
    db = sqlite3.connect(path, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=OFF")  # a file damaged by a power cut is replaced
        (version,) = db.execute("PRAGMA user_version").fetchone()
        is_new = not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if not is_new and version != VERSION:
            raise sqlite3.DatabaseError(f"version {version}")
        db.execute(f"PRAGMA user_version={VERSION}")
        db.execute("CREATE TABLE IF NOT EXISTS beginnings (job_id TEXT PRIMARY KEY, text TEXT) WITHOUT ROWID")
        db.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS texts"
            " USING fts5(job_id UNINDEXED, text, tokenize='unicode61 remove_diacritics 2')"
        )
        db.execute("SELECT count(*) FROM texts").fetchone()
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _match_expression(query: str) -> str:
    """Return an FTS5 expression for texts with all words of the query, each as a prefix; empty without words."""
    return " ".join(f'"{word}"*' for word in re.findall(r"\w+", query))
