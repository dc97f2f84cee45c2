"""localwhisper terms: lists of names and terms on the command line."""

import io
import sys
from pathlib import Path

import pytest

from localwhisper.cli import main


def test_lists_are_saved_shown_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        code = main(["terms", *arguments, "--data-dir", str(tmp_path / "data")])
        output = capsys.readouterr()
        return code, output.out + output.err

    assert run("list") == (0, "")
    file = tmp_path / "names.txt"
    file.write_text("Ada Lovelace\ncube control => kubectl\n", encoding="utf-8-sig")
    assert run("save", "Talks", str(file)) == (0, "Saved. A job uses it with --terms @Talks\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO("Bo"))
    assert run("save", "Other", "-")[0] == 0
    assert run("list") == (0, "Other\nTalks\n")
    assert run("show", "Talks") == (0, "Ada Lovelace\ncube control => kubectl\n\n")
    assert run("remove", "Other") == (0, "")
    assert run("list") == (0, "Talks\n")
    assert run("show", "Other")[0] == 1
    assert "There is no list" in run("remove", "Other")[1]
    assert run("save", "a;b", str(file))[0] == 2
    assert run("save", "a", str(tmp_path / "missing"))[0] == 2
    file.write_bytes(b"\xff")
    assert run("save", "a", str(file))[0] == 2
