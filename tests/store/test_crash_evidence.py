"""How the previous run ended: what the lock file, faulthandler and the kernel's counters say."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from localwhisper.jobs.suspicion import PreviousEnd
from localwhisper.store import crash_evidence, lock
from localwhisper.store.lock import FILE, DataDirLock


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the kernel's files: no process has been killed yet."""
    (tmp_path / "group").mkdir()
    monkeypatch.setattr(crash_evidence, "VMSTAT", tmp_path / "vmstat")
    monkeypatch.setattr(crash_evidence, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(crash_evidence, "CGROUP_ROOT", tmp_path)
    monkeypatch.setattr(lock, "BOOT_ID", tmp_path / "boot_id")
    (tmp_path / "boot_id").write_text("a boot\n")
    (tmp_path / "vmstat").write_text("pgfault 12\noom_kill 3\n")
    (tmp_path / "cgroup").write_text("1:cpu:/\n0::/group\n")
    (tmp_path / "group" / "memory.events").write_text("oom 0\noom_kill 0\noom_group_kill 0\n")
    return tmp_path


def left_behind(root: Path) -> None:
    """Leave the lock file as a killed process does."""
    holder = DataDirLock(root)
    holder.acquire()
    content = (root / FILE).read_bytes()
    holder.release()
    (root / FILE).write_bytes(content)


def previous_end(root: Path) -> PreviousEnd:
    with DataDirLock(root) as held:
        return held.previous_end


def test_a_released_lock_means_a_stop(root: Path, kernel: Path) -> None:
    assert previous_end(root) is PreviousEnd.CLEAN
    assert previous_end(root) is PreviousEnd.CLEAN


def test_a_kill_leaves_no_evidence(root: Path, kernel: Path) -> None:
    left_behind(root)
    assert previous_end(root) is PreviousEnd.KILLED
    assert previous_end(root) is PreviousEnd.CLEAN


@pytest.mark.parametrize("file", ["vmstat", "group/memory.events"])
def test_a_risen_counter_of_kills_is_evidence(root: Path, kernel: Path, file: str) -> None:
    left_behind(root)
    (kernel / file).write_text("oom_kill 4\n")
    assert previous_end(root) is PreviousEnd.OUT_OF_MEMORY


def test_a_counter_of_another_boot_is_no_evidence(root: Path, kernel: Path) -> None:
    left_behind(root)
    (kernel / "vmstat").write_text("oom_kill 4\n")
    (kernel / "boot_id").write_text("another\n")
    assert previous_end(root) is PreviousEnd.KILLED


@pytest.mark.parametrize("cgroup", ["", "0::/new\n", "4:memory:/group\n"])
def test_a_system_without_a_counter_has_no_evidence(root: Path, kernel: Path, cgroup: str) -> None:
    left_behind(root)
    (kernel / "vmstat").unlink()
    (kernel / "cgroup").write_text(cgroup)
    assert previous_end(root) is PreviousEnd.KILLED


def test_the_older_form_of_cgroups_is_read(kernel: Path) -> None:
    file = kernel / "memory" / "group" / "memory.oom_control"
    file.parent.mkdir(parents=True)
    file.write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
    (kernel / "cgroup").write_text("4:memory:/group\n")
    assert crash_evidence.oom_kills()[str(file)] == 2


@pytest.mark.parametrize(
    "content", [b"an earlier version's", b"{", b"[]", b'{"boot_id": "a boot", "oom_kills": 7}', b"\xff\x00"]
)
def test_an_unreadable_lock_file_is_no_evidence(root: Path, kernel: Path, content: bytes) -> None:
    previous_end(root)
    (root / FILE).write_bytes(content)
    assert previous_end(root) is PreviousEnd.KILLED


def test_the_lock_file_says_what_holds_it(root: Path, kernel: Path) -> None:
    with DataDirLock(root):
        holder = json.loads((root / FILE).read_bytes())
    assert holder["boot_id"] == "a boot"
    assert set(holder["oom_kills"].values()) == {3, 0}


FAULT = """
import ctypes, sys
from pathlib import Path
from localwhisper.store.crash_evidence import FaultFile
file = FaultFile(Path(sys.argv[1]))
file.start()
if sys.argv[2] == "stop":
    file.stop()
else:
    ctypes.string_at(0)
"""


@pytest.mark.parametrize("end", ["fault", "stop"])
def test_a_fault_is_written_to_a_file_once(tmp_path: Path, caplog: pytest.LogCaptureFixture, end: str) -> None:
    path = tmp_path / "faults"
    result = subprocess.run([sys.executable, "-c", FAULT, str(path), end])
    assert (result.returncode == 0) == (end == "stop")
    file = crash_evidence.FaultFile(path)
    assert file.take_previous() == (end == "fault")
    assert ("string_at" in caplog.text) == (end == "fault")
    assert not file.take_previous()


def test_a_missing_or_unusable_file_of_faults_is_no_evidence(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("missing/file", "folder"):
        file = crash_evidence.FaultFile(tmp_path / name)
        assert not file.take_previous()
        file.start()
        file.stop()
