"""Webhooks and the command at the end of a job, on a server's event loop and real sockets."""

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.jobs.events import JobChanged
from localwhisper.jobs.job import Job, JobState
from localwhisper.services.job_notices import JobNotices
from localwhisper.settings import load
from localwhisper.store.notices import NoticeStore
from tests.conftest import Serve
from tests.step_engine import StepEngine
from tests.store import samples

pytestmark = pytest.mark.gen_test
SECRET = "a secret"


class Receiver:
    """Takes requests, and answers with the given statuses, then with 200."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("Location", f"http://localhost:{receiver.port}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook?a=1"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def new_notices(tmp_path: Path) -> Iterator[Callable[..., tuple[JobNotices, EventBus]]]:
    started: list[JobNotices] = []

    async def note_told(job: Job) -> None:
        pass

    def new(
        urls: Sequence[str] = (), command: Sequence[str] = (), delay_s: float = 0.02
    ) -> tuple[JobNotices, EventBus]:
        bus, store = EventBus(), NoticeStore(tmp_path / "notices")
        notices = JobNotices(
            bus,
            store,
            urls=urls,
            secret=SECRET,
            command=command,
            describe=lambda job: {"job_id": job.id},
            note_told=note_told,
            delays_s=(delay_s, delay_s),
        )
        started.append(notices)
        return notices, bus

    yield new
    for notices in started:
        notices.stop()


def ended(state: JobState = JobState.COMPLETED) -> Job:
    return samples.job(state=state)


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


def files(tmp_path: Path) -> list[Path]:
    """Without one that is just being written."""
    return list((tmp_path / "notices").glob("*.json"))


async def test_the_end_of_a_job_is_told_and_signed(
    receiver: Receiver, new_notices: Callable[..., tuple[JobNotices, EventBus]], tmp_path: Path
) -> None:
    notices, bus = new_notices([receiver.url])
    await notices.start()
    job = ended()
    for state in (JobState.QUEUED, JobState.PROCESSING):
        bus.publish(JobChanged(job=samples.job(state=state)))
    bus.publish(JobChanged(job=job))
    await until(lambda: receiver.received and not files(tmp_path))
    ((headers, body),) = receiver.received
    assert json.loads(body) == {"type": "job.completed", "data": {"job_id": job.id}}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


async def test_what_is_not_accepted_is_repeated_and_no_redirect_is_followed(
    receiver: Receiver, new_notices: Callable[..., tuple[JobNotices, EventBus]], tmp_path: Path
) -> None:
    receiver.statuses = [302, 500]
    _, bus = new_notices([receiver.url])
    bus.publish(JobChanged(job=ended(JobState.FAILED)))
    await until(lambda: len(receiver.received) == 3 and not files(tmp_path))
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
    receiver.statuses = [500] * 9
    bus.publish(JobChanged(job=ended()))
    await until(lambda: len(receiver.received) == 6 and not files(tmp_path))  # then it is given up


async def test_after_a_restart_it_is_still_told(
    receiver: Receiver, new_notices: Callable[..., tuple[JobNotices, EventBus]], tmp_path: Path
) -> None:
    away = "http://127.0.0.1:9/hook"
    notices, bus = new_notices([away], delay_s=60)
    bus.publish(JobChanged(job=ended()))
    await until(lambda: [json.loads(file.read_text())["attempts"] for file in files(tmp_path)] == [1])
    notices.stop()
    (file,) = files(tmp_path)
    file.write_text(file.read_text().replace(away, receiver.url))
    (tmp_path / "notices" / f"{'0' * 32}.json").write_text("damaged")
    other = {"url": "http://127.0.0.1:9/taken-out", "attempts": 0, "content": {}}
    (tmp_path / "notices" / f"{'1' * 32}.json").write_text(json.dumps(other))
    notices, _ = new_notices([receiver.url])
    await notices.start()
    await until(lambda: not files(tmp_path))
    assert [json.loads(body)["type"] for _, body in receiver.received] == ["job.completed"]


async def test_a_kill_right_after_a_job_s_end_loses_no_notice(
    receiver: Receiver, serve: Serve, engine: StepEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its record says that one is due, until it is kept; what is told twice meanwhile has the same id."""
    engine.release()
    end_command = f"{sys.executable} -c pass"
    with monkeypatch.context() as killed:
        killed.setattr(JobNotices, "_on_event", lambda *_: None)
        client = await serve(webhooks=receiver.url, job_end_command=end_command)
        job_id = await client.new_job()
        await client.job_when(job_id, "completed")
        await client.close()
    with monkeypatch.context() as killed:
        killed.setattr(JobQueue, "note_done", never)
        client = await serve(webhooks=receiver.url, job_end_command=end_command)
        await until(lambda: len(receiver.received) == 1)
        await client.close()
    client = await serve(webhooks=receiver.url, job_end_command=end_command)
    await until(lambda: len(receiver.received) == 2)
    await until(lambda: not client.app.queue.index.get(job_id).notice_due and not files(tmp_path / "data"))
    (first, body), (again, same) = receiver.received
    assert (first["webhook-id"], json.loads(body)["data"]["job_id"]) == (again["webhook-id"], job_id)
    assert body == same
    await client.close()
    client = await serve(webhooks=receiver.url)
    await client.job_when(await client.new_job(), "completed")
    await until(lambda: len(receiver.received) == 3)
    assert json.loads(receiver.received[2][1])["data"]["job_id"] != job_id


async def never(*_: object, **__: object) -> None:
    await asyncio.Event().wait()


async def test_a_job_that_ends_as_the_server_starts_is_told_of_once(
    receiver: Receiver, new_notices: Callable[..., tuple[JobNotices, EventBus]], tmp_path: Path
) -> None:
    notices, bus = new_notices([receiver.url])
    job = replace(ended(JobState.FAILED), notice_due=True)
    bus.publish(JobChanged(job=job))
    await notices.start([job])
    await until(lambda: receiver.received and not files(tmp_path))
    assert len(receiver.received) == 1


async def test_notices_that_can_not_be_read_or_removed_stop_no_start(
    new_notices: Callable[..., tuple[JobNotices, EventBus]], receiver: Receiver, tmp_path: Path
) -> None:
    folder = tmp_path / "notices"
    (folder / f"{'a' * 32}.json").mkdir(parents=True)
    (folder / f"{'b' * 32}.json").write_text('{"url": ')
    left = {"url": receiver.url, "attempts": 0, "content": {"type": "job.completed"}}
    (folder / f"{'c' * 32}.json").write_text(json.dumps(left))
    notices, _ = new_notices([receiver.url])
    await notices.start()
    await until(lambda: receiver.received)
    await until(lambda: [path.name[0] for path in folder.iterdir()] == ["a"])


async def test_an_address_that_does_not_answer_delays_no_other(
    receiver: Receiver, new_notices: Callable[..., tuple[JobNotices, EventBus]], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and never answers
        _, bus = new_notices([f"http://127.0.0.1:{silent.getsockname()[1]}/", receiver.url])
        bus.publish(JobChanged(job=ended()))
        await until(lambda: receiver.received and len(files(tmp_path)) == 1)


async def test_a_command_that_runs_is_ended_with_the_server(
    new_notices: Callable[..., tuple[JobNotices, EventBus]], tmp_path: Path
) -> None:
    started = tmp_path / "started"
    script = f"import time; open({str(started)!r}, 'w').close(); time.sleep(60)"
    notices, bus = new_notices([], [sys.executable, "-c", script])
    bus.publish(JobChanged(job=ended()))
    await until(started.exists)
    notices.stop()
    await until(lambda: not any(thread.name.startswith("notice") for thread in threading.enumerate()))


async def test_a_command_gets_the_job(new_notices: Callable[..., tuple[JobNotices, EventBus]], tmp_path: Path) -> None:
    output = tmp_path / "output"
    script = f"import sys; open({str(output)!r}, 'w').write(' '.join(sys.argv[1:]) + sys.stdin.read())"
    _, bus = new_notices([], [sys.executable, "-c", script])
    job = ended(JobState.CANCELLED)
    bus.publish(JobChanged(job=job))
    await until(lambda: output.exists() and output.read_text())
    assert output.read_text() == f"{job.id} cancelled" + json.dumps(
        {"type": "job.cancelled", "data": {"job_id": job.id}}
    )


async def test_a_command_that_fails_or_is_missing_is_logged(
    new_notices: Callable[..., tuple[JobNotices, EventBus]], caplog: pytest.LogCaptureFixture
) -> None:
    for command in (["/nonexistent/program"], [sys.executable, "-c", "raise SystemExit('no disk')"]):
        _, bus = new_notices([], command)
        bus.publish(JobChanged(job=ended()))
    await until(lambda: "can't be run" in caplog.text and "no disk" in caplog.text)


async def test_settings_have_addresses_and_a_command_with_arguments() -> None:
    settings = load({"webhooks": "https://a.example/x?y=1, http://[::1]:8/", "job_end_command": "notify 'a b'"}, {})
    assert settings.webhooks == ("https://a.example/x?y=1", "http://[::1]:8/")
    assert settings.job_end_command == ("notify", "a b")
