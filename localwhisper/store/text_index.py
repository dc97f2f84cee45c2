"""The full-text index of all transcripts: an SQLite file that can be lost, for a start adds what it lacks."""

import logging
import os
import re
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from localwhisper.atomic import private_opener

log = logging.getLogger(__name__)
MARK = "\x02"  # around a hit; no transcript has it
CONTEXT_TOKENS = 16


class TranscriptIndex:
    """Blocking; one thread only, after the first call. Finds words by their beginning, without case and accents."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: sqlite3.Connection | None = None

    @property
    def _db(self) -> sqlite3.Connection:
        if self._opened is None:
            try:
                self._opened = _open(self._path)
            except sqlite3.DatabaseError as error:
                log.warning("the search index is made anew: %s", error)
                self._path.unlink(missing_ok=True)
                self._opened = _open(self._path)
        return self._opened

    def put(self, job_id: str, text: str) -> None:
        with self._db as db:
            db.execute("DELETE FROM texts WHERE job_id = ?", (job_id,))
            db.execute("INSERT INTO texts VALUES (?, ?)", (job_id, text.strip().replace(MARK, "")))

    def discard(self, job_id: str) -> None:
        with self._db as db:
            db.execute("DELETE FROM texts WHERE job_id = ?", (job_id,))

    def known(self) -> set[str]:
        return {job_id for (job_id,) in self._db.execute("SELECT job_id FROM texts")}

    def find(self, query: str) -> set[str]:
        """Ids of jobs whose text has every word of the query."""
        asked = _match(query)
        if not asked:
            return set()
        return {job_id for (job_id,) in self._db.execute("SELECT job_id FROM texts WHERE texts MATCH ?", (asked,))}

    def excerpts(self, query: str, job_ids: Iterable[str]) -> dict[str, list[str]]:
        """A part of each text around its first hits: plain, hit, plain, hit, … plain."""
        asked, wanted = _match(query), list(job_ids)
        if not asked or not wanted:
            return {}
        places = ",".join("?" * len(wanted))
        rows = self._db.execute(
            f"SELECT job_id, snippet(texts, 1, ?, ?, '…', {CONTEXT_TOKENS}) FROM texts"
            f" WHERE texts MATCH ? AND job_id IN ({places})",
            (MARK, MARK, asked, *wanted),
        )
        return {job_id: excerpt.split(MARK) for job_id, excerpt in rows}

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()


def _open(path: Path) -> sqlite3.Connection:
    os.close(private_opener(str(path), os.O_RDWR | os.O_CREAT))  # its journal gets the same mode
    db = sqlite3.connect(path, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=OFF")  # what a power cut damages is made anew
        db.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS texts"
            " USING fts5(job_id UNINDEXED, text, tokenize='unicode61 remove_diacritics 2')"
        )
        db.execute("SELECT count(*) FROM texts").fetchone()
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _match(query: str) -> str:
    """FTS5's language for: all these words, each by its beginning."""
    return " ".join(f'"{word}"*' for word in re.findall(r"\w+", query))
