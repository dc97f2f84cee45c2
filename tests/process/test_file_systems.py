"""A file system that runs out of inodes: a real one, in memory."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http_client import wav
from tests.process.fake_engine_program import START_FILE
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
def server(small_disk: Path) -> Iterator[FakeEngineServer]:
    server = FakeEngineServer(small_disk / "data")
    server.start()
    (server.data_dir / START_FILE).touch()
    yield server
    server.kill()


def health(server: FakeEngineServer) -> str:
    answer = server.request("GET", "/health")
    code: str = answer["error"]["code"] if "error" in answer else answer["status"]
    return code


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
