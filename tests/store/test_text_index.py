"""The full-text index, and what becomes of a damaged one."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from localwhisper.jobs.transcript import Speaker
from localwhisper.store.base import StampedText
from localwhisper.store.text_index import TextIndex


def text(job_id: str, text: str, stamp: str | None = None) -> StampedText:
    return StampedText(job_id=job_id, stamp=stamp, text=text)


def people(*names: str) -> list[Speaker]:
    return [Speaker(id=f"S{number}", name=name) for number, name in enumerate(names, start=1)]


def test_words_are_found_by_their_prefix_ignoring_case_and_accents(tmp_path: Path) -> None:
    index = TextIndex(tmp_path / "search.db")
    index.put([text("a", " El señor canta.")])
    index.put([text("b", " A song.")])
    assert index.find("SENOR can") == {"a"}
    assert index.find("so") == {"b"}
    assert index.find("song canta") == set()
    assert index.find('"* -') == set()
    assert index.previews(["a", "c"]) == {"a": ("El señor canta.", [])}
    assert index.excerpts("canta", ["a", "b"]) == {"a": ["El señor ", "canta", "."]}
    index.close()


def test_a_text_is_replaced_without_reading_the_others(tmp_path: Path) -> None:
    """Else thousands of texts would take time with their square."""
    index = TextIndex(tmp_path / "search.db")
    index.put([text("a", "first")])
    with closing(sqlite3.connect(tmp_path / "search.db")) as db:
        plan = db.execute("EXPLAIN QUERY PLAN DELETE FROM transcripts WHERE job_id = 'a'").fetchall()
    assert [row[-1].split()[0] for row in plan] == ["SEARCH"]
    index.close()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ada", {"a", "b"}),  # in names and texts
        ("speaker:ada", {"a"}),
        ("budget speaker:ADA", {"a"}),
        ("Speaker:Bob goodbye", set()),
        ('hablante:"ada love" hello', {"a"}),
        ('speaker:"ada bob"', {"a"}),
        ("speaker:", {"c"}),  # a word like any other
        ("loudspeaker:ada", set()),
    ],
)
def test_a_speaker_is_found_by_the_name(tmp_path: Path, query: str, found: set[str]) -> None:
    index = TextIndex(tmp_path / "search.db")
    index.put(
        [
            StampedText(job_id="a", stamp=None, text="Hello, the budget.", speakers=people("Ada Lovelace", "", "Bob")),
            StampedText(job_id="b", stamp=None, text="Ada wrote the budget.", speakers=people("Grace")),
            StampedText(job_id="c", stamp=None, text="The next speaker"),
        ]
    )
    assert index.find(query) == found
    assert index.excerpts("grace", ["b"]) == {"b": ["", "Grace", ""]}
    assert index.previews(["b"]) == {"b": ("Ada wrote the budget.", people("Grace"))}
    index.close()


def test_a_text_is_replaced_and_discarded(tmp_path: Path) -> None:
    index = TextIndex(tmp_path / "search.db")
    index.put([text("a", "first")])
    index.put([text("a", "second")])
    assert (index.find("first"), index.find("second"), set(index.stamps())) == (set(), {"a"}, {"a"})
    index.discard(["a"])
    index.discard(["a"])
    assert (index.find("second"), set(index.stamps())) == (set(), set())
    index.close()


def test_a_stamp_is_kept_until_the_text_is_replaced(tmp_path: Path) -> None:
    index = TextIndex(tmp_path / "search.db")
    index.put([text("a", "one", "stamp 1"), text("b", "two", "stamp 2")])
    index.put([text("a", "three")])
    assert index.stamps() == {"a": None, "b": "stamp 2"}
    assert (index.find("one"), index.find("three")) == (set(), {"a"})
    index.close()


def test_an_index_of_another_format_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "search.db"
    for statement in ("CREATE VIRTUAL TABLE texts USING fts5(job_id UNINDEXED, text)", "PRAGMA user_version = 99"):
        with closing(sqlite3.connect(path)) as db:
            db.execute(statement)
        index = TextIndex(path)
        index.put([text("a", "new")])
        assert (set(index.stamps()), index.find("new")) == ({"a"}, {"a"})
        index.close()


def test_the_index_outlives_its_connection_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "search.db"
    index = TextIndex(path)
    index.put([text("a", "kept")])
    index.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = TextIndex(path)
    assert again.find("kept") == {"a"}
    again.close()


@pytest.mark.parametrize("with_log", [False, True], ids=["file alone", "file and write-ahead log"])
def test_a_damaged_index_is_replaced_by_an_empty_one(tmp_path: Path, with_log: bool) -> None:
    path, log = tmp_path / "search.db", tmp_path / "search.db-wal"
    index = TextIndex(path)
    for number in range(500):
        index.put([text(str(number), f"text {number} " * 100)])
    index.close()
    index = TextIndex(path)
    index.put([text("last", "in the log")])
    content_of_log = log.read_bytes()
    index.close()
    path.write_bytes(b"no database" * 5000)
    if with_log:
        log.write_bytes(content_of_log)
    again = TextIndex(path)
    assert set(again.stamps()) == set()
    again.put([text("a", "new")])
    assert again.find("new") == {"a"}
    again.close()
