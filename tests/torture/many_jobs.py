"""How long the server takes to start and answer with thousands of stored jobs.

`python -m tests.torture.many_jobs --jobs 5000`
"""

import argparse
import tempfile
import time
from pathlib import Path

from localwhisper.store import schema
from tests.process.server import Server
from tests.store import samples


def fill(data_dir: Path, n_jobs: int) -> None:
    """Store completed jobs with all their files."""
    (data_dir / "store.json").parent.mkdir(parents=True)
    (data_dir / "store.json").write_bytes(b'{"format":%d}' % schema.FORMAT)
    windows = b"".join(schema.dump_window(samples.window(n)) + b"\n" for n in range(20))
    transcript = schema.dump_transcript(samples.transcript())
    for _ in range(n_jobs):
        job = samples.job()
        folder = data_dir / "jobs" / job.id
        folder.mkdir(parents=True)
        (folder / job.audio_file).write_bytes(samples.AUDIO)
        (folder / "job.json").write_bytes(schema.dump_job(job))
        (folder / "segments.jsonl").write_bytes(windows)
        (folder / "transcript.json").write_bytes(transcript)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=5000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="localwhisper-many-") as folder:
        data_dir = Path(folder) / "data"
        fill(data_dir, options.jobs)
        for start in ("first start", "second start"):
            server = Server(data_dir)
            started_s = time.monotonic()
            server.start()
            try:
                total = server.request("GET", "/queue/info")["queue"]["total_jobs"]
                took_s = time.monotonic() - started_s
                assert total == options.jobs, total
                print(
                    f"{start}, {total} jobs: {took_s:.2f} s to the first answer, {server.resource_usage()}",
                    flush=True,
                )
            finally:
                server.stop()


if __name__ == "__main__":
    main()
