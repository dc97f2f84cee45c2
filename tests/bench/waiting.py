"""python -m tests.bench.waiting: how long a clip waits behind a long recording, and how accurate the estimates are.

Uses the demo model and one worker. The estimate for the last of three recordings, given after a restart, is compared
with the time it took.
"""

import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.process.server import Server
from tests.speech import long_speech, samples

LONG_S = 400
LEARNED_FROM_S, ESTIMATED_S = (90, 200), 140


def clip_behind_a_long_recording(server: Server, folder: Path) -> None:
    clip = next(iter(samples()))
    alone = server.job_when(server.submit(clip, language="en"), "completed")  # loads the model
    started_s = time.monotonic()
    alone = server.job_when(server.submit(clip, language="en"), "completed")
    alone_s = time.monotonic() - started_s
    long = server.submit(long_speech(folder, LONG_S), language="en")
    while not server.request("GET", f"/job/{long}").get("segments"):
        time.sleep(0.02)
    started_s = time.monotonic()
    first = server.job_when(server.submit(clip, language="en"), "completed")
    took_s = time.monotonic() - started_s
    meanwhile = server.request("GET", f"/job/{long}")
    print(
        f"a clip alone: {alone_s:.2f} s; behind a long recording at {meanwhile['progress']} %: {took_s:.2f} s; "
        f"the long job is {meanwhile['status']} ({meanwhile['message']})"
    )
    assert first["result"]["text"] == alone["result"]["text"]
    disturbed = server.job_when(long, "completed")
    again = server.job_when(server.submit(long_speech(folder, LONG_S), language="en"), "completed")
    same = disturbed["result"]["text"] == again["result"]["text"]
    print(f"the long recording's text is {'the same as' if same else 'DIFFERENT from that'} without the clip")


def took_s(job: dict[str, Any]) -> float:
    started, ended = (
        datetime.fromisoformat(job[name].replace("Z", "+00:00")) for name in ("started_at", "completed_at")
    )
    return (ended - started).total_seconds()


def estimates(server: Server, folder: Path, **fields: str) -> None:
    for duration_s in LEARNED_FROM_S:
        server.job_when(server.submit(long_speech(folder, duration_s), language="en", **fields), "completed")
    server.stop()
    server.start()
    server.job_when(server.submit(next(iter(samples())), language="en", **fields), "completed")  # loads the model
    answer = server.submit_response(long_speech(folder, ESTIMATED_S), language="en", **fields)
    job = server.job_when(answer["job_id"], "completed")
    promised_s, real_s = answer["estimated_processing_time"], took_s(job)
    print(f"{fields}: {promised_s:.1f} s estimated, {real_s:.1f} s needed: {promised_s / real_s - 1:+.0%}")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="waiting-") as name:
        folder = Path(name)
        server = Server(folder / "data", "--max-concurrent-jobs", "1").start()
        try:
            clip_behind_a_long_recording(server, folder)
            estimates(server, folder)
            estimates(server, folder, quality="fast")
        finally:
            server.kill()


if __name__ == "__main__":
    main()
