"""How long jobs will take, on a long queue."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from localwhisper.app import utc_now
from localwhisper.jobs import estimates
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


@pytest.fixture
def n_estimated(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often the work of a single job was estimated."""
    count = [0]
    work_s = estimates.work_s

    def counting(*args: object) -> float:
        count[0] += 1
        return work_s(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(estimates, "work_s", counting)
    return count


async def test_a_page_of_jobs_walks_through_the_queue_once(
    serve: Serve, engine: StepEngine, n_estimated: list[int]
) -> None:
    client = await serve(max_concurrent_jobs=1)
    await client.job_when(await client.new_job(), "processing")
    fill(client)
    n_estimated[0] = 0
    jobs = (await client.get(f"/jobs?limit={PAGE}")).json["jobs"]
    assert len(jobs) == PAGE
    assert n_estimated[0] <= N_QUEUED + PAGE + 2
    n_estimated[0] = 0
    again = (await client.get(f"/jobs?limit={PAGE}")).json["jobs"]
    assert n_estimated[0] <= PAGE
    assert again == jobs


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
