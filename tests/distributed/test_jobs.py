"""Jobs on a cluster of real processes: where they run, what comes back, cancelling, pausing, draining."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cpu_time import WallTime
from tests.distributed.cluster import Cluster, end, expected_text, name_of, recording, wait_until

LONG_S = 40  # longer than a clip, so that clips go first


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A worker that shares the server's disk, and one that doesn't."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.start_scheduler()
        cluster.start_worker()
        cluster.start_worker(PRIVATE_DISK="1")
        cluster.server.start()
        cluster.wait_for_workers(*cluster.workers)
        yield cluster
    finally:
        cluster.close()


@pytest.fixture(autouse=True)
def _not_held(cluster: Cluster) -> Iterator[None]:
    yield
    cluster.go_on()


def submit(cluster: Cluster, seconds: int) -> str:
    return cluster.server.submit_bytes(recording(seconds), "a.wav", model="demo")


def test_jobs_run_on_all_workers_and_come_back_whole(cluster: Cluster) -> None:
    cluster.hold()
    ids = {seconds: submit(cluster, seconds) for seconds in (3, 4)}
    waiting = submit(cluster, 5)
    wait_until(lambda: sorted(len(worker["jobs"]) for worker in cluster.members().values()) == [1, 1])
    assert cluster.server.request("GET", f"/job/{waiting}")["status"] == "queued"
    cluster.go_on()
    for seconds, job_id in {**ids, 5: waiting}.items():
        job = cluster.server.job_when(job_id, "completed", "failed")
        assert job["result"]["text"].rstrip() == expected_text(seconds)
    heard = {name for _, name, _, _ in cluster.log()}
    assert {name_of(seconds) for seconds in ids} <= heard


def test_a_copy_of_the_audio_is_removed_after_the_job(cluster: Cluster) -> None:
    private = cluster.workers[1]
    folders = [Path(folder) for pid, _, _, folder in cluster.log() if pid == str(private.pid)]
    assert folders
    assert not any(folder.is_relative_to(cluster.server.data_dir) for folder in folders)
    wait_until(lambda: not any(folder.exists() for folder in folders))


def test_cancelling_frees_the_worker_within_a_second(cluster: Cluster) -> None:
    cluster.hold()
    job_id = submit(cluster, 6)
    wait_until(lambda: cluster.server.request("GET", f"/job/{job_id}")["message"] == "Loading model demo")
    assert cluster.scheduler is not None
    wall = WallTime(cluster.server.pid, cluster.scheduler.pid, *(worker.pid for worker in cluster.workers))
    assert cluster.server.request("DELETE", f"/job/{job_id}")["status"] == "cancelled"
    wait_until(lambda: any(line[1:3] == [name_of(6), "stopped"] for line in cluster.log()))
    assert wall.seconds < 1


def test_a_clip_goes_before_long_recordings_which_then_go_on(cluster: Cluster) -> None:
    for seconds in (LONG_S, LONG_S + 1):
        cluster.hold(seconds, after=2)
    long = {seconds: submit(cluster, seconds) for seconds in (LONG_S, LONG_S + 1)}
    wait_until(lambda: all(cluster.n_windows(job_id) for job_id in long.values()))
    cluster.server.job_when(submit(cluster, 7), "completed")
    cluster.go_on()
    for seconds, job_id in long.items():
        job = cluster.server.job_when(job_id, "completed", "failed")
        assert job["result"]["text"].rstrip() == expected_text(seconds)


def test_a_paused_job_goes_on_where_a_worker_is_free(cluster: Cluster) -> None:
    clip_s, first_s, second_s = 8, LONG_S + 2, LONG_S + 3
    cluster.hold(clip_s)
    cluster.hold(first_s)
    cluster.hold(second_s, after=2)
    first, second = submit(cluster, first_s), submit(cluster, second_s)
    wait_until(lambda: cluster.worker_of(first) and cluster.n_windows(second))
    clip = submit(cluster, clip_s)  # takes the place of the job that came last
    wait_until(lambda: cluster.worker_of(clip))
    assert cluster.worker_of(clip) is cluster.worker_of(second)
    there = cluster.worker_of(first)
    cluster.go_on(first_s)
    cluster.server.job_when(first, "completed")
    wait_until(lambda: cluster.worker_of(second) is there)
    cluster.go_on()
    for seconds, job_id in ((clip_s, clip), (second_s, second)):
        job = cluster.server.job_when(job_id, "completed", "failed")
        assert job["result"]["text"].rstrip() == expected_text(seconds)


def test_a_worker_that_is_stopped_hands_its_job_over(cluster: Cluster) -> None:
    job_id = submit(cluster, LONG_S + 4)
    wait_until(lambda: cluster.n_windows(job_id))
    worker = cluster.worker_of(job_id)
    assert worker is not None
    replacement = cluster.start_worker()
    assert end(worker, signal.SIGTERM) == 0
    job = cluster.server.job_when(job_id, "completed", "failed")
    assert job["result"]["text"].rstrip() == expected_text(LONG_S + 4)
    name = name_of(LONG_S + 4)
    windows = [number for _, each, number, _ in cluster.log() if each == name and number != "stopped"]
    assert sorted(windows, key=int) == [str(number) for number in range(LONG_S + 4)]  # none twice
    cluster.wait_for_workers(*(each for each in cluster.workers if each is not worker))
    assert replacement.poll() is None


def test_a_worker_with_another_version_gets_no_jobs(cluster: Cluster) -> None:
    other = cluster.start_worker(TORCH="1.0.0")
    wait_until(lambda: other.pid in cluster.members(), cluster.output())
    problem = cluster.members()[other.pid]["problem"]
    assert problem["code"] == "worker_version"
    assert "1.0.0" in problem["message"]
    wait_until(lambda: "gives this worker no jobs" in cluster.output())
    end(other, signal.SIGKILL)
    wait_until(lambda: other.pid not in cluster.members())
