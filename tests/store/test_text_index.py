"""The full-text index, and what becomes of a damaged one."""

import stat
from pathlib import Path

import pytest

from localwhisper.store.text_index import TextIndex


def test_words_are_found_by_their_prefix_ignoring_case_and_accents(tmp_path: Path) -> None:
    index = TextIndex(tmp_path / "search.db")
    index.put("a", " El señor canta.")
    index.put("b", " A song.")
    assert index.find("SENOR can") == {"a"}
    assert index.find("so") == {"b"}
    assert index.find("song canta") == set()
    assert index.find('"* -') == set()
    assert index.beginnings(["a", "c"]) == {"a": "El señor canta."}
    assert index.excerpts("canta", ["a", "b"]) == {"a": ["El señor ", "canta", "."]}
    index.close()


def test_a_text_is_replaced_and_discarded(tmp_path: Path) -> None:
    index = TextIndex(tmp_path / "search.db")
    index.put("a", "first")
    index.put("a", "second")
    assert (index.find("first"), index.find("second"), index.job_ids()) == (set(), {"a"}, {"a"})
    index.discard("a")
    index.discard("a")
    assert (index.find("second"), index.job_ids()) == (set(), set())
    index.close()


def test_the_index_outlives_its_connection_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "search.db"
    index = TextIndex(path)
    index.put("a", "kept")
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
        index.put(str(number), f"text {number} " * 100)
    index.close()
    index = TextIndex(path)
    index.put("last", "in the log")
    content_of_log = log.read_bytes()
    index.close()
    path.write_bytes(b"no database" * 5000)
    if with_log:
        log.write_bytes(content_of_log)
    again = TextIndex(path)
    assert again.job_ids() == set()
    again.put("a", "new")
    assert again.find("new") == {"a"}
    again.close()
