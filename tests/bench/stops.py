"""python -m tests.bench.stops [--sizes tiny,small]: how long a cancelled job goes on taking the processor, by phase.

For random checkpoints of these sizes: a job is cancelled in each phase, several times at moments that differ; what
counts is when the server's processor time stands still.
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

from tests.process.server import Server
from tests.speech import long_speech
from tools.random_checkpoint import write

ROUNDS = 4
TICK_S = 0.05
BUSY = 0.3  # of a tick: the event loop alone takes less
QUIET_TICKS = 10
RECORDING_S = 1200
DOWNLOAD_BYTES = 1 << 30

Phase = Callable[[dict[str, Any]], bool]
PHASES: dict[str, Phase] = {
    "downloading": lambda job: "ownloading" in job["message"],
    "reading audio": lambda job: job["status"] == "processing" and "audio" in job["message"],
    "measuring": lambda job: "Measuring" in job["message"],
    "loading": lambda job: "Loading" in job["message"],
    "decoding": lambda job: "segment" in job["message"],
}


class Mirror(BaseHTTPRequestHandler):
    """Sends any model as quickly as it is taken, and as long."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(DOWNLOAD_BYTES))
        self.end_headers()
        with suppress(OSError):  # who cancels leaves
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


def processor_s(server: Server) -> float:
    """User and system time of the process so far, and of the children it has waited for."""
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / 100


def goes_on_s(server: Server, job_id: str) -> float:
    """Cancel a job; seconds from that until the processor rests."""
    started_s = time.monotonic()
    server.request("DELETE", f"/job/{job_id}")  # answers once the worker has ended its work
    last_s = time.monotonic()
    used_s, quiet = processor_s(server), 0
    while quiet < QUIET_TICKS:
        time.sleep(TICK_S)
        now_s = processor_s(server)
        is_busy = now_s - used_s > BUSY * TICK_S
        used_s, quiet = now_s, 0 if is_busy else quiet + 1
        if is_busy:
            last_s = time.monotonic()
    return last_s - started_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="tiny,small")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--batch", default="off", help="auto: windows side by side")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stops-") as name, mirror() as address:
        folder = Path(name)
        speech = long_speech(folder, RECORDING_S)
        for size in given.sizes.split(","):
            models = folder / size
            models.mkdir()
            write(size, models / f"{size}.pt")
            for phase, has_come in PHASES.items():
                took_s = []
                for number in range(given.rounds):
                    data_dir = folder / f"{size}-{phase}-{number}"
                    model_dir = data_dir if phase == "downloading" else models
                    server = Server(data_dir, "--model-dir", str(model_dir), "--model-mirror", address).start()
                    try:
                        fields = {"model": size, "language": "en", "temperature": "0", "batch": given.batch}
                        job_id = server.submit(speech, **fields)
                        while not has_come(server.request("GET", f"/job/{job_id}")):
                            time.sleep(0.01)
                        time.sleep(number * (0.9 if phase == "decoding" else 0.1))  # anywhere in it
                        took_s.append(goes_on_s(server, job_id))
                    finally:
                        server.kill()
                print(f"{size:6} {phase:14} {max(took_s):.2f} s at most of {given.rounds}", flush=True)


if __name__ == "__main__":
    main()
