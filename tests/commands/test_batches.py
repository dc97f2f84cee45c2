"""Several recordings at once: none loses its text, whatever their names are."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from localwhisper.commands.files import collect_tasks
from localwhisper.watching.finished import FinishedRecordings, content_of
from localwhisper.watching.targets import TaskList
from tests.commands.test_command_line import run
from tests.process.server import Server
from tests.speech import CLIP, SPANISH_CLIP, is_text_of


@pytest.fixture
def finished(tmp_path: Path) -> Iterator[FinishedRecordings]:
    finished = FinishedRecordings(tmp_path / "data" / "finished.db")
    yield finished
    finished.close()


def names(sources: list[Path], finished: FinishedRecordings, output: Path) -> list[str]:
    tasks, _ = collect_tasks([str(source) for source in sources], output, TaskList(["txt"], finished))
    return [task.targets["txt"].name for task in tasks]


def transcribe(source: Path, finished: FinishedRecordings, output: Path, text: str) -> Path:
    """Do what the command does, without the work."""
    task = TaskList(["txt"], finished).task(source, output)
    target = task.targets["txt"]
    target.parent.mkdir(exist_ok=True)
    target.write_text(text)
    finished.add(source, content_of(source), [target])
    return target


def test_recordings_of_one_name_get_a_file_each(tmp_path: Path, finished: FinishedRecordings) -> None:
    sources = [tmp_path / folder / name for folder in "123" for name in ("rec.ogg", "Rec.ogg", "rec.wav")]
    for source in sources:
        source.parent.mkdir(exist_ok=True)
        source.write_text(str(source))
    given = names(sources, finished, tmp_path / "out")
    assert given[:4] == ["rec.txt", "Rec.ogg.txt", "rec.wav.txt", "rec-2.txt"]
    assert len({name.casefold() for name in given}) == len(sources)


def test_another_recording_of_the_same_name_is_not_done_before(tmp_path: Path, finished: FinishedRecordings) -> None:
    first, other, output = tmp_path / "1" / "rec.ogg", tmp_path / "2" / "rec.ogg", tmp_path / "out"
    for source in (first, other):
        source.parent.mkdir()
        source.write_text(str(source))
    done = transcribe(first, finished, output, "first")
    assert finished.is_done(first, [done])
    assert names([first, other], finished, output) == ["rec.txt", "rec.ogg.txt"]
    assert names([other], finished, output) == ["rec.ogg.txt"]
    copy = tmp_path / "rec.ogg"
    shutil.copy2(first, copy)
    assert names([copy], finished, output) == ["rec.txt"]
    assert finished.is_done(copy, [done])  # the same recording elsewhere


def test_a_recording_that_has_changed_is_transcribed_again(tmp_path: Path, finished: FinishedRecordings) -> None:
    source, output = tmp_path / "rec.ogg", tmp_path / "out"
    source.write_text("half")
    target = transcribe(source, finished, output, "text")
    source.write_text("all of it")
    assert not finished.is_done(source, [target])
    assert names([source], finished, output) == ["rec.txt"]
    target.write_text("text, edited by hand")
    assert names([source], finished, output) == ["rec.ogg.txt"]


def test_without_a_record_a_transcript_newer_than_the_recording_is_its_own(
    tmp_path: Path, finished: FinishedRecordings
) -> None:
    source, target = tmp_path / "rec.ogg", tmp_path / "rec.txt"
    source.write_text("audio")
    target.write_text("text")
    os.utime(source, (1000, 1000))
    assert finished.is_done(source, [target])
    os.utime(target, (999, 999))
    assert not finished.is_done(source, [target])


def test_a_damaged_record_is_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / "finished.db").write_text("no database")
    source = tmp_path / "rec.ogg"
    source.write_text("audio")
    finished = FinishedRecordings(tmp_path / "finished.db")
    target = transcribe(source, finished, tmp_path / "out", "text")
    assert finished.is_done(source, [target])
    finished.close()


def test_three_recordings_of_one_name(server: Server, tmp_path: Path) -> None:
    for folder, clip in (("1", CLIP), ("2", SPANISH_CLIP), ("3", CLIP)):
        (tmp_path / folder).mkdir()
        shutil.copy(clip, tmp_path / folder / "rec.opus")
    environ = {"LOCALWHISPER_DATA_DIR": str(tmp_path / "data")}
    call = ["transcribe", "--server", server.url, "-f", "txt", "-o", "out"]
    ended = run(*call, "1/rec.opus", "2/rec.opus", "3/rec.opus", cwd=tmp_path, **environ)
    assert ended.returncode == 0, ended.stderr
    texts = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    assert sorted(texts) == ["rec-2.txt", "rec.opus.txt", "rec.txt"]
    assert is_text_of(SPANISH_CLIP, texts["rec.opus.txt"])
    assert is_text_of(CLIP, texts["rec-2.txt"])


def test_the_output_folder_is_checked_before_the_first_minute_of_work(server: Server, tmp_path: Path) -> None:
    (tmp_path / "notes").touch()
    ended = run("transcribe", str(CLIP), "--server", server.url, "-o", "notes", cwd=tmp_path)
    assert ended.returncode == 1
    assert "notes can't be written" in ended.stderr
    assert ended.stdout == ""  # it didn't begin


def test_a_text_whose_file_cannot_be_written_is_printed(server: Server, tmp_path: Path) -> None:
    (tmp_path / "out" / CLIP.with_suffix(".txt").name).mkdir(parents=True)
    call = ["transcribe", str(CLIP), "--server", server.url, "-f", "txt", "-o", "out", "--verbose", "False"]
    ended = run(*call, "--overwrite", cwd=tmp_path)
    assert ended.returncode == 1
    assert is_text_of(CLIP, ended.stdout)


def test_recordings_are_known_by_their_contents_and_others_are_named(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.qta", "b.3ga", "c.m4r", "noextension", "odd.xyz", "d.AC3", "e.au", "f.w64"):
        shutil.copy(CLIP, folder / name)
    (folder / "letter").write_text("no recording")
    (folder / "page.html").write_text("no recording")
    tasks, others = collect_tasks(
        [str(folder)], tmp_path, TaskList(["txt"], FinishedRecordings(tmp_path / "finished.db"))
    )
    assert len(tasks) == 8
    assert others == [folder / "letter", folder / "page.html"]
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "letter").write_text("no recording")
    ended = run("transcribe", "in", "--server", server.url, cwd=tmp_path)
    assert "letter" in ended.stderr
