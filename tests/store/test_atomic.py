"""Whole or not at all, also when the disk fails in the middle."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from localwhisper.errors import LocalWhisperError, StorageFull, StorageUnwritable
from localwhisper.store.atomic import append_durably, fsync_folder, truncate_durably, write_atomically


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


def test_a_write_broken_off_in_the_middle_leaves_the_old_content(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(descriptor: int) -> None:
        assert path.with_name("file.tmp").stat().st_size == 3
        assert path.read_bytes() == b"old"
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_what_an_earlier_crash_left_is_no_hindrance(path: Path) -> None:
    path.with_name("file.tmp").write_bytes(b"half of something longer")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_the_file_and_then_its_folder_are_synced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def noted(name: str) -> Callable[..., object]:
        real: Callable[..., object] = getattr(os, name)

        def call(*args: object) -> object:
            done.append(name)
            return real(*args)

        return call

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, noted(name))
    write_atomically(path, b"new")
    assert done == (["fsync", "replace"] if os.name == "nt" else ["fsync", "replace", "fsync"])


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
def test_the_disk_s_errors_become_ours(
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


def test_a_folder_that_is_missing_is_unwritable(tmp_path: Path) -> None:
    with pytest.raises(StorageUnwritable):
        write_atomically(tmp_path / "none" / "file", b"")


def test_append_adds_and_says_how_long_the_file_is(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert append_durably(path, b"one\n") == 4
    assert append_durably(path, b"two\n") == 8
    assert path.read_bytes() == b"one\ntwo\n"


def test_an_append_that_fails_in_the_middle_is_taken_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_truncate(path: Path) -> None:
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
from localwhisper.store.atomic import append_durably, write_atomically
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for write in (write_atomically, append_durably):
    try:
        write(Path(sys.argv[1]), b"x" * 5000)
    except StorageFull:
        print("full")
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limits of that kind")
def test_a_real_limit_of_the_system_leaves_the_old_content(path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["full", "full"]
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]
