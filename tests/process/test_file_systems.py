"""Real file systems that run out of inodes, and that the kernel stops writing to."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http_client import wav
from tests.process.fake_engine_program import LONG_S, START_FILE
from tests.process.server import FakeEngineServer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux's mount")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 400 files."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=300m,nr_inodes=400", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a file system takes root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def failing_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system in a file."""
    folder, image = tmp_path / "disk", tmp_path / "image"
    folder.mkdir()
    image.touch()
    os.truncate(image, 300_000_000)
    for command in (
        ["mkfs.ext4", "-q", str(image)],
        ["mount", "-o", "loop,errors=remount-ro", str(image), str(folder)],
    ):
        if shutil.which(command[0]) is None or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("mounting a file system takes root and ext4")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def server_on(disk: Path) -> FakeEngineServer:
    server = FakeEngineServer(disk / "data")
    server.start()
    (server.data_dir / START_FILE).touch()
    return server


def health(server: FakeEngineServer) -> str:
    answer = server.request("GET", "/health")
    code: str = answer["error"]["code"] if "error" in answer else answer["status"]
    return code


@pytest.fixture
def server(small_disk: Path) -> Iterator[FakeEngineServer]:
    server = server_on(small_disk)
    yield server
    server.kill()


def test_without_inodes_new_jobs_are_refused_and_nothing_is_lost(small_disk: Path, server: FakeEngineServer) -> None:
    first = server.submit_bytes(wav(1.0), "a.wav")
    server.job_when(first, "completed")
    assert health(server) == "ok"
    fillers = []
    for number in range(400):
        try:
            (small_disk / f"filler {number}").touch()
        except OSError:
            break
        fillers.append(small_disk / f"filler {number}")
    assert health(server) == "storage_full"
    assert server.try_submit(wav(1.0), "b.wav")["error"]["code"] == "storage_full"
    fillers.pop().unlink()
    fillers.pop().unlink()  # enough for a part of what a job needs
    assert server.try_submit(wav(1.0), "b.wav")["error"]["code"] == "storage_full"
    assert len(server.request("GET", "/jobs")["jobs"]) == 1
    for filler in fillers:
        filler.unlink()
    assert health(server) == "ok"
    assert list((server.data_dir / "incoming").iterdir()) == []
    job_id = server.submit_bytes(wav(1.0), "b.wav")
    assert server.job_when(job_id, "completed", "failed")["status"] == "completed"


def test_a_disk_that_fails_can_be_read_and_everything_else_is_refused(
    failing_disk: Path,
) -> None:
    """The kernel stops writing to the file system, as it does when a disk fails."""
    server = server_on(failing_disk)
    try:
        done = server.submit_bytes(wav(1.0), "a.wav")
        server.job_when(done, "completed")
        waiting = [server.submit_bytes(wav(10 * LONG_S + n, 1000), f"{n}.wav") for n in range(5)]
        server.job_when(waiting[0], "processing")
        subprocess.run(["mount", "-o", "remount,abort", str(failing_disk)], check=True)
        for job_id in waiting:
            assert server.job_when(job_id, "failed")["error"]["code"] == "storage_unwritable"
        assert health(server) == "storage_unwritable"
        assert server.try_submit(wav(1.0), "b.wav")["error"]["code"] == "storage_unwritable"
        assert server.request("DELETE", f"/job/{done}?remove=true")["error"]["code"] == "storage_unwritable"
        assert b"part 0" in server.get(f"/job/{done}/transcript?format=txt")
        assert server.stop() == 0
    finally:
        server.kill()
