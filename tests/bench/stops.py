"""python -m tests.bench.stops [--sizes tiny,small]: how long a cancelled job still uses the CPU, by phase.

Cancels jobs with random checkpoints of these sizes in each phase, several times at different moments, and measures when
the server's CPU time stops increasing. With --recording, searches for speakers in it are stopped, too.
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.browser.seed_data import JobSeeder
from tests.process.server import Server
from tests.speech import long_speech
from tools.random_checkpoint import write

ROUNDS = 4
TICK_S = 0.05
BUSY = 0.3  # share of a tick; the event loop alone uses less
QUIET_TICKS = 10
RECORDING_S = 1200
DOWNLOAD_BYTES = 1 << 30
SEARCH_MOMENTS_S = (0.1, 0.5, 1.0, 2.0, 3.0, 4.5, 6.0, 9.0, 14.0, 20.0)  # reading, listening, voiceprints

Phase = Callable[[dict[str, Any]], bool]
PHASES: dict[str, Phase] = {
    "downloading": lambda job: "ownloading" in job["message"],
    "reading audio": lambda job: job["status"] == "processing" and "audio" in job["message"],
    "loading": lambda job: "Loading" in job["message"],
    "decoding": lambda job: "segment" in job["message"],
}


class Mirror(BaseHTTPRequestHandler):
    """Sends any requested model until the client disconnects."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(DOWNLOAD_BYTES))
        self.end_headers()
        with suppress(OSError):  # the client disconnects when it cancels
            for _ in range(DOWNLOAD_BYTES >> 16):
                self.wfile.write(bytes(1 << 16))
                time.sleep(0.001)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def mirror() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def cpu_s(server: Server) -> float:
    """User and system time of the process and of its finished children."""
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / 100


def stop_delay_s(server: Server, path: str) -> float:
    """Cancel what runs, by DELETE of this path; return the seconds until the CPU is idle."""
    started_s = time.monotonic()
    server.request("DELETE", path)  # answers when the worker has stopped
    last_s = time.monotonic()
    used_s, quiet = cpu_s(server), 0
    while quiet < QUIET_TICKS:
        time.sleep(TICK_S)
        now_s = cpu_s(server)
        is_busy = now_s - used_s > BUSY * TICK_S
        used_s, quiet = now_s, 0 if is_busy else quiet + 1
        if is_busy:
            last_s = time.monotonic()
    return last_s - started_s


def stop_searches(folder: Path, recording: Path) -> None:
    """Search for speakers, and stop that after each of SEARCH_MOMENTS_S and while the voices are grouped."""
    job_id = JobSeeder(folder, recording).completed(recording.name, "Hello.", audio=recording)
    path = f"/job/{job_id}/speakers"
    server = Server(folder, "--model-dir", str(folder / "models")).start()

    def search() -> dict[str, Any]:
        found: dict[str, Any] = server.request("GET", path)["search"] or {"status": "ended", "message": ""}
        return found

    try:
        for moment_s in (*SEARCH_MOMENTS_S, None):
            server.request("POST", path, b"{}", "application/json")
            if moment_s is not None:
                time.sleep(moment_s)
            while moment_s is None and search()["status"] == "running" and "99" not in search()["message"]:
                time.sleep(0.02)
            message = search()["message"]
            print(f"{moment_s} s: {stop_delay_s(server, path):.2f} s ({message})", flush=True)
    finally:
        server.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="tiny,small")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--recording", type=Path, help="search for speakers in it")
    parser.add_argument("--batch", default="off", help="auto: several windows at once")
    options = parser.parse_args()
    if options.recording is not None:
        with tempfile.TemporaryDirectory(prefix="stops-") as name:
            stop_searches(Path(name), options.recording)
    with tempfile.TemporaryDirectory(prefix="stops-") as name, mirror() as address:
        folder = Path(name)
        speech = long_speech(folder, RECORDING_S)
        for size in filter(None, options.sizes.split(",")):
            models = folder / size
            models.mkdir()
            write(size, models / f"{size}.pt")
            for phase, is_reached in PHASES.items():
                took_s = []
                for number in range(options.rounds):
                    data_dir = folder / f"{size}-{phase}-{number}"
                    model_dir = data_dir if phase == "downloading" else models
                    server = Server(data_dir, "--model-dir", str(model_dir), "--model-mirror", address).start()
                    try:
                        fields = {"model": size, "language": "en", "temperature": "0", "batch": options.batch}
                        job_id = server.submit(speech, **fields)
                        while not is_reached(server.request("GET", f"/job/{job_id}")):
                            time.sleep(0.01)
                        time.sleep(number * (0.9 if phase == "decoding" else 0.1))  # at different moments of the phase
                        took_s.append(stop_delay_s(server, f"/job/{job_id}"))
                    finally:
                        server.kill()
                print(f"{size:6} {phase:14} {max(took_s):.2f} s at most of {options.rounds}", flush=True)


if __name__ == "__main__":
    main()
