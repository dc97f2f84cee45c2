"""SIGKILL at random moments: what was answered is there, and ends with the same text as undisturbed."""

import socket
import time
from pathlib import Path

from tests.client import wav
from tests.process.conftest import NewServer
from tests.process.fake_engine_program import CRASH_S, LONG_S, START_FILE
from tests.process.server import FakeEngineServer
from tests.torture.kills import torture

KILLS = 15
POISON = ("poison", "poison too")
LENGTHS = {"one": 3.0, "poison": CRASH_S, "two": 3.5, "poison too": CRASH_S, "three": 4.0}
SEED = 20251116


def test_killed_at_any_moment(tmp_path: Path) -> None:
    """With the quick engine; the long form, with the real one, is make torture."""
    paths = [tmp_path / name for name in ("long.wav", "one.wav", "two.wav")]
    for path, duration_s in zip(paths, (LONG_S, 1.0, 1.5), strict=True):
        path.write_bytes(wav(duration_s))
    told = torture(tmp_path, FakeEngineServer, paths[0], dict.fromkeys(paths[1:], "whole"), kills=KILLS, seed=SEED)
    assert told["jobs"] >= 2


def test_a_job_that_takes_the_program_down_is_set_aside(tmp_path: Path) -> None:
    server = FakeEngineServer(tmp_path / "data", "--max-concurrent-jobs", "3")
    crashes = 0
    try:
        server.start()
        ids = {name: server.submit_bytes(wav(duration_s), name) for name, duration_s in LENGTHS.items()}
        (server.data_dir / START_FILE).touch()
        while server.wait(timeout_s=1.5) is not None:
            crashes += 1
            server.start()
        jobs = {name: server.job_when(job_id, "completed", "failed") for name, job_id in ids.items()}
    finally:
        server.kill()
    states = {name: job["status"] for name, job in jobs.items()}
    assert states == {name: "failed" if name.startswith("poison") else "completed" for name in LENGTHS}
    assert jobs["poison"]["error"]["code"] == "job_crashed"
    assert [segment["id"] for segment in jobs["poison"]["segments"]] == [0]
    assert crashes <= 2 * len(POISON) + 1


def test_an_upload_that_was_not_answered_leaves_nothing(new_server: NewServer) -> None:
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
    assert server.ask("GET", "/jobs")["jobs"] == []
