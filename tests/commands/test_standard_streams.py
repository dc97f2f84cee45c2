"""stdout and stderr that can't be written."""

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from tests.process.server import Server
from tests.speech import CLIP, is_text_of

FULL = Path("/dev/full")
TIMEOUT_S = 180
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")


def run(*arguments: str, stdout: int | IO[bytes], cwd: Path, unbuffered: bool = False) -> tuple[int, str]:
    """The exit code, and what stderr has."""
    call = [sys.executable, "-m", "localwhisper", *arguments]
    environ = {**os.environ, "PYTHONUNBUFFERED": "1" if unbuffered else "", "HOME": str(cwd)}
    ended = subprocess.run(call, stdout=stdout, stderr=subprocess.PIPE, cwd=cwd, env=environ, timeout=TIMEOUT_S)
    return ended.returncode, ended.stderr.decode()


@pytest.mark.parametrize(
    ("arguments", "unbuffered"), [(["--help"], False), (["--version"], False), (["completion", "bash"], True)]
)
def test_a_full_disk_is_said(arguments: list[str], unbuffered: bool, tmp_path: Path) -> None:
    with FULL.open("wb") as full:
        code, errors = run(*arguments, stdout=full, cwd=tmp_path, unbuffered=unbuffered)
    assert (code, errors.count("\n")) == (1, 1)
    assert "The output can't be written: No space left on device" in errors


def test_transcripts_are_kept_where_their_text_can_not_be_printed(server: Server, tmp_path: Path) -> None:
    call = ["transcribe", str(CLIP), "--server", server.url, "-f", "txt", "-o", "out", "--data-dir", "data"]
    with FULL.open("wb") as full:
        code, errors = run(*call, stdout=full, cwd=tmp_path)
    assert (code, "Traceback" in errors) == (1, False)
    assert is_text_of(CLIP, (tmp_path / "out" / CLIP.with_suffix(".txt").name).read_text())
    code, errors = run(*call, stdout=subprocess.DEVNULL, cwd=tmp_path)
    assert (code, "done before" in errors) == (0, True)


def test_a_reader_that_has_ended_is_no_error(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    assert run("completion", "bash", stdout=writer, cwd=tmp_path) == (0, "")
    assert run("--version", stdout=writer, cwd=tmp_path) == (0, "")
    os.close(writer)


def test_a_server_that_can_not_print_goes_on() -> None:
    code = (
        "import sys; from localwhisper.commands.standard_streams import open_standard_streams, say;"
        "open_standard_streams(); say('a'); say('b'); sys.stdout.flush(); sys.exit(7)"
    )
    with FULL.open("wb") as full:
        ended = subprocess.run([sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, timeout=TIMEOUT_S)
    assert (ended.returncode, ended.stderr) == (7, b"")
