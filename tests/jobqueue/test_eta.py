"""How long jobs will take, on a long queue."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from localwhisper.app import utc_now
from localwhisper.jobs import estimates
from localwhisper.jobs.job import Job
from tests.conftest import Serve
from tests.http_client import Client
from tests.jobs import samples
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test
N_QUEUED, PAGE = 300, 200


def fill(client: Client) -> None:
    """Queue many jobs, in memory only, behind those that are running."""
    for number in range(N_QUEUED):
        client.app.queue.index.put(
            replace(
                samples.job(str(uuid.uuid4()), duration_s=60.0 + number, model="demo"),
                created_at=utc_now() + timedelta(seconds=number),
            )
        )


@dataclass
class Count:
    estimated: int = 0  # how often the work of a single job was estimated
    walked: int = 0  # jobs whose place in the queue was looked at


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Count:
    count = Count()
    work_s, waits_s = estimates.work_s, estimates.waits_s

    def estimating(*args: Any) -> float:
        count.estimated += 1
        return work_s(*args)

    def walking(queued: Sequence[Job], *args: Any) -> Mapping[str, float]:
        count.walked += len(queued)
        return waits_s(queued, *args)

    monkeypatch.setattr(estimates, "work_s", estimating)
    monkeypatch.setattr(estimates, "waits_s", walking)
    return count


async def test_a_page_of_jobs_walks_through_the_queue_once(serve: Serve, engine: StepEngine, count: Count) -> None:
    """And not at all while nothing changes; when a job leaves, the work of the others isn't estimated again."""
    client = await serve(max_concurrent_jobs=1)
    running = await client.new_job()
    while (await client.get(f"/job/{running}")).json["message"] != "Processing segment 1/3":  # it changes no more
        await asyncio.sleep(0.01)
    fill(client)

    async def page() -> tuple[list[dict[str, Any]], int, int]:
        count.estimated = count.walked = 0
        jobs = (await client.get(f"/jobs?limit={PAGE}")).json["jobs"]
        return jobs, count.estimated - len(jobs), count.walked

    jobs, n_estimated, n_walked = await page()
    assert (len(jobs), n_walked) == (PAGE, N_QUEUED)
    assert n_estimated <= N_QUEUED + 2
    again, n_estimated, n_walked = await page()
    assert (again, n_walked) == (jobs, 0)
    assert n_estimated <= 0
    await client.fetch("DELETE", f"/job/{jobs[-1]['job_id']}")
    _, n_estimated, n_walked = await page()
    assert n_walked == N_QUEUED - 1
    assert n_estimated <= 2


async def test_estimates_follow_the_queue(serve: Serve, engine: StepEngine) -> None:
    client = await serve(max_concurrent_jobs=1)
    await client.job_when(await client.new_job(), "processing")
    fill(client)
    last, before = (await client.get(f"/jobs?limit={PAGE}")).json["jobs"][:2]
    assert last["queue_position"] == N_QUEUED
    assert last["estimated_time_remaining"] > before["estimated_time_remaining"]
    await client.fetch("DELETE", f"/job/{before['job_id']}")
    after = (await client.get(f"/job/{last['job_id']}")).json
    assert after["queue_position"] == N_QUEUED - 1
    assert after["estimated_time_remaining"] < last["estimated_time_remaining"]
