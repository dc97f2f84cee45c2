"""Only one server runs on a data directory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from localwhisper.errors import DataDirInUse, StorageUnwritable
from localwhisper.store.lock import DataDirLock

HOLD = """
import sys
from pathlib import Path
from localwhisper.store.lock import DataDirLock
DataDirLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_lock_is_refused_until_the_first_is_released(root: Path) -> None:
    first = DataDirLock(root)
    first.acquire()
    with pytest.raises(DataDirInUse) as caught:
        DataDirLock(root).acquire()
    assert caught.value.params == {"path": str(root)}
    first.release()
    first.release()
    with DataDirLock(root):
        pass
    with DataDirLock(root):
        pass


def test_other_folders_are_not_locked(root: Path) -> None:
    with DataDirLock(root / "a"), DataDirLock(root / "b"):
        pass


def test_the_lock_of_a_killed_process_is_released(root: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(DataDirInUse):
            DataDirLock(root).acquire()
    finally:
        other.kill()
        other.communicate()
    with DataDirLock(root):
        pass


@pytest.mark.skipif(os.name == "nt", reason="folders for files")
def test_a_folder_that_is_not_writable_cannot_be_locked(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageUnwritable):
        DataDirLock(tmp_path / "file" / "data").acquire()
