"""What `watch` does with copies that stall, folders that are moved in, odd names and dangling links."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from localwhisper.watching.growing_files import GrowingFiles, complete_recordings
from tests.commands.test_command_line import TIMEOUT_S, run, start
from tests.process.server import Server
from tests.speech import CLIP, is_text_of


def wait_until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def test_recordings_that_change_or_move_in_while_watching(server: Server, tmp_path: Path) -> None:
    folder, outside = tmp_path / "in", tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    shutil.copy(CLIP, outside / "deep" / "moved.opus")
    folder.mkdir()
    (folder / "dangling.opus").symlink_to("nowhere")
    call = ["watch", "in", "--server", server.url, "--settle", "0.5", "-f", "txt"]
    process = start(*call, cwd=tmp_path, LOCALWHISPER_DATA_DIR=str(tmp_path / "data"))
    try:
        assert process.stderr is not None
        assert "Watching" in process.stderr.readline()
        audio = CLIP.read_bytes()
        (folder / "copy.opus").write_bytes(audio[: len(audio) // 2])  # stalls for longer than it takes to settle
        wait_until((folder / "copy.txt").exists)
        half = (folder / "copy.txt").read_text()
        outside.rename(folder / "moved in")
        wait_until((folder / "moved in" / "deep" / "moved.txt").exists)
        with open(folder / "copy.opus", "ab") as file:
            file.write(audio[len(audio) // 2 :])
        wait_until(lambda: (folder / "copy.txt").read_text() != half)
        odd = folder / (os.fsdecode(b"caf\xe9.opus") if sys.platform == "linux" else "café.opus")
        shutil.copy(CLIP, odd)
        wait_until(odd.with_suffix(".txt").exists)
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130, err
    assert not is_text_of(CLIP, half)
    for text in (folder / "copy.txt", folder / "moved in" / "deep" / "moved.txt", odd.with_suffix(".txt")):
        assert is_text_of(CLIP, text.read_text()), text


def watch_once(server: Server, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    call = ["watch", "in", "--existing", "--once", "--settle", "0", "--server", server.url, "-f", "srt"]
    return run(*call, cwd=tmp_path, LOCALWHISPER_DATA_DIR=str(tmp_path / "data"))


def test_a_subtitle_that_somebody_wrote_is_not_replaced(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    by_hand, made, newer = folder / "talk.srt", folder / "talk.opus.srt", folder / "done.srt"
    for path in (by_hand, newer):
        path.write_text("by hand")
    os.utime(by_hand, (0, 0))  # older than the recording
    for name in ("talk", "done"):
        shutil.copyfile(CLIP, folder / f"{name}.opus")
    os.utime(folder / "done.opus", (0, 0))
    for _ in range(2):
        assert watch_once(server, tmp_path).returncode == 0
        assert by_hand.read_text() == newer.read_text() == "by hand"
        assert "good morning" in made.read_text().lower()
        assert sorted(path.name for path in folder.glob("*.srt")) == ["done.srt", "talk.opus.srt", "talk.srt"]


def test_a_folder_with_a_dangling_link_and_an_odd_name_is_transcribed(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "dangling.opus").symlink_to("nowhere")
    odd = folder / (os.fsdecode(b"caf\xe9.opus") if sys.platform == "linux" else "café.opus")
    shutil.copy(CLIP, odd)
    ended = run("transcribe", "in", "-o", "out", "-f", "txt", "--server", server.url, cwd=tmp_path)
    assert ended.returncode == 1
    assert "dangling.opus: No such file" in ended.stderr
    assert is_text_of(CLIP, (tmp_path / "out" / odd.with_suffix(".txt").name).read_text())


def test_a_file_that_stays_empty_is_not_waited_for(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "empty.mp3").touch()
    shutil.copy(CLIP, folder / "a.opus")
    ended = watch_once(server, tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "in/empty.mp3 is empty" in ended.stderr.replace(os.sep, "/")
    assert (folder / "a.srt").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="has no such pipes")
def test_pipes_are_not_opened(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("pipe.opus", "pipe"):
        os.mkfifo(folder / name)
    shutil.copy(CLIP, folder / "a.opus")
    ended = run("transcribe", "in", "-o", "out", "-f", "txt", "--server", server.url, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "Not recordings, by their names and contents: in/pipe, in/pipe.opus" in ended.stderr
    assert is_text_of(CLIP, (tmp_path / "out" / "a.txt").read_text())
    ended = watch_once(server, tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert [path.name for path in folder.glob("*.srt")] == ["a.srt"]
    ended = run("transcribe", "in/pipe", cwd=tmp_path)
    assert ended.returncode == 2
    assert "a file, a folder or, for a pipe, -" in ended.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_are_no_reason_to_hang(server: Server, tmp_path: Path, closed: str) -> None:

    call = f'"{sys.executable}" -m localwhisper transcribe "{CLIP}" -f txt --server {server.url} -o out {closed}'
    ended = subprocess.run(["sh", "-c", call], cwd=tmp_path, capture_output=True, timeout=TIMEOUT_S)
    assert ended.returncode == 0
    assert is_text_of(CLIP, (tmp_path / "out" / CLIP.with_suffix(".txt").name).read_text())


def test_a_file_that_comes_right_after_the_start_is_taken(tmp_path: Path) -> None:
    notes: list[str] = []
    complete = complete_recordings(tmp_path, 0.1, existing=False, once=False, note=notes.append)
    shutil.copy(CLIP, tmp_path / "a.opus")
    assert next(complete) == tmp_path / "a.opus"
    complete.close()
    assert notes == []


def test_a_file_that_changes_after_it_was_complete_becomes_complete_again(tmp_path: Path) -> None:
    growing, path = GrowingFiles(2.0), tmp_path / "a.opus"
    path.write_bytes(b"half")
    growing.add(path, 0.0)
    assert growing.take_complete(1.9) == []
    assert growing.take_complete(2.0) == [path]
    growing.add(path, 3.0)
    assert len(growing) == 0  # it is as it was
    path.write_bytes(b"all of it")
    growing.add(path, 10.0)
    path.write_bytes(b"all of it, really")
    assert growing.take_complete(12.0) == []  # changed since
    assert growing.take_complete(14.0) == [path]
    path.unlink()
    growing.add(path, 20.0)
    assert len(growing) == 0
