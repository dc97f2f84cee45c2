"""What health says about the data directory, and what it mends."""

import errno
import os
import shutil
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from localwhisper import paths
from localwhisper.errors import DataDirInUse
from localwhisper.jobs.suspicion import PreviousEnd
from localwhisper.store.data_dir import DataDir
from localwhisper.store.lock import FILE, DataDirLock


@pytest.fixture
def data_dir(root: Path) -> Iterator[DataDir]:
    data_dir = DataDir(root, faults_to_file=False)
    assert data_dir.open() is PreviousEnd.CLEAN
    yield data_dir
    data_dir.close()


def code(data_dir: DataDir) -> str | None:
    problem = data_dir.problem()
    return None if problem is None else problem.code


def test_removed_folders_are_made_again(root: Path, data_dir: DataDir) -> None:
    assert code(data_dir) is None
    folders = [paths.incoming(root), paths.spool(root), paths.jobs(root)]
    for folder in folders:
        folder.rmdir()
    assert code(data_dir) is None
    assert all(folder.stat().st_mode & 0o777 == 0o700 for folder in folders)


@pytest.mark.parametrize("replacement", [None, b"another file"])
def test_a_removed_lock_file_is_made_again_and_held(root: Path, data_dir: DataDir, replacement: bytes | None) -> None:
    for _ in range(2):
        (root / FILE).unlink()
        if replacement is not None:
            (root / FILE).write_bytes(replacement)
        assert code(data_dir) is None
        with pytest.raises(DataDirInUse):
            DataDirLock(root).acquire()
    data_dir.close()
    assert DataDir(root, faults_to_file=False).open() is PreviousEnd.CLEAN


def test_a_lock_that_another_program_took_meanwhile_is_a_problem(root: Path, data_dir: DataDir) -> None:
    (root / FILE).unlink()
    with DataDirLock(root):
        assert code(data_dir) == "data_dir_in_use"
    assert code(data_dir) is None


def test_a_missing_or_read_only_directory_is_a_problem(
    root: Path, data_dir: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert code(data_dir) == "storage_unwritable"
    monkeypatch.undo()
    shutil.rmtree(root)
    assert code(data_dir) == "storage_unwritable"
    root.write_bytes(b"")
    assert code(data_dir) == "storage_unwritable"


def test_a_link_in_place_of_a_folder_leads_nowhere(root: Path, data_dir: DataDir, tmp_path: Path) -> None:
    paths.incoming(root).rmdir()
    paths.incoming(root).symlink_to(tmp_path / "missing")
    assert code(data_dir) == "storage_unwritable"


@pytest.mark.parametrize(
    ("free_bytes", "n_files", "n_free_files", "expected"),
    [
        (10**9, 1000, 500, None),
        (10**7, 1000, 500, "storage_full"),
        (10**9, 1000, 9, "storage_full"),
        (10**9, 0, 0, None),
    ],
    ids=["room", "no space", "no more files", "no limit of files"],
)
def test_little_room_is_a_problem(
    data_dir: DataDir, monkeypatch: pytest.MonkeyPatch, free_bytes: int, n_files: int, n_free_files: int, expected: str
) -> None:
    usage, status = namedtuple("usage", ["free"]), namedtuple("status", ["f_files", "f_favail"])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(free_bytes))
    monkeypatch.setattr(os, "statvfs", lambda _: status(n_files, n_free_files))
    assert code(data_dir) == expected


@pytest.mark.parametrize("number", [errno.EROFS, errno.EIO, errno.ENOSPC])
def test_a_disk_that_says_it_can_be_written_is_written_to(
    data_dir: DataDir, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """After an error, Linux writes no more to a file system, but access() doesn't say so."""
    really_open = os.open

    def refuse(path: str, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_CREAT:
            raise OSError(number, os.strerror(number), path)
        return really_open(path, flags, mode)

    monkeypatch.setattr(os, "open", refuse)
    assert code(data_dir) == ("storage_full" if number == errno.ENOSPC else "storage_unwritable")
    monkeypatch.undo()
    assert code(data_dir) is None
