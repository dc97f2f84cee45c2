"""What health says of the disk, also of one that doesn't answer."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.messages import Message
from localwhisper.services import health as health_module
from localwhisper.services.health import Health

QUEUE = cast("JobQueue", SimpleNamespace(is_running=True))


@pytest.fixture
def answering() -> Iterator[threading.Event]:
    """The disk answers once this is set."""
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.gen_test
async def test_a_disk_that_does_not_answer_is_a_problem_and_holds_up_nothing(
    tmp_path: Path, answering: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health_module, "PATIENCE_S", 0.05)
    monkeypatch.setattr(health_module, "UNANSWERED_S", 0)
    n_checks = 0

    def disk_problem() -> Message | None:
        nonlocal n_checks
        n_checks += 1
        answering.wait(60)
        return None

    health = Health(QUEUE, tmp_path, disk_problem)
    problems = await asyncio.wait_for(asyncio.gather(*(health.problem() for _ in range(20))), 30)
    assert {problem.code for problem in problems if problem} == {"storage_unwritable"}
    assert all(problems)
    assert n_checks == 1  # the others wait for it, instead of for threads
    answering.set()
    monkeypatch.setattr(health_module, "PATIENCE_S", 60)
    assert await health.problem() is None
    health.stop()


@pytest.mark.gen_test
async def test_while_a_busy_disk_is_waited_for_the_latest_finding_holds(
    tmp_path: Path, answering: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    findings = [Message("storage_full"), None]
    answering.set()

    def disk_problem() -> Message | None:
        answering.wait(60)
        return findings.pop(0)

    health = Health(QUEUE, tmp_path, disk_problem)
    monkeypatch.setattr(health_module, "PATIENCE_S", 60)
    assert await health.problem() == Message("storage_full")
    answering.clear()
    monkeypatch.setattr(health_module, "PATIENCE_S", 0.05)
    assert await health.problem() == Message("storage_full")
    monkeypatch.setattr(health_module, "UNANSWERED_S", 0)
    assert (await health.problem() or Message("")).code == "storage_unwritable"
    answering.set()
    monkeypatch.setattr(health_module, "PATIENCE_S", 60)
    assert await health.problem() is None
    health.stop()
