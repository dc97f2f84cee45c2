"""The full-text index of all transcripts, in SQLite. It holds nothing but copies: a damaged file is replaced by an
empty one, and services.search adds the texts again."""

import json
import logging
import os
import re
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from localwhisper.atomic import private_opener
from localwhisper.jobs.transcript import Speaker
from localwhisper.store.base import StampedText

log = logging.getLogger(__name__)
MARK = "\x02"  # before and after a match; removed from the texts
EXCERPT_TOKENS = 16
ERRORS = (sqlite3.Error, OSError)  # that any method may raise
BEGINNING_CHARS = 240
SPEAKER = re.compile(r"""(?<!\S)(?:speaker|hablante):(?:"([^"]*)"?|(\S+))""", re.IGNORECASE)
VERSION = 4  # of the tables; a file with others is replaced
TABLES = """
CREATE TABLE transcripts (id INTEGER PRIMARY KEY, job_id TEXT NOT NULL UNIQUE, stamp TEXT, text TEXT NOT NULL,
    speakers TEXT NOT NULL, speaker_ids TEXT NOT NULL);
CREATE VIRTUAL TABLE texts USING fts5(
    text, speakers, content='transcripts', content_rowid='id', tokenize='unicode61 remove_diacritics 2');
CREATE TRIGGER added AFTER INSERT ON transcripts BEGIN
    INSERT INTO texts(rowid, text, speakers) VALUES (new.id, new.text, new.speakers);
END;
CREATE TRIGGER deleted AFTER DELETE ON transcripts BEGIN
    INSERT INTO texts(texts, rowid, text, speakers) VALUES ('delete', old.id, old.text, old.speakers);
END;
"""


class Preview(NamedTuple):
    text: str  # its first BEGINNING_CHARS characters
    speakers: Sequence[Speaker]


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

    def put(self, texts: Sequence[StampedText]) -> None:
        """Add texts or replace them, in one transaction."""
        rows = [_row(each) for each in texts]
        with self._db as db:
            db.executemany("DELETE FROM transcripts WHERE job_id = ?", [row[:1] for row in rows])
            db.executemany(
                "INSERT INTO transcripts (job_id, stamp, text, speakers, speaker_ids) VALUES (?, ?, ?, ?, ?)", rows
            )

    def discard(self, job_ids: Collection[str]) -> None:
        with self._db as db:
            db.executemany("DELETE FROM transcripts WHERE job_id = ?", [(job_id,) for job_id in job_ids])

    def stamps(self) -> dict[str, str | None]:
        """Return the stamp of each text, by job id."""
        return dict(self._db.execute("SELECT job_id, stamp FROM transcripts"))

    def find(self, query: str) -> set[str]:
        """Return the ids of jobs whose text, or whose speakers' names, have every word of the query.

        `speaker:Ann`, or `speaker:"Ann Lee"`: somebody who speaks has this name.
        """
        expression = _match_expression(query)
        if not expression:
            return set()
        rows = self._db.execute(
            "SELECT job_id FROM texts JOIN transcripts ON id = texts.rowid WHERE texts MATCH ?", (expression,)
        )
        return {job_id for (job_id,) in rows}

    def excerpts(self, query: str, job_ids: Iterable[str]) -> dict[str, list[str]]:
        """Return a part of each text around its first matches: plain, match, plain, match, … plain."""
        expression, ids = _match_expression(query), list(job_ids)
        if not expression or not ids:
            return {}
        placeholders = ",".join("?" * len(ids))
        rows = self._db.execute(
            f"SELECT job_id, snippet(texts, -1, ?, ?, '…', {EXCERPT_TOKENS}) FROM texts"
            f" JOIN transcripts ON id = texts.rowid WHERE texts MATCH ? AND job_id IN ({placeholders})",
            (MARK, MARK, expression, *ids),
        )
        return {job_id: excerpt.split(MARK) for job_id, excerpt in rows}

    def previews(self, job_ids: Iterable[str]) -> dict[str, Preview]:
        ids = list(job_ids)
        placeholders = ",".join("?" * len(ids))
        query = (
            f"SELECT job_id, substr(text, 1, {BEGINNING_CHARS}), speaker_ids FROM transcripts"
            f" WHERE job_id IN ({placeholders})"
        )
        return {job_id: Preview(text, _speakers(pairs)) for job_id, text, pairs in self._db.execute(query, ids)}

    def clear(self) -> None:
        """Remove the file; the next call creates an empty one."""
        self.close()
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _open(path: Path) -> sqlite3.Connection:
    """Raises sqlite3.DatabaseError if the file is damaged or of another version."""
    os.close(private_opener(str(path), os.O_RDWR | os.O_CREAT))  # SQLite gives its journal the same mode
    db = sqlite3.connect(path, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=OFF")  # a file damaged by a power cut is replaced
        db.execute("PRAGMA cache_size=-16384")  # KiB: the index grows faster than with the usual 2 MB
        (found,) = db.execute("PRAGMA user_version").fetchone()
        if db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
            db.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
        elif found != VERSION:
            raise sqlite3.DatabaseError(f"version {found}")
        db.execute("SELECT rowid FROM texts LIMIT 1").fetchone()
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _row(text: StampedText) -> tuple[str, str | None, str, str, str]:
    pairs = json.dumps([(each.id, each.name) for each in text.speakers])
    names = ", ".join(each.name for each in text.speakers)
    return text.job_id, text.stamp, _plain(text.text.strip()), _plain(names), pairs


def _speakers(pairs: str) -> list[Speaker]:
    return [Speaker(id=speaker_id, name=name) for speaker_id, name in json.loads(pairs)]


def _plain(text: str) -> str:
    return text.replace(MARK, "")


def _match_expression(query: str) -> str:
    """Return an FTS5 expression for texts with all words of the query, each as a prefix; empty without words."""
    names = [quoted or plain for quoted, plain in SPEAKER.findall(query)]
    terms = [f'speakers : "{word}"*' for name in names for word in re.findall(r"\w+", name)]
    terms += [f'"{word}"*' for word in re.findall(r"\w+", SPEAKER.sub(" ", query))]
    return " AND ".join(terms)
