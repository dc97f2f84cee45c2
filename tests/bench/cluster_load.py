"""python -m tests.bench.cluster_load: a server and a scheduler with many workers whose engine sleeps.

Each worker has a window once a second, as one that transcribes has. Prints, for each number of workers: how many
windows a second are saved, how long a job waits for a free worker, how long /health takes, and what the server and the
scheduler use. All workers are in one process, so that a machine can have hundreds.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from localwhisper import settings
from localwhisper.distributed.connection import configure_dask, security_for
from localwhisper.distributed.job_plugin import JobPlugin
from localwhisper.distributed.worker_process import new_worker
from localwhisper.engine.base import Control
from localwhisper.jobs.suspicion import Footprint
from localwhisper.jobs.transcript import Transcript, Window, segments_of
from localwhisper.options import Options
from tests.distributed.cluster import Cluster, recording, wait_until
from tests.step_engine import StepEngine, window

WINDOW_S = 1.0
N_WINDOWS = 20
MEASURE_S = 20.0


class SleepingEngine(StepEngine):
    def transcribe(
        self,
        audio: Path,
        options: Options,
        control: Control,
        *,
        done: Sequence[Window] = (),
        footprint: Footprint = Footprint.USUAL,
    ) -> Transcript:
        windows = list(done)
        while len(windows) < N_WINDOWS:
            until_s = time.monotonic() + WINDOW_S
            while time.monotonic() < until_s:
                time.sleep(0.1)
                control.check()
            windows.append(window(len(windows)))
            control.window(windows[-1])
        return Transcript(text="slept", language="en", segments=segments_of(windows), processing_time=1.0)


async def work(address: str, certificates: str, folder: str, n_workers: int) -> None:
    configure_dask()
    own = settings.load({"cluster_certificates": certificates, "data_dir": folder, "max_concurrent_jobs": "1"}, {})
    engine = SleepingEngine()
    plugins = [JobPlugin(own, engine) for _ in range(n_workers)]
    workers = [
        new_worker(address, security_for(address, own), folder, plugin, f"sleeping-{number}")
        for number, plugin in enumerate(plugins)
    ]
    await asyncio.gather(*workers)
    await asyncio.Event().wait()


def measure(cluster: Cluster, n_workers: int) -> dict[str, Any]:
    server = cluster.server
    wait_until(lambda: len(server.request("GET", "/queue/info")["workers"]) == n_workers, cluster.output())
    assert cluster.scheduler is not None
    processes = {"server": psutil.Process(server.pid), "scheduler": psutil.Process(cluster.scheduler.pid)}
    started_s = time.monotonic()
    first = server.submit_bytes(recording(N_WINDOWS), "a.wav", model="demo")
    wait_until(lambda: any(first in worker["jobs"] for worker in server.request("GET", "/queue/info")["workers"]))
    latency_s = time.monotonic() - started_s
    for _ in range(round(n_workers * 1.5)):
        server.submit_bytes(recording(N_WINDOWS), "a.wav", model="demo")
    before_s = {name: sum(process.cpu_times()[:2]) for name, process in processes.items()}
    n_before, since_s, slowest_s = saved(cluster), time.monotonic(), 0.0
    while time.monotonic() < since_s + MEASURE_S:
        asked_s = time.monotonic()
        server.request("GET", "/health")
        slowest_s = max(slowest_s, time.monotonic() - asked_s)
        time.sleep(0.1)
    took_s = time.monotonic() - since_s
    return {
        "workers": n_workers,
        "windows_per_s": round((saved(cluster) - n_before) / took_s, 1),
        "start_s": round(latency_s, 3),
        "slowest_health_s": round(slowest_s, 3),
        **{name: usage(process, before_s[name], took_s) for name, process in processes.items()},
    }


def usage(process: psutil.Process, before_s: float, took_s: float) -> str:
    cores = (sum(process.cpu_times()[:2]) - before_s) / took_s
    return f"{cores:.2f} cores, {process.memory_info().rss / 1e6:.0f} MB"


def saved(cluster: Cluster) -> int:
    """The windows on the disk."""
    files = (cluster.server.data_dir / "jobs").glob("*/segments.jsonl")
    return sum(file.read_bytes().count(b"\n") for file in files)


def run(n_workers: int) -> None:
    with tempfile.TemporaryDirectory(prefix="localwhisper-load-") as folder:
        cluster = Cluster(Path(folder))
        try:
            cluster.start_scheduler()
            cluster.server.start()
            arguments = [cluster.address, str(cluster.folder / "certificates"), folder, str(n_workers)]
            with subprocess.Popen([sys.executable, "-m", __spec__.name, "--work", *arguments]) as workers:
                try:
                    print(json.dumps(measure(cluster, n_workers)), flush=True)
                finally:
                    workers.kill()
        finally:
            cluster.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[50, 100, 200])
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        address, certificates, folder, n_workers = options.work
        asyncio.run(work(address, certificates, folder, int(n_workers)))
    for n_workers in options.workers:
        run(n_workers)


if __name__ == "__main__":
    main()
