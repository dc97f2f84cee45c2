"""A full disk at every write: a clear error, no damaged file, and jobs continue once there is space."""

import resource
import sys
from pathlib import Path

import pytest

from tests.http_client import wav
from tests.process.fake_engine_program import START_FILE
from tests.process.server import FakeEngineServer, Server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can limit another process's file sizes")


def limit_files(server: Server, size_bytes: int) -> None:
    """A write beyond the file size limit fails as on a full disk."""
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (size_bytes, resource.RLIM_INFINITY))


def fake_engine_server(folder: Path, *flags: str) -> Server:
    server = FakeEngineServer(folder / "data", *flags)
    server.headers = {"Authorization": "Bearer open-sesame-42"}
    server.start()
    (server.data_dir / START_FILE).touch(0o600)
    return server


def test_the_disk_is_full_at_any_write(tmp_path: Path) -> None:
    server = fake_engine_server(tmp_path)
    audio = wav(0.02)  # smaller than any job.json
    server.job_when(server.submit_bytes(audio, "a.wav"), "completed")
    job_ids, outcomes = [], set()
    for size_bytes in (0, len(audio) - 1, len(audio), 700, 1000, 1300, 1600, 4000):
        limit_files(server, size_bytes)
        answer = server.try_submit(audio, "a.wav")
        if "error" in answer:
            outcomes.add("refused")
            assert answer["error"]["code"] == "storage_full"
        else:
            job = server.job_when(answer["job_id"], "completed", "failed")
            outcomes.add(job["error"]["code"] if job["status"] == "failed" else "completed")
            job_ids.append(answer["job_id"])
        assert server.request("GET", "/health")["version"]
        limit_files(server, resource.RLIM_INFINITY)
        assert list((server.data_dir / "incoming").iterdir()) == []
    assert outcomes >= {"refused", "completed"}
    (server.data_dir / START_FILE).unlink()
    job_ids.append(server.submit_bytes(audio, "a.wav"))
    server.job_when(job_ids[-1], "processing")
    limit_files(server, 300)  # less than a window
    (server.data_dir / START_FILE).touch(0o600)
    assert server.job_when(job_ids[-1], "failed")["error"]["code"] == "storage_full"
    limit_files(server, resource.RLIM_INFINITY)
    for job_id in job_ids:
        if server.request("GET", f"/job/{job_id}")["status"] == "failed":
            server.request("POST", f"/job/{job_id}/retry", b"")
        assert server.job_when(job_id, "completed")["result"]["text"] == "whole"
    server.kill()
    server.start()
    jobs = server.request("GET", "/jobs")["jobs"]
    for job in jobs:  # one whose last state could not be saved runs again, from its last window
        server.job_when(job["job_id"], "completed")
    assert len(jobs) == len(job_ids) + 1
    server.stop()
    assert not list(server.data_dir.rglob("*.tmp"))


def test_files_are_private_and_the_log_contains_no_secrets(tmp_path: Path) -> None:
    server = fake_engine_server(tmp_path, "--token", "open-sesame-42")
    job_id = server.submit_bytes(wav(), "secret meeting.opus", initial_prompt="secret prompt")
    server.job_when(job_id, "completed")
    broken = server.submit_bytes(wav()[:100] + bytes(20_000), "secret too.wav")
    server.job_when(broken, "completed", "failed")
    (server.data_dir / "jobs" / job_id / "segments.jsonl").write_bytes(b"\x00")
    (server.data_dir / "jobs" / job_id / "transcript.json").write_bytes(b'{"format":1,"text":"secret words"}')
    server.request("GET", f"/job/{job_id}?token=open-sesame-42")
    record = server.data_dir / "jobs" / broken / "job.json"
    record.write_bytes(record.read_bytes().replace(b'"filename":"', b'"filename":5,"x":"'))
    server.headers = {"Authorization": "Bearer open-sesame-43"}
    server.request("GET", "/jobs")
    assert server.stop() == 0
    server.start()
    server.stop()
    for file in [server.data_dir, *server.data_dir.rglob("*")]:
        mode = file.stat().st_mode & 0o777
        assert mode == (0o700 if file.is_dir() else 0o600), file
    log = (server.data_dir / "localwhisper.log").read_text()
    assert "job.json is unreadable" in log
    for secret in ("secret", "sesame", "whole", "part 0"):
        assert secret not in log


def test_folders_and_a_lock_file_that_are_removed_are_made_again(tmp_path: Path) -> None:
    """Also with a temporary folder that can't be used: nothing is kept there."""
    server = FakeEngineServer(tmp_path / "data", environ={"TMPDIR": "/dev/full"}).start()
    (server.data_dir / START_FILE).touch(0o600)
    try:
        for name in ("incoming", "spool"):
            (server.data_dir / name).rmdir()
        (server.data_dir / "localwhisper.lock").unlink()
        job_id = server.submit_bytes(wav(1.0), "a.wav")
        assert server.job_when(job_id, "completed", "failed")["status"] == "completed"
        assert server.request("GET", "/health")["status"] == "ok"
        second = FakeEngineServer(server.data_dir)
        with pytest.raises(AssertionError, match="Another localwhisper"):
            second.start()
        second.kill()
        (server.data_dir / "incoming").rmdir()
        (server.data_dir / "incoming").write_bytes(b"")
        assert server.try_submit(wav(1.0), "a.wav")["error"]["code"] == "storage_unwritable"
        assert server.request("GET", "/health")["error"]["code"] == "storage_unwritable"
    finally:
        server.kill()
