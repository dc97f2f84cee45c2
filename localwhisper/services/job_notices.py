"""Tells other programs that a job has ended: by a request to configured addresses, or by a configured command.

Requests are those of the Standard Webhooks specification: signed, retried with growing delays, also after a restart.
Only the configured addresses are asked: no redirect is followed, and no proxy is used.
"""

import asyncio
import base64
import hashlib
import hmac
import http.client
import json
import logging
import subprocess
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from localwhisper.audio.process_group import GroupedProcess
from localwhisper.errors import LocalWhisperError
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobs.events import Event, JobChanged
from localwhisper.jobs.job import Job, JobState
from localwhisper.store.notices import NoticeStore

DELAYS_S = (5.0, 30.0, 300.0, 1800.0, 7200.0)  # before each repetition
TIMEOUT_S = 15.0  # of a request
COMMAND_TIMEOUT_S = 60.0
N_THREADS = 2
log = logging.getLogger(__name__)
Json = Mapping[str, Any]


class JobNotices:
    """Threading: the event loop's thread only; requests and commands run on other threads."""

    def __init__(
        self,
        bus: EventBus,
        store: NoticeStore,
        *,
        urls: Sequence[str],
        secret: str | None,
        command: Sequence[str],
        describe: Callable[[Job], Json],
        note_told: Callable[[Job], Awaitable[None]],
        delays_s: Sequence[float] = DELAYS_S,
    ) -> None:
        """`describe`: a job as the API's JSON. `note_told`: called once a job's notices are kept and its command has
        begun; until then its record says that they are due."""
        self._store = store
        self._urls = urls
        self._secret = secret
        self._command = command
        self._describe = describe
        self._note_told = note_told
        self._delays_s = delays_s
        self._tasks: set[asyncio.Task[None]] = set()
        self._telling: set[str] = set()  # of which ends of jobs, as their keys
        self._delivering: set[str] = set()  # ids of notices
        self._threads = ThreadPoolExecutor(N_THREADS, thread_name_prefix="notice")
        self._lock = threading.Lock()  # of the next two
        self._running: set[GroupedProcess] = set()
        self._is_stopped = False
        self._unsubscribe = bus.subscribe(self._on_event) if urls or command else lambda: None

    async def start(self, jobs: Iterable[Job] = ()) -> None:
        """Deliver what an earlier run couldn't, and tell of those of these jobs of which it didn't."""
        if self._urls:
            try:
                notices = await self._run(self._store.load)
            except LocalWhisperError as error:
                log.warning("notices of an earlier run can't be delivered: %s", error)
                notices = {}
            for notice_id, notice in notices.items():
                self._begin_delivery(notice_id, notice)
        if self._urls or self._command:
            for job in [job for job in jobs if job.notice_due]:
                self._begin_telling(job)

    def stop(self) -> None:
        """What isn't delivered yet is tried again after the next start. Commands that run are ended."""
        self._unsubscribe()
        with self._lock:
            self._is_stopped = True
            for process in self._running:
                process.kill()
        for task in self._tasks:
            task.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _on_event(self, event: Event) -> None:
        match event:
            case JobChanged(job=Job(state=JobState.COMPLETED | JobState.FAILED | JobState.CANCELLED) as job):
                self._begin_telling(job)

    def _begin_telling(self, job: Job) -> None:
        if _key(job) not in self._telling:
            self._telling.add(_key(job))
            self._begin(self._tell(job))

    def _begin_delivery(self, notice_id: str, notice: Json) -> None:
        if notice_id not in self._delivering:
            self._delivering.add(notice_id)
            self._begin(self._deliver(notice_id, notice))

    def _begin(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, job: Job) -> None:
        """After a kill it is told again: with the same ids, since its receivers may have been told."""
        content = {"type": f"job.{job.state.value}", "data": self._describe(job)}
        began = asyncio.Event()
        if self._command:
            on_begin = partial(asyncio.get_running_loop().call_soon_threadsafe, began.set)
            self._begin(self._run(self._run_command, job, json.dumps(content).encode(), on_begin))
        notices = {_notice_id(job, url): {"url": url, "attempts": 0, "content": content} for url in self._urls}
        for notice_id in notices.keys() - self._delivering:  # all are kept before the first is sent: it may be slow
            await self._keep(notice_id, notices[notice_id])
        for notice_id, notice in notices.items():
            self._begin_delivery(notice_id, notice)
        if self._command:
            await began.wait()
        try:
            await self._note_told(job)
        except LocalWhisperError as error:
            log.warning("the end of job %s will be told again: %s", job.id, error)
        self._telling.discard(_key(job))

    async def _deliver(self, notice_id: str, notice: Json) -> None:
        """Send a notice until it is accepted, or there were enough attempts; then it is removed."""
        url, n_attempts = notice.get("url"), notice.get("attempts", 0)
        # the address may have been taken out
        is_valid = url in self._urls and isinstance(n_attempts, int) and n_attempts >= 0
        while is_valid and not await self._run(_send, url, self._secret, notice_id, notice.get("content")):
            if n_attempts >= len(self._delays_s):
                log.error("%s has not accepted a notice in %d attempts", url, n_attempts + 1)
                break
            delay_s = self._delays_s[n_attempts]
            n_attempts += 1
            await self._keep(notice_id, {**notice, "attempts": n_attempts})
            await asyncio.sleep(delay_s)
        await self._keep(notice_id, None)
        self._delivering.discard(notice_id)

    async def _keep(self, notice_id: str, notice: Json | None) -> None:
        try:
            if notice is None:
                await self._run(self._store.remove, notice_id)
            else:
                await self._run(self._store.save, notice_id, notice)
        except LocalWhisperError as error:
            log.warning("a notice can't be kept: %s", error)

    def _run_command(self, job: Job, content: bytes, on_begin: Callable[[], object]) -> None:
        """Run the command with the job's id and state as arguments, and its JSON as input."""
        command = self._command
        with self._lock:
            if self._is_stopped:
                return
            try:
                arguments = [*command, job.id, job.state.value]
                process = GroupedProcess(arguments, stderr=subprocess.STDOUT, stdin=subprocess.PIPE)
            except OSError as error:
                log.warning("%s can't be run: %s", command[0], error)
                return
            finally:
                on_begin()
            self._running.add(process)
        try:
            output, _ = process.communicate(content, timeout=COMMAND_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            log.warning("%s was ended: it took more than %.0f s", command[0], COMMAND_TIMEOUT_S)
            return
        finally:
            with self._lock:
                self._running.discard(process)
            process.close()
        if process.returncode:
            log.warning("%s ended with %d: %s", command[0], process.returncode, output[-500:].decode(errors="replace"))

    async def _run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)


def _key(job: Job) -> str:
    """Identify one end of a job, which may be retried."""
    return f"{job.id} {job.state.value} {job.completed_at}"


def _notice_id(job: Job, url: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{_key(job)} {url}").hex


def signature(secret: str, notice_id: str, timestamp: str, body: bytes) -> str:
    """Return the value of the header webhook-signature."""
    signed = f"{notice_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256)).decode()


def _send(url: str, secret: str | None, notice_id: str, content: Json) -> bool:
    """Return whether the address has accepted the notice, with any status of success."""
    parts = urlsplit(url)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    body, timestamp = json.dumps(content).encode(), str(int(time.time()))
    headers = {"Content-Type": "application/json", "webhook-id": notice_id, "webhook-timestamp": timestamp}
    if secret is not None:
        headers["webhook-signature"] = signature(secret, notice_id, timestamp, body)
    connection = connect(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    try:
        connection.request("POST", f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", body, headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:
        log.warning("%s: a notice could not be sent: %s", parts.hostname, error)
        return False
    finally:
        connection.close()
    if not 200 <= status < 300:
        log.warning("%s answered a notice with %d", parts.hostname, status)
    return 200 <= status < 300
