"""Files are written whole or not at all, also when the disk fails in the middle."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from localwhisper.atomic import (
    PRIVATE,
    SHARED,
    append_durably,
    fsync_folder,
    link_or_copy,
    move_durably,
    remove_temporaries,
    replace_atomically,
    truncate_durably,
    write_atomically,
)
from localwhisper.errors import LocalWhisperError, StorageFull, StorageUnwritable


def failing(number: int) -> Callable[..., None]:
    def fail(*args: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    return path


def test_a_write_replaces_the_content_and_leaves_nothing_else(path: Path) -> None:
    write_atomically(path, b"new" * 100_000)
    assert path.read_bytes() == b"new" * 100_000
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_content(path: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, step, failing(errno.EIO))
    with pytest.raises(StorageUnwritable):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_an_interrupted_write_leaves_the_old_content(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(descriptor: int) -> None:
        assert path.read_bytes() == b"old"
        assert sorted(file.read_bytes() for file in path.parent.iterdir()) == [b"new", b"old"]
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_temporary_files_of_a_crash_are_removed(path: Path) -> None:
    with pytest.raises(StorageUnwritable), replace_atomically(path) as temporary:
        temporary.rename(temporary.with_name(temporary.name.replace(".file.", ".other.")))  # so that it stays
    (path.parent / "audio.tmp").write_bytes(b"a user's file")
    assert len(list(path.parent.iterdir())) == 3
    remove_temporaries(path.parent)
    assert sorted(file.name for file in path.parent.iterdir()) == ["audio.tmp", "file"]


def test_files_are_private_from_the_beginning_unless_shared(tmp_path: Path) -> None:
    umask = os.umask(0)
    os.umask(umask)
    for mode, expected in ((PRIVATE, 0o600), (SHARED, 0o666 & ~umask)):
        path = tmp_path / oct(mode)
        with replace_atomically(path, mode=mode) as temporary:
            assert temporary.stat().st_mode & 0o777 == expected
        assert path.stat().st_mode & 0o777 == expected


@pytest.mark.parametrize("can_link", [True, False])
def test_a_second_path_is_private_and_needs_no_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_link: bool
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    if not can_link:
        monkeypatch.setattr(os, "link", refuse)
    write_atomically(tmp_path / "a", b"sound")
    link_or_copy(tmp_path / "a", tmp_path / "b")
    (tmp_path / "a").unlink()
    assert (tmp_path / "b").read_bytes() == b"sound"
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600


def test_of_concurrent_writers_one_wins(path: Path) -> None:
    contents = [bytes([number]) * 300_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: write_atomically(path, content, durable=False), contents))
    assert path.read_bytes() in contents
    assert list(path.parent.iterdir()) == [path]


def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path: Path) -> None:
    path = tmp_path / ("ñ" * 127)
    write_atomically(path, b"new")
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_replaced_and_its_target_left_alone(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to(path)
    write_atomically(link, b"new")
    assert not link.is_symlink()
    assert (link.read_bytes(), path.read_bytes()) == (b"new", b"old")


def test_a_cache_is_not_synced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))
    write_atomically(path, b"new", durable=False)
    assert path.read_bytes() == b"new"


def test_a_finished_file_is_synced_before_it_is_moved(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finished = path.with_name("download.partial")
    finished.write_bytes(b"new")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing(errno.EIO))
        with pytest.raises(StorageUnwritable):
            move_durably(finished, path)
    assert (finished.read_bytes(), path.read_bytes()) == (b"new", b"old")
    move_durably(finished, path)
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_the_file_and_then_its_folder_are_synced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def recorded(name: str) -> Callable[..., object]:
        real: Callable[..., object] = getattr(os, name)

        def call(*args: object) -> object:
            calls.append(name)
            return real(*args)

        return call

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, recorded(name))
    write_atomically(path, b"new")
    assert calls == (["fsync", "replace"] if os.name == "nt" else ["fsync", "replace", "fsync"])


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EFBIG, StorageFull),
        (errno.EROFS, StorageUnwritable),
        (errno.EACCES, StorageUnwritable),
        (errno.EIO, StorageUnwritable),
    ],
)
@pytest.mark.parametrize("write", [write_atomically, append_durably])
def test_disk_errors_are_translated(
    path: Path,
    write: Callable[[Path, bytes], object],
    number: int,
    error: type[LocalWhisperError],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "fsync", failing(number))
    with pytest.raises(error) as caught:
        write(path, b"new")
    if error is StorageUnwritable:
        assert caught.value.params == {"path": str(path), "reason": os.strerror(number)}
    assert path.read_bytes() == b"old"


def test_a_missing_folder_is_unwritable(tmp_path: Path) -> None:
    with pytest.raises(StorageUnwritable):
        write_atomically(tmp_path / "none" / "file", b"")


def test_append_returns_the_new_size(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert append_durably(path, b"one\n") == 4
    assert append_durably(path, b"two\n") == 8
    assert path.read_bytes() == b"one\ntwo\n"


def test_a_failed_append_is_undone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    calls: list[int] = []

    def disk_fills(descriptor: int, data: memoryview) -> int:
        calls.append(len(data))
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "full")
        return write(descriptor, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", disk_fills)
    with pytest.raises(StorageFull):
        append_durably(path, b"new line\n")
    assert calls == [9, 5]
    assert path.read_bytes() == b"old"


def test_truncate_cuts_the_file(path: Path) -> None:
    truncate_durably(path, 2)
    assert path.read_bytes() == b"ol"


@pytest.mark.skipif(os.name == "nt", reason="Windows opens no folders")
def test_a_folder_that_cannot_be_synced_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", failing(errno.EINVAL))
    fsync_folder(tmp_path)
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        fsync_folder(tmp_path)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from localwhisper.errors import StorageFull
from localwhisper.atomic import append_durably, write_atomically
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for write in (write_atomically, append_durably):
    try:
        write(Path(sys.argv[1]), b"x" * 5000)
    except StorageFull:
        print("full")
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file size limit")
def test_a_real_file_size_limit_leaves_the_old_content(path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["full", "full"]
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]
