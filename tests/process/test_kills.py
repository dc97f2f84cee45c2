"""After SIGKILL at random moments, confirmed jobs are still there and end with the same text."""

import http.client
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.http_client import wav
from tests.process.conftest import NewServer
from tests.process.fake_engine_program import CRASH_S, LONG_S, MUCH_MEMORY_S, OUT_OF_MEMORY_S, START_FILE
from tests.process.server import FakeEngineServer
from tests.torture.kills import torture

KILLS = 15
CRASHING = ("crashing", "out of memory")
LENGTHS = {"one": 3.0, "crashing": CRASH_S, "two": 3.5, "out of memory": OUT_OF_MEMORY_S, "large": MUCH_MEMORY_S}
SEED = 20251116


def test_no_job_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    """With the fake engine. `make torture` does the same with the real one, for longer."""
    paths = [tmp_path / name for name in ("long.wav", "one.wav", "two.wav")]
    for path, duration_s in zip(paths, (LONG_S, 1.0, 1.5), strict=True):
        path.write_bytes(wav(duration_s))
    fields = {"model": "demo"}
    report = torture(tmp_path, FakeEngineServer, paths[0], paths[1:], kills=KILLS, seed=SEED, fields=fields)
    assert report["jobs"] >= 2


def test_a_job_that_keeps_crashing_the_server_fails(tmp_path: Path) -> None:
    vmstat = tmp_path / "vmstat"
    vmstat.write_text("oom_kill 5\n")
    server = FakeEngineServer(tmp_path / "data", "--max-concurrent-jobs", "3", environ={"VMSTAT": str(vmstat)})
    crashes = 0
    try:
        server.start()
        ids = {name: server.submit_bytes(wav(duration_s), name) for name, duration_s in LENGTHS.items()}
        (server.data_dir / START_FILE).touch()
        jobs: dict[str, Any] = {}
        while len(jobs) < len(ids):
            if server.wait(timeout_s=0.05) is not None:
                crashes += 1
                server.start()
            with suppress(OSError, http.client.HTTPException):  # it crashes right now
                answers = {name: server.request("GET", f"/job/{job_id}") for name, job_id in ids.items()}
                jobs = {name: job for name, job in answers.items() if job["status"] in ("completed", "failed")}
    finally:
        server.kill()
    states = {name: job["status"] for name, job in jobs.items()}
    assert states == {name: "failed" if name in CRASHING else "completed" for name in LENGTHS}
    assert jobs["crashing"]["error"]["code"] == "job_crashed"
    assert all(len(jobs[name]["segments"]) == 1 for name in CRASHING)
    assert crashes <= 2 + 3 + 2  # of "crashing", "out of memory" and "large", which needs the smallest footprint
    log = (server.data_dir / "localwhisper.log").read_text()
    assert "fake_engine_program.py" in log[log.index("Segmentation fault") :]


def test_kills_are_no_evidence_against_the_jobs(tmp_path: Path) -> None:
    """Killed again and again before any job finishes a window, the server still completes all of them."""
    server = FakeEngineServer(tmp_path / "data", "--max-concurrent-jobs", "3")
    try:
        server.start()
        ids = [server.submit_bytes(wav(3 + n), f"{n}.wav") for n in range(4)]
        records = [server.data_dir / "jobs" / job_id / "job.json" for job_id in ids]
        for _ in range(3):
            for _ in range(200):  # until three jobs run
                if sum(b'"state":"processing"' in record.read_bytes() for record in records) == 3:
                    break
                time.sleep(0.01)
            server.kill()
            server.start()
        (server.data_dir / START_FILE).touch()
        texts = [server.job_when(job_id, "completed", "failed").get("result", {}).get("text") for job_id in ids]
    finally:
        server.kill()
    assert texts == ["whole"] * 4


def test_an_interrupted_upload_leaves_nothing(new_server: NewServer) -> None:
    server = new_server().start()
    with socket.create_connection(("localhost", server.port)) as connection:
        head = (
            "POST /transcribe-job HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
            '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
        )
        connection.sendall(head.encode() + b"x" * 500_000)
        incoming = server.data_dir / "incoming"
        while not list(incoming.iterdir()):
            time.sleep(0.01)
        server.kill()
    server.start()
    assert list(incoming.iterdir()) == []
    assert server.request("GET", "/jobs")["jobs"] == []
