"""Ten minutes of jobs beside misbehaving clients: short, idle, slow and half-open connections by the thousand.

Afterwards the server must hold no more descriptors, threads and memory than before, and it must always have answered.
`make soak`; `python -m tests.torture.soak --seconds 60 --jobs 50 --connections 500 --idle 200`
"""

import argparse
import asyncio
import json
import os
import random
import resource
import socket
import struct
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import tornado.httpclient
import tornado.iostream
import tornado.websocket

from localwhisper.client.multipart_form import multipart_form
from tests.process.server import ResourceUsage, Server
from tests.speech import samples
from tests.torture.load import summary

PARALLEL_JOBS = 3
SOCKET_EVERY = 10  # every tenth idle connection is a WebSocket; the others send nothing
HALF_OPEN = 20
SLOW_READERS = 5
CLOSED = (OSError, asyncio.IncompleteReadError, tornado.iostream.StreamClosedError, tornado.websocket.WebSocketError)


@dataclass(frozen=True)
class Clip:
    audio: bytes
    filename: str
    text: str


@dataclass
class Soak:
    server: Server
    clips: Sequence[Clip]
    duration_s: float
    jobs: int
    connections: int
    idle: int
    rng: random.Random
    health_s: list[float] = field(default_factory=list)
    unhealthy: list[str] = field(default_factory=list)  # answers of /health other than 200
    usage: list[ResourceUsage] = field(default_factory=list)
    done: int = 0

    async def run(self) -> None:
        """First run a tenth, so that everything that is allocated only once is allocated."""
        await self._run_everything(self.duration_s / 10, max(self.jobs // 10, PARALLEL_JOBS), self.connections // 10)
        await self._settle()
        watch = asyncio.ensure_future(self._watch())
        await self._run_everything(self.duration_s, self.jobs, self.connections)
        watch.cancel()
        await self._settle()

    async def _run_everything(self, duration_s: float, n_jobs: int, n_connections: int) -> None:
        misbehaving: list[Awaitable[None]] = [
            *(self._idle_connection(duration_s, n % SOCKET_EVERY == 0) for n in range(self.idle)),
            *(self._half_open() for _ in range(HALF_OPEN)),
            *(self._slow_reader() for _ in range(SLOW_READERS)),
            self._slow_writer(),
            self._check_health(),
        ]
        tasks = [asyncio.ensure_future(client) for client in misbehaving]
        await asyncio.gather(self._jobs(n_jobs, duration_s), self._short_connections(n_connections, duration_s))
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if outcome is not None and not isinstance(outcome, asyncio.CancelledError):
                raise outcome

    async def _settle(self) -> None:
        """Wait until the server has closed all closed connections, then record its resource usage."""
        numbers: list[int] = []  # of descriptors
        for _ in range(300):
            await asyncio.sleep(0.2)
            sockets = self.server.request("GET", "/queue/info")["websockets"]["total_connections"]
            usage = self.server.resource_usage()
            numbers.append(usage.descriptors)
            is_calm = len(numbers) > 3 and len(set(numbers[-4:])) == 1
            if sockets == 0 and is_calm and (not self.usage or usage.descriptors <= self.usage[0].descriptors + 2):
                break
        self.usage.append(usage)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self.duration_s / 10)
            self.usage.append(self.server.resource_usage())
            print(f"{self.done} jobs, {self.usage[-1]}", flush=True)

    # -- jobs ----------------------------------------------------------------------------

    async def _jobs(self, n_jobs: int, within_s: float) -> None:
        """Submit jobs evenly over the time; each must end with its text. Every second one is removed."""
        free, started_s = asyncio.Semaphore(PARALLEL_JOBS), time.monotonic()

        async def run_job(n: int) -> None:
            async with free:
                await self._job(self.clips[n % len(self.clips)], keep=n % 2 == 0)

        tasks = []
        for n in range(n_jobs):
            await asyncio.sleep(started_s + n * within_s / n_jobs - time.monotonic())
            tasks.append(asyncio.ensure_future(run_job(n)))
        await asyncio.gather(*tasks)

    async def _job(self, clip: Clip, *, keep: bool) -> None:
        body, kind = multipart_form(clip.audio, clip.filename, {})
        answer = await self._fetch("POST", "/transcribe-job", body, kind)
        path = f"/job/{answer['job_id']}"
        while (job := await self._fetch("GET", path))["status"] not in ("completed", "failed", "cancelled"):
            await asyncio.sleep(0.2)
        assert job["status"] == "completed", job
        assert job["result"]["text"].strip() == clip.text, job
        if not keep:
            await self._fetch("DELETE", f"{path}?remove=true")
        self.done += 1

    async def _fetch(self, method: str, path: str, body: bytes | None = None, kind: str = "text/plain") -> dict:
        request = tornado.httpclient.HTTPRequest(
            self.server.url + path, method=method, body=body, headers={"Content-Type": kind}, request_timeout=60
        )
        answer = await tornado.httpclient.AsyncHTTPClient(max_clients=100).fetch(request)
        return dict(json.loads(answer.body))

    async def _check_health(self) -> None:
        while True:
            started_s = time.monotonic()
            try:
                await self._fetch("GET", "/health")
            except tornado.httpclient.HTTPClientError as error:
                body = error.response.body.decode() if error.response else ""
                self.unhealthy.append(f"{error} after {time.monotonic() - started_s:.2f} s: {body}")
                print(self.unhealthy[-1], flush=True)
            self.health_s.append(time.monotonic() - started_s)
            await asyncio.sleep(0.1)

    # -- misbehaving clients -------------------------------------------------------------

    async def _short_connections(self, n_connections: int, within_s: float) -> None:
        """Open connections and close them in every possible way."""
        ways: list[Callable[[], Awaitable[None]]] = [
            self._get,
            self._hang_up,
            self._reset,
            self._socket_hangs_up,
            self._half_an_upload,
        ]
        started_s, tasks = time.monotonic(), set()
        for n in range(n_connections):
            await asyncio.sleep(started_s + n * within_s / n_connections - time.monotonic())
            task = asyncio.ensure_future(self.rng.choice(ways)())
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.server.port)

    async def _get(self) -> None:
        reader, writer = await self._open()
        writer.write(b"GET /jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        writer.close()

    async def _hang_up(self) -> None:
        _, writer = await self._open()
        writer.write(b"GET /jobs HTTP/1.1\r\nHost: localhost\r\n\r\n")
        writer.close()

    async def _reset(self) -> None:
        _, writer = await self._open()
        writer.write(b"GET /jobs HTT")
        opened = writer.get_extra_info("socket")
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def _socket_hangs_up(self) -> None:
        reader, writer = await self._open()
        writer.write(UPGRADE)
        assert b" 101 " in await reader.readline()
        writer.transport.abort()

    async def _half_an_upload(self) -> None:
        _, writer = await self._open()
        writer.write(HALF_UPLOAD)
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close()

    async def _idle_connection(self, duration_s: float, is_socket: bool) -> None:
        """A connection that sends nothing; when the server closes it, open another one."""
        await asyncio.sleep(self.rng.random() * min(5, duration_s / 4))
        while True:
            with suppress(*CLOSED):
                if is_socket:
                    connection = await tornado.websocket.websocket_connect(
                        f"ws://localhost:{self.server.port}/ws/queue"
                    )
                    try:
                        while await connection.read_message() is not None:
                            pass
                    finally:
                        connection.close()
                else:
                    reader, writer = await self._open()
                    try:
                        await reader.read()
                    finally:
                        writer.close()
            await asyncio.sleep(1)

    async def _half_open(self) -> None:
        """Send a request and never read the response."""
        _, writer = await self._open()
        writer.write(self.rng.choice([UPGRADE, b"GET /jobs HTTP/1.1\r\nHost: localhost\r\n\r\nGET /jo"]))
        try:
            await asyncio.sleep(3600)
        finally:
            writer.transport.abort()

    async def _slow_reader(self) -> None:
        """Send many requests, and read a kilobyte of the responses per second."""
        while True:
            with suppress(*CLOSED):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port, limit=1024)
                try:
                    writer.write(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)
                    while await reader.read(1024):
                        await asyncio.sleep(1)
                finally:
                    writer.transport.abort()

    async def _slow_writer(self) -> None:
        while True:
            with suppress(*CLOSED):
                _, writer = await self._open()
                try:
                    for byte in HALF_UPLOAD:
                        writer.write(bytes([byte]))
                        await writer.drain()
                        await asyncio.sleep(1)
                finally:
                    writer.close()


UPGRADE = (
    b"GET /ws/queue HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
HALF_UPLOAD = (
    b"POST /transcribe-job HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nhalf'
)


def soak(
    server: Server, clips: Sequence[Clip], *, duration_s: float, jobs: int, connections: int, idle: int
) -> tuple[list[ResourceUsage], list[float]]:
    """The server's resource usage, from before to after, and the response times of /health in seconds."""
    run = Soak(server, clips, duration_s, jobs, connections, idle, random.Random(jobs))
    asyncio.run(run.run())
    assert list((server.data_dir / "incoming").iterdir()) == []
    assert run.unhealthy == []
    return run.usage, run.health_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--connections", type=int, default=5000)
    parser.add_argument("--idle", type=int, default=2000)
    parser.add_argument("--most-mb", type=float, default=30, help="by how much memory may grow in the second half")
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    clips = [Clip(path.read_bytes(), path.name, text) for path, text in samples().items()]
    with tempfile.TemporaryDirectory(prefix="localwhisper-soak-") as folder:
        server = Server(Path(folder) / "data").start()
        try:
            usage, health_s = soak(
                server,
                clips,
                duration_s=options.seconds,
                jobs=options.jobs,
                connections=options.connections,
                idle=options.idle,
            )
        finally:
            server.kill()
    before, middle, after = usage[0], usage[len(usage) // 2], usage[-1]
    print(f"{options.jobs} jobs, {options.connections} connections, {options.idle} idle ones, {os.cpu_count()} cores")
    print(f"before {before}\nmiddle {middle}\nafter  {after}")
    print(summary("GET /health", health_s))
    assert after.descriptors <= before.descriptors + 2, "descriptors leak"
    assert after.threads <= before.threads + 2, "threads leak"
    # in the first half, the allocator grows to what so many connections need
    assert after.rss_bytes <= middle.rss_bytes + options.most_mb * 1e6, "memory leaks"


if __name__ == "__main__":
    main()
