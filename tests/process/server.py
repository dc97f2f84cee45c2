"""The real program in its own process: start, stop and kill it, and send it requests."""

import functools
import hashlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from localwhisper import paths
from localwhisper.app import SAMPLES
from localwhisper.client.multipart_form import multipart_form
from localwhisper.engine_setup import ASSETS
from tests.cpu_time import WallTime

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 120  # long enough for a busy machine


def port_of_its_own() -> int:
    """A free port that the system gives to no program that takes any: nobody else answers on it between two starts."""
    for port in random.SystemRandom().sample(range(11_000, 30_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


@dataclass(frozen=True)
class ResourceUsage:
    """The resources that a process holds."""

    descriptors: int
    threads: int
    rss_bytes: int

    def __str__(self) -> str:
        return f"{self.descriptors} descriptors, {self.threads} threads, {self.rss_bytes / 1e6:.0f} MB"


class Server:
    """One server on one data directory. Its port stays the same when it is started again."""

    program: tuple[str, ...] = (sys.executable, "-m", "localwhisper")

    def __init__(
        self, data_dir: Path, *flags: str, environ: dict[str, str] | None = None, is_warm: bool = True
    ) -> None:
        """`is_warm`: the bundled model is already unpacked and measured, as after its first use."""
        self.data_dir = data_dir
        self.port = port_of_its_own()
        self.cwd: Path | None = None
        self.base_url = ""  # if it differs from the server's own, as behind a proxy
        self.headers: dict[str, str] = {}
        self._flags = flags
        self._is_warm = is_warm
        # for clips of a few seconds, more threads would only wait for each other
        self._environ = {**os.environ, "OMP_NUM_THREADS": "1", **(environ or {})}
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def process(self) -> "subprocess.Popen[str] | None":
        return self._process

    def resource_usage(self) -> ResourceUsage:
        """The resources held by the process; on Linux only."""
        proc = Path(f"/proc/{self.pid}")
        status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
        rss_bytes = 1024 * int(status["VmRSS"].split()[0])
        return ResourceUsage(len(list((proc / "fd").iterdir())), int(status["Threads"]), rss_bytes)

    def start(self) -> "Server":
        if self._is_warm and not self.data_dir.exists():
            shutil.copytree(_used_model(), paths.engine_data(self.data_dir), copy_function=_link)
        command = [*self.program, "--no-browser", "--port", str(self.port)]
        self._process = subprocess.Popen(
            [*command, "--data-dir", str(self.data_dir), "--default-model", "demo", *self._flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self._environ,
            cwd=self.cwd,
        )
        assert self._process.stdout is not None
        output = ""
        for line in self._process.stdout:
            output += line
            if address := re.search(r"http://localhost:(\d+) ", line):
                self.port = int(address[1])
                return self
        raise AssertionError(f"the server did not start: {output}")

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send one signal; return the exit code."""
        return self._end(number)

    def seconds_to_stop(self, number: int = signal.SIGTERM) -> float:
        """Stop it, which must succeed; the time that it takes on a machine that does nothing else."""
        process = self._process
        assert process is not None
        wall = WallTime(self.pid)
        process.send_signal(number)
        while process.poll() is None:
            wall.update()
            time.sleep(0.01)
        seconds = wall.seconds
        assert self._end(number) == 0
        return seconds

    def wait(self, timeout_s: float) -> int | None:
        """The exit code of a process that exits by itself; None if it is still running."""
        assert self._process is not None
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None
        return self._end(signal.SIGKILL)

    def _end(self, number: int) -> int:
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(number)
        code = self._process.wait(TIMEOUT_S)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None
        return code

    def request(self, method: str, path: str, body: bytes | None = None, content_type: str = "") -> Any:
        """The JSON of a response, also of an error."""
        request = urllib.request.Request((self.base_url or self.url) + path, body, self.headers, method=method)
        if content_type:
            request.add_header("Content-Type", content_type)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return json.load(error)

    def get(self, path: str) -> bytes:
        """The body of a response."""
        request = urllib.request.Request((self.base_url or self.url) + path, headers=self.headers)
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            body: bytes = answer.read()
            return body

    def submit(self, audio: Path, **fields: str) -> str:
        """Submit a file; return the job's id."""
        job_id: str = self.submit_response(audio, **fields)["job_id"]
        return job_id

    def submit_response(self, audio: Path, **fields: str) -> dict[str, Any]:
        return self._answer(multipart_form(audio.read_bytes(), audio.name, fields))

    def submit_bytes(self, audio: bytes, name: str, **fields: str) -> str:
        job_id: str = self._answer(multipart_form(audio, name, fields))["job_id"]
        return job_id

    def try_submit(self, audio: bytes, name: str) -> dict[str, Any]:
        """Submit a file; return the JSON of the response, also of an error."""
        answer: dict[str, Any] = self.request("POST", "/transcribe-job", *multipart_form(audio, name, {}))
        return answer

    def _answer(self, upload: tuple[bytes, str]) -> dict[str, Any]:
        body, content_type = upload
        answer: dict[str, Any] = self.request("POST", "/transcribe-job", body, content_type)
        assert "job_id" in answer, answer
        return answer

    def job_when(self, job_id: str, *states: str, timeout_s: float = 180, ask_every_s: float = 0.05) -> dict[str, Any]:
        """Wait until the job is in one of these states; return it."""
        for _ in range(round(timeout_s / ask_every_s)):
            job: dict[str, Any] = self.request("GET", f"/job/{job_id}")
            if job.get("status") in states:
                return job
            time.sleep(ask_every_s)
        raise AssertionError(f"still {job}")

    def newest_job_when(self, state: str, filename: str) -> dict[str, Any]:
        """Wait until the newest job is that of this file and in this state; return it."""
        for _ in range(round(TIMEOUT_S / 0.05)):
            jobs: list[dict[str, Any]] = self.request("GET", "/jobs?limit=1")["jobs"]
            if jobs and (jobs[0]["status"], jobs[0]["filename"]) == (state, filename):
                return jobs[0]
            time.sleep(0.05)
        raise AssertionError(jobs)


class FakeEngineServer(Server):
    """A server with the engine of fake_engine_program.py: fast, needs no model, crashes with some recordings."""

    program = (sys.executable, "-m", "tests.process.fake_engine_program")

    def __init__(self, data_dir: Path, *flags: str, environ: dict[str, str] | None = None) -> None:
        super().__init__(data_dir, *flags, environ=environ, is_warm=False)


@functools.cache
def _used_model() -> Path:
    """The files that the first use of the bundled model leaves. Cached, because creating them takes seconds."""
    engine_hash = hashlib.sha256(version_of("torch").encode())
    for file in sorted([ASSETS / "demo.pt.xz", *(ROOT / "localwhisper" / "engine").rglob("*.py")]):
        engine_hash.update(file.read_bytes())
    cached = ROOT / ".pytest_cache" / f"used-model-{engine_hash.hexdigest()[:16]}"
    if not cached.exists():
        for outdated in cached.parent.glob("used-model-*"):
            if outdated != cached:  # which another process may have just made
                shutil.rmtree(outdated, ignore_errors=True)
        compile_kernels = "from localwhisper.engine.kernels.precompile import kernel_cache; kernel_cache().compile()"
        subprocess.run([sys.executable, "-c", compile_kernels], check=True)
        with tempfile.TemporaryDirectory() as folder:
            server = Server(Path(folder), is_warm=False).start()
            server.job_when(server.submit(SAMPLES / "en-greeting.opus"), "completed")
            server.stop()
            partial = cached.with_name(f"{os.getpid()}.partial")
            shutil.copytree(paths.engine_data(Path(folder)), partial)
        try:
            partial.rename(cached)
        except OSError:  # another process was first
            shutil.rmtree(partial)
    return cached


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
