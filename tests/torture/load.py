"""Response times under load: 3 transcriptions, 200 WebSockets and a series of submissions; then one upload of 4 GB.

The sockets' client runs in a separate process, so that it doesn't slow down the others.
`make load`; `python -m tests.torture.load --seconds 20 --big 0`
"""

import argparse
import asyncio
import http.client
import json
import os
import re
import struct
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path

import tornado.websocket

from localwhisper.client.multipart_form import multipart_form
from tests.http_client import wav
from tests.process.server import Server
from tests.speech import long_speech

JOBS = 3
SOCKETS = 200
SPEECH_S = 1800
SUBMISSION_S = 62.5  # of 8-kHz sound: 1 MB
BIG_BYTES = 4_000_000_000
BLOCK_BYTES = 1 << 20
RATE, CHANNELS = 48_000, 2


def percentile(values: list[float], percent: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]


def summary(name: str, seconds: list[float]) -> str:
    if not seconds:
        return f"{name:<44} none"
    p50, p99 = (1000 * percentile(seconds, percent) for percent in (50, 99))
    return f"{name:<44} p50 {p50:7.1f} ms   p99 {p99:7.1f} ms   of {len(seconds)}"


async def _listen(urls: list[str], duration_s: float) -> list[float]:
    delays: list[float] = []

    async def receive(url: str) -> None:
        connection = await tornado.websocket.websocket_connect(url)
        snapshot = True  # messages about the past don't count
        while frame := await connection.read_message():
            message = json.loads(frame)
            sent_s = datetime.fromisoformat(message["timestamp"].replace("Z", "+00:00")).timestamp()
            snapshot = snapshot and message["type"] != "progress"
            if not snapshot:
                delays.append(time.time() - sent_s)

    tasks = [asyncio.ensure_future(receive(url)) for url in urls]
    _, running = await asyncio.wait(tasks, timeout=duration_s)
    for task in running:
        task.cancel()
    return delays


def listen(urls: list[str], duration_s: float) -> list[float]:
    """Seconds from the creation of each message to its arrival."""
    return asyncio.run(_listen(urls, duration_s))


def time_health_requests(port: int, until_s: float) -> list[float]:
    connection = http.client.HTTPConnection("localhost", port, timeout=30)
    durations_s: list[float] = []
    while time.monotonic() < until_s:
        started_s = time.monotonic()
        connection.request("GET", "/health")
        connection.getresponse().read()
        durations_s.append(time.monotonic() - started_s)
        time.sleep(0.02)
    return durations_s


def time_submissions(server: Server, until_s: float) -> list[float]:
    body, kind = multipart_form(wav(SUBMISSION_S), "a.wav", {})
    durations_s: list[float] = []
    while time.monotonic() < until_s:
        started_s = time.monotonic()
        job_id = server.request("POST", "/transcribe-job", body, kind)["job_id"]
        durations_s.append(time.monotonic() - started_s)
        server.request("DELETE", f"/job/{job_id}?remove=true")
        time.sleep(0.1)
    return durations_s


def loop_lag(server: Server) -> dict[float, float]:
    """The histogram of the event loop's lag: upper bound in seconds → number of measurements up to it."""
    connection = http.client.HTTPConnection("localhost", server.port, timeout=30)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    buckets = re.findall(r'loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)', text)
    return {float(bound): float(count) for bound, count in buckets}


def lag_percentile(before: dict[float, float], after: dict[float, float], percent: float) -> float:
    """An upper bound of this percentile of the lag between two histograms."""
    counts = {bound: after[bound] - before[bound] for bound in after}
    total = max(counts.values())
    return min(bound for bound, count in counts.items() if count >= total * percent / 100)


def load(server: Server, folder: Path, duration_s: float) -> None:
    speech = long_speech(folder, SPEECH_S)
    jobs = [server.submit_response(speech) for _ in range(JOBS)]
    for job in jobs:
        while not server.request("GET", f"/job/{job['job_id']}").get("segments"):
            time.sleep(0.2)  # until the model is loaded and decodes
    queue = f"ws://localhost:{server.port}/ws/queue"
    urls = [queue if n % 4 == 0 else jobs[n % JOBS]["websocket_url"] for n in range(SOCKETS)]
    os.sync()  # finish the disk writes of the preparations
    before, took = loop_lag(server), {"health": [0.0], "submission": [0.0]}
    until_s = time.monotonic() + duration_s
    threads = [
        threading.Thread(target=lambda: took.update(health=time_health_requests(server.port, until_s))),
        threading.Thread(target=lambda: took.update(submission=time_submissions(server, until_s))),
    ]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        delays = pool.submit(listen, urls, duration_s)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(f"{JOBS} transcriptions, {SOCKETS} sockets, {os.cpu_count()} cores, other load {os.getloadavg()[0]:.1f}")
        print(summary("GET /health", took["health"]))
        print(summary("a message, created to received", delays.result()))
        print(summary("a 1-MB submission", took["submission"]))
    after = loop_lag(server)
    print(
        f"{'loop lag, at most':<44} p50 {1000 * lag_percentile(before, after, 50):7.1f} ms   "
        f"p99 {1000 * lag_percentile(before, after, 99):7.1f} ms",
        flush=True,
    )
    for job in jobs:
        server.request("DELETE", f"/job/{job['job_id']}?remove=true")


def big_upload(server: Server, size_bytes: int) -> None:
    """Upload a recording of hours; it is silent, so that it needs no memory here."""
    frame = CHANNELS * 2
    shape = struct.pack("<IHHIIHH", 16, 1, CHANNELS, RATE, RATE * frame, frame, 16)
    head = b"RIFF" + struct.pack("<I", size_bytes + 36) + b"WAVEfmt " + shape + b"data" + struct.pack("<I", size_bytes)
    body, kind = multipart_form(head + b"@@", "hours.wav", {})
    first, last = body.split(b"@@")
    before, rss_before = loop_lag(server), server.resource_usage().rss_bytes
    rss_bytes, health_s = [rss_before], []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            rss_bytes.append(server.resource_usage().rss_bytes)
            started_s = time.monotonic()
            server.request("GET", "/health")
            health_s.append(time.monotonic() - started_s)

    watcher = threading.Thread(target=watch)
    watcher.start()
    connection = http.client.HTTPConnection("localhost", server.port, timeout=600)
    started_s = time.monotonic()
    connection.putrequest("POST", "/transcribe-job")
    connection.putheader("Content-Type", kind)
    connection.putheader("Content-Length", str(len(first) + size_bytes + len(last)))
    connection.endheaders(first)
    block = bytes(BLOCK_BYTES)
    for begin in range(0, size_bytes, BLOCK_BYTES):
        connection.send(block[: size_bytes - begin])
    connection.send(last)
    answer = json.loads(connection.getresponse().read())
    took_s = time.monotonic() - started_s
    done.set()
    watcher.join()
    server.request("DELETE", f"/job/{answer['job_id']}?remove=true")
    growth_mb = (max(rss_bytes) - rss_before) / 1e6
    print(f"{size_bytes / 1e9:.1f} GB uploaded in {took_s:.1f} s, memory grew by {growth_mb:.1f} MB")
    print(summary("GET /health meanwhile", health_s))
    print(f"{'loop lag meanwhile, at most':<44} p99 {1000 * lag_percentile(before, loop_lag(server), 99):7.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="how long under load")
    parser.add_argument("--big", type=int, default=BIG_BYTES, help="bytes of the large upload; 0: none")
    options = parser.parse_args()
    build = Path("build")
    build.mkdir(exist_ok=True)  # /tmp may be in memory
    with tempfile.TemporaryDirectory(prefix="load-", dir=build) as folder:
        server = Server(Path(folder) / "data").start()
        try:
            if options.seconds:
                load(server, Path(folder), options.seconds)
            if options.big:
                big_upload(server, options.big)
        finally:
            server.kill()


if __name__ == "__main__":
    main()
