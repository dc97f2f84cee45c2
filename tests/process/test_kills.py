"""SIGKILL at random moments: what was answered is there, and ends with the same text as undisturbed."""

import random
import time
from pathlib import Path

from tests.process.conftest import NewServer

KILLS = 10
SEED = 20251116


def test_killed_at_any_moment(
    new_server: NewServer, long_speech: Path, samples: dict[Path, str], tmp_path: Path
) -> None:
    options = {"word_timestamps": "true"}
    quiet = new_server(data_dir=tmp_path / "quiet").start()
    started_s = time.monotonic()
    undisturbed = quiet.job_when(quiet.submit(long_speech, **options), "completed")["result"]
    work_s = time.monotonic() - started_s
    quiet.kill()

    rng = random.Random(SEED)
    server = new_server("--max-concurrent-jobs", "2")
    server.start()
    short = next(iter(samples))
    long_id = server.submit(long_speech, **options)
    short_ids = []
    for _ in range(KILLS):
        short_ids.append(server.submit(short))
        time.sleep(rng.uniform(0, work_s / KILLS * 1.5))
        server.kill()
        server.start()
        known = {job["job_id"] for job in server.ask("GET", "/jobs")["jobs"]}
        assert known == {long_id, *short_ids}
        assert list((server.data_dir / "incoming").iterdir()) == []
    result = server.job_when(long_id, "completed")["result"]
    assert result["text"] == undisturbed["text"]
    assert result["segments"] == undisturbed["segments"]
    for job_id in short_ids:
        assert server.job_when(job_id, "completed")["result"]["text"].strip() == samples[short]


def test_an_upload_that_was_not_answered_leaves_nothing(new_server: NewServer) -> None:
    import socket

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
