"""A clock that jumps by hours, because it is set or the machine slept: order, times and estimates stay right."""

from datetime import datetime, timedelta, timezone

import pytest

from tests.conftest import Serve
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test
START = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)


class Clock:
    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time


@pytest.mark.parametrize("jump", [timedelta(hours=9), timedelta(hours=-9)], ids=["forwards", "backwards"])
async def test_times_and_order_stay_right_when_the_clock_jumps_during_work(
    serve: Serve, engine: StepEngine, jump: timedelta
) -> None:
    clock = Clock()
    client = await serve(max_concurrent_jobs=1, now=clock)
    ids = [await client.new_job() for _ in range(2)]
    socket = await client.socket(f"/ws/transcription/{ids[0]}")
    engine.step()
    await socket.until("segment")
    clock.time += jump
    ids.append(await client.new_job())
    engine.step()
    progress = (await socket.until("progress"))["data"]
    assert 0 <= progress["estimated_time_remaining"] < 60
    for job_id in ids[1:]:
        assert 0 <= (await client.get(f"/job/{job_id}")).json["estimated_time_remaining"] < 60
    engine.release()
    assert (await socket.rest())[-1]["type"] == "completed"
    jobs = [await client.job_when(job_id, "completed") for job_id in ids]
    assert [job["job_id"] for job in (await client.get("/jobs")).json["jobs"]] == ids[::-1]
    for job in jobs:
        assert job["created_at"] <= job["started_at"] <= job["completed_at"]
    assert jobs[0]["completed_at"] <= jobs[1]["completed_at"] <= jobs[2]["completed_at"]


async def test_times_and_order_stay_right_when_the_clock_jumps_between_starts(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    clock = Clock()
    client = await serve(now=clock)
    first = await client.new_job()
    await client.job_when(first, "completed")
    await client.close()
    clock.time -= timedelta(hours=9)
    client = await serve(now=clock)
    second = await client.new_job()
    await client.job_when(second, "completed")
    assert [job["job_id"] for job in (await client.get("/jobs")).json["jobs"]] == [second, first]
