"""How the server does with thousands of stored jobs: its start, its answers, the search index, and its stop.

`python -m tests.torture.many_jobs --jobs 20000`, or `--jobs 5000 --queued`
"""

import argparse
import json
import random
import sqlite3
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from localwhisper.jobs.job import JobState
from localwhisper.store import schema
from tests.process.fake_engine_program import START_FILE
from tests.process.server import FakeEngineServer, Server
from tests.step_engine import segment
from tests.store import samples

N_LINES = 60  # of each transcript: five minutes of speech


def fill(data_dir: Path, n_jobs: int, state: JobState) -> None:
    """Store jobs with all their files."""
    rng = random.Random(5)
    words = ["".join(rng.choices("abcdefghijklmnoprstuvw", k=rng.randint(2, 9))) for _ in range(20_000)]
    data_dir.mkdir(parents=True)
    (data_dir / "store.json").write_bytes(b'{"format":%d}' % schema.FORMAT)
    windows = b"".join(schema.dump_window(samples.window(n)) + b"\n" for n in range(20))
    for number in range(n_jobs):
        job = samples.job(state=state, crashes=0, interruptions=0, error=None)
        folder = data_dir / "jobs" / job.id
        folder.mkdir(parents=True)
        (folder / job.audio_file).write_bytes(samples.AUDIO)
        (folder / "job.json").write_bytes(schema.dump_job(job))
        if state is JobState.COMPLETED:
            lines = [f" job{number}x " + " ".join(rng.choices(words, k=12)) for _ in range(N_LINES)]
            segments = tuple(replace(segment(n), text=line) for n, line in enumerate(lines))
            transcript = replace(samples.transcript(), text="".join(lines), segments=segments, version=0)
            (folder / "segments.jsonl").write_bytes(windows)
            (folder / "transcript.json").write_bytes(schema.dump_transcript(transcript))


def n_indexed(data_dir: Path) -> int:
    with closing(sqlite3.connect(data_dir / "search.db")) as db:
        try:
            count: int = db.execute("SELECT count(*) FROM transcripts").fetchone()[0]
        except sqlite3.OperationalError:  # not created yet
            return 0
        return count


def longest_s(server: Server, path: str, until: threading.Event) -> float:
    """Request the path again and again; return the longest time to an answer."""
    longest = 0.0
    while not until.is_set():
        started_s = time.monotonic()
        server.get(path)
        longest = max(longest, time.monotonic() - started_s)
        time.sleep(0.02)
    return longest


def measure_index(data_dir: Path, n_jobs: int) -> None:
    server = Server(data_dir).start()
    time.sleep(0.5)
    started_s = time.monotonic()
    server.stop()
    print(
        f"stop while the index is built: {time.monotonic() - started_s:.2f} s, {n_indexed(data_dir)} indexed",
        flush=True,
    )
    for path in data_dir.glob("search.db*"):
        path.unlink()
    server = Server(data_dir).start()
    started_s, is_full = time.monotonic(), threading.Event()
    with ThreadPoolExecutor() as threads:
        search = threads.submit(longest_s, server, f"/jobs?q=job{n_jobs - 1}x", is_full)
        health = threads.submit(longest_s, server, "/health", is_full)
        while n_indexed(data_dir) < n_jobs:
            time.sleep(0.1)
        print(f"index of {n_jobs} jobs built in {time.monotonic() - started_s:.1f} s", flush=True)
        is_full.set()
    print(f"longest search meanwhile {search.result():.3f} s, health {health.result():.3f} s", flush=True)
    found = json.loads(server.get(f"/jobs?q=job{n_jobs - 1}x"))["jobs"]
    assert len(found) == 1, found
    server.stop()


def measure_start(server: Server, n_jobs: int) -> None:
    started_s = time.monotonic()
    server.start()
    total = server.request("GET", "/queue/info")["queue"]["total_jobs"]
    assert total == n_jobs, total
    print(
        f"{total} jobs: {time.monotonic() - started_s:.2f} s to the first answer, {server.resource_usage()}", flush=True
    )


def measure_queue(data_dir: Path, n_jobs: int) -> None:
    """With a long queue: a page of jobs, and others' answers while the page is opened twenty times."""
    server = FakeEngineServer(data_dir)
    measure_start(server, n_jobs)
    (data_dir / START_FILE).touch()  # jobs start and end all the time
    times_s = []
    for _ in range(5):
        started_s = time.monotonic()
        assert len(json.loads(server.get("/jobs?limit=200"))["jobs"]) == 200
        times_s.append(time.monotonic() - started_s)
    print(f"/jobs?limit=200: {min(times_s):.3f} to {max(times_s):.3f} s", flush=True)
    is_over = threading.Event()
    with ThreadPoolExecutor(21) as threads:
        health = threads.submit(longest_s, server, "/health", is_over)
        pages = [threads.submit(server.get, "/jobs?limit=200") for _ in range(20)]
        for page in pages:
            page.result()
        is_over.set()
    print(f"longest /health while 20 pages are opened: {health.result():.3f} s", flush=True)
    server.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--queued", action="store_true", help="queued jobs instead of completed ones")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="localwhisper-many-") as folder:
        data_dir = Path(folder) / "data"
        fill(data_dir, options.jobs, JobState.QUEUED if options.queued else JobState.COMPLETED)
        if options.queued:
            measure_queue(data_dir, options.jobs)
            return
        for _ in range(2):
            server = Server(data_dir)
            measure_start(server, options.jobs)
            server.stop()
        measure_index(data_dir, options.jobs)


if __name__ == "__main__":
    main()
