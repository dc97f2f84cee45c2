"""A cluster of real processes on this machine: a scheduler, workers and a server, started and killed one by one."""

import functools
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from localwhisper.atomic import write_atomically
from localwhisper.distributed.certificates import make_certificates
from tests.distributed.link import Link
from tests.distributed.worker_program import HOLD, LOG
from tests.http_client import wav
from tests.process.server import TIMEOUT_S, Server, port_of_its_own


def wait_until(condition: Callable[[], object], what: str = "") -> None:
    until_s = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < until_s, what or condition
        time.sleep(0.05)


class Cluster:
    def __init__(self, folder: Path, server: type[Server] = Server) -> None:
        self.folder = folder
        self.control = folder / "control"
        self.control.mkdir()
        make_certificates(folder / "certificates")
        self._port = port_of_its_own()
        self._links: list[Link] = []
        self.link = self.new_link()  # of the server, and of workers without one of their own
        self.flags = self.flags_for(self.link)
        self.address = self.flags[1]
        flags = (*self.flags, "--model-dir", str(folder / "models"))
        self.server = server(folder / "data", *flags, is_warm=False)
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []

    def new_link(self) -> Link:
        """Another one to the scheduler."""
        self._links.append(Link(self._port))
        return self._links[-1]

    def flags_for(self, link: Link) -> tuple[str, ...]:
        return self._flags(link.port)

    def _flags(self, port: int) -> tuple[str, ...]:
        certificates = str(self.folder / "certificates")
        return ("--scheduler", f"tls://127.0.0.1:{port}", "--cluster-certificates", certificates)

    def start_scheduler(self) -> None:
        self.scheduler = self._start("localwhisper", "cluster", "scheduler", *self._flags(self._port))

    def start_worker(
        self, program: str = "tests.distributed.worker_program", *flags: str, **environ: str
    ) -> "subprocess.Popen[bytes]":
        """A worker for one job at once, with an engine that files control; `localwhisper` has the real one."""
        data_dir = ("--data-dir", str(self.folder / "worker"), "--model-dir", str(self.folder / "worker-models"))
        arguments = ("worker", *data_dir, "--max-concurrent-jobs", "1", *self.flags, *flags)
        worker = self._start(program, *arguments, CONTROL=str(self.control), **environ)
        self.workers.append(worker)
        return worker

    def _start(self, module: str, *arguments: str, **environ: str) -> "subprocess.Popen[bytes]":
        with open(self.folder / "output", "ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                env={**os.environ, **environ},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def output(self) -> str:
        """What the scheduler and the workers have printed."""
        return (self.folder / "output").read_text()

    def hold(self, seconds: int | None = None, after: int = 0) -> None:
        """Let no window be decoded until go_on(), or of recordings of this length only so many."""
        if seconds is None:
            (self.control / HOLD).touch()
        else:
            write_atomically(self.control / f"{HOLD}-{seconds}", str(after).encode())

    def go_on(self, seconds: int | None = None) -> None:
        """End this hold, or all of them."""
        for hold in self.control.glob(f"{HOLD}*" if seconds is None else f"{HOLD}-{seconds}"):
            hold.unlink()

    def log(self) -> list[list[str]]:
        """The lines of the workers' log: process id, name of the recording, window, "helps" or "stopped", folder."""
        with suppress(FileNotFoundError):
            return [line.split() for line in (self.control / LOG).read_text().splitlines()]
        return []

    def decoded(self) -> Counter[tuple[str, str]]:
        """How often each window of each recording was decoded."""
        return Counter((name, number) for _, name, number, _ in self.log() if number.isdigit())

    def members(self) -> dict[int, dict[str, Any]]:
        """The workers in /queue/info, by process id."""
        info = self.server.request("GET", "/queue/info")
        return {int(worker["name"].rsplit("-", 1)[1].split(".")[0]): worker for worker in info["workers"]}

    def wait_for_workers(self, *workers: "subprocess.Popen[bytes]") -> None:
        """Wait until exactly these are there and get jobs."""
        pids = {worker.pid for worker in workers}
        wait_until(
            lambda: {pid for pid, worker in self.members().items() if worker["problem"] is None} == pids, self.output()
        )

    def worker_of(self, job_id: str) -> "subprocess.Popen[bytes] | None":
        for pid, worker in self.members().items():
            if job_id in worker["jobs"]:
                return next(each for each in self.workers if each.pid == pid)
        return None

    def n_windows(self, job_id: str) -> int:
        """How many windows of a job the server has saved."""
        with suppress(FileNotFoundError):
            return (self.server.data_dir / "jobs" / job_id / "segments.jsonl").read_bytes().count(b"\n")
        return 0

    def kill_scheduler(self) -> None:
        assert self.scheduler is not None
        end(self.scheduler, signal.SIGKILL)

    def close(self) -> None:
        self.server.kill()
        for process in (*self.workers, self.scheduler):
            if process is not None:
                end(process, signal.SIGKILL)
        for link in self._links:
            link.close()


def end(process: "subprocess.Popen[bytes]", number: int) -> int:
    if process.poll() is None:
        process.send_signal(number)
    return process.wait(TIMEOUT_S)


@functools.cache
def recording(seconds: int) -> bytes:
    return wav(seconds, rate=1000)


def name_of(seconds: int) -> str:
    """The name of that recording in the workers' log."""
    return hashlib.sha256(recording(seconds)).hexdigest()


def expected_text(n_windows: int) -> str:
    return "".join(f" part {number}" for number in range(n_windows))
