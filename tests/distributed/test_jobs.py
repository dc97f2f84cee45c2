"""Jobs on a cluster of real processes: where they run, what comes back, cancelling, pausing, draining."""

import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from localwhisper.atomic import write_atomically
from localwhisper.distributed.audio_copies import PIECE_BYTES
from tests.cpu_time import WallTime
from tests.distributed.cluster import Cluster, end, expected_text, name_of, recording, wait_until
from tests.distributed.worker_program import SHARED_WINDOW_S

SHARED_S = 600
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
    windows = [number for _, each, number, _ in cluster.log() if each == name and number.isdigit()]
    assert sorted(windows, key=int) == [str(number) for number in range(LONG_S + 4)]  # none twice
    cluster.wait_for_workers(*(each for each in cluster.workers if each is not worker))
    assert replacement.poll() is None


def test_a_model_that_only_the_server_has_is_sent_to_the_worker(cluster: Cluster) -> None:
    content = random.Random(1).randbytes(PIECE_BYTES + 1000)
    models = cluster.folder / "models"
    models.mkdir()
    write_atomically(models / "mine.pt", content)
    job_id = cluster.server.submit_bytes(recording(5), "a.wav", model="mine")
    job = cluster.server.job_when(job_id, "completed", "failed")
    assert job["result"]["text"].rstrip() == expected_text(5)
    (fetched,) = (Path(path) for _, _, what, path in cluster.log() if what == "model")
    assert fetched == cluster.folder / "worker-models" / "mine.pt"
    assert fetched.read_bytes() == content
    assert list(fetched.parent.iterdir()) == [fetched]


def test_a_worker_whose_model_has_other_weights_gets_no_jobs(cluster: Cluster) -> None:
    own_models = cluster.folder / "other-models"
    own_models.mkdir()
    write_atomically(own_models / "mine.pt", b"other weights")
    cluster.hold()
    jobs = {seconds: submit(cluster, seconds) for seconds in (3, 4)}
    wait_until(lambda: all(cluster.worker_of(job_id) for job_id in jobs.values()))
    other = cluster.start_worker("tests.distributed.worker_program", "--model-dir", str(own_models))
    cluster.wait_for_workers(*(each for each in cluster.workers if each.poll() is None))
    job_id = cluster.server.submit_bytes(recording(5), "a.wav", model="mine")
    wait_until(lambda: cluster.members()[other.pid]["problem"])
    assert cluster.members()[other.pid]["problem"]["code"] == "worker_model"
    wait_until(lambda: "mine has other weights" in cluster.output())
    cluster.go_on()
    job = cluster.server.job_when(job_id, "completed", "failed")
    assert job["result"]["text"].rstrip() == expected_text(5)
    end(other, signal.SIGKILL)
    wait_until(lambda: other.pid not in cluster.members())


def test_a_worker_with_another_version_gets_no_jobs(cluster: Cluster) -> None:
    other = cluster.start_worker(TORCH="1.0.0")
    wait_until(lambda: other.pid in cluster.members(), cluster.output())
    problem = cluster.members()[other.pid]["problem"]
    assert problem["code"] == "worker_version"
    assert "1.0.0" in problem["message"]
    wait_until(lambda: "gives this worker no jobs" in cluster.output())
    end(other, signal.SIGKILL)
    wait_until(lambda: other.pid not in cluster.members())


def submit_shared(cluster: Cluster, seconds: int) -> str:
    """A recording with a window for each ten seconds, which both workers decode; it is held after some."""
    cluster.hold(seconds, after=8)
    job_id = cluster.server.submit_bytes(recording(seconds), "a.wav", model="demo", batch="auto")
    wait_until(lambda: helps(cluster, seconds), cluster.output())
    return job_id


def helps(cluster: Cluster, seconds: int) -> list[str]:
    return [pid for pid, name, what, _ in cluster.log() if (name, what) == (name_of(seconds), "helps")]


def own_worker(cluster: Cluster, seconds: int) -> int:
    """The process id of the worker that has the job: the first window is never decoded by another."""
    wait_until(lambda: (name_of(seconds), "0") in cluster.decoded())
    return next(int(pid) for pid, name, number, _ in cluster.log() if (name, number) == (name_of(seconds), "0"))


def metrics(cluster: Cluster) -> str:
    return cluster.server.get("/metrics").decode()


def assert_whole(cluster: Cluster, job_id: str, seconds: int) -> None:
    job = cluster.server.job_when(job_id, "completed", "failed")
    assert job["result"]["text"].rstrip() == expected_text(seconds // SHARED_WINDOW_S)


def test_a_long_recording_is_decoded_by_all_workers(cluster: Cluster) -> None:
    job_id = submit_shared(cluster, SHARED_S)
    members, own_pid = cluster.members(), own_worker(cluster, SHARED_S)
    assert [worker["jobs"] for worker in members.values()] == [[job_id], [job_id]]
    names = [members[pid]["name"] for pid in sorted(members, key=lambda pid: pid != own_pid)]
    assert cluster.server.request("GET", f"/job/{job_id}")["workers"] == names
    for name in names:
        assert f'localwhisper_worker_jobs{{worker="{name}"}} 1.0' in metrics(cluster)
    cluster.go_on()
    assert_whole(cluster, job_id, SHARED_S)
    assert "workers" not in cluster.server.request("GET", f"/job/{job_id}")
    assert f'localwhisper_worker_real_time_factor{{model="demo",variant="auto",worker="{names[0]}"}}' in metrics(
        cluster
    )
    decoded = [(number, pid) for pid, name, number, _ in cluster.log() if name == name_of(SHARED_S)]
    windows = [number for number, _ in decoded if number.isdigit()]
    assert sorted(windows, key=int) == [str(number) for number in range(SHARED_S // SHARED_WINDOW_S)]  # none twice
    assert len({pid for _, pid in decoded}) == 2


@pytest.mark.parametrize("is_own", [True, False], ids=["the job's worker", "its helper"])
def test_a_shared_recording_is_whole_though_a_worker_is_killed(cluster: Cluster, is_own: bool) -> None:
    seconds = SHARED_S + 10 + 10 * is_own
    job_id = submit_shared(cluster, seconds)
    own = own_worker(cluster, seconds)
    killed = next(each for each in cluster.workers if each.poll() is None and (each.pid == own) is is_own)
    replacement = cluster.start_worker()
    end(killed, signal.SIGKILL)
    cluster.go_on()
    assert_whole(cluster, job_id, seconds)
    cluster.wait_for_workers(*(each for each in cluster.workers if each.poll() is None))
    assert replacement.poll() is None


def test_a_clip_takes_the_place_of_a_helper(cluster: Cluster) -> None:
    seconds = SHARED_S + 30
    job_id = submit_shared(cluster, seconds)
    clip = cluster.server.job_when(submit(cluster, 9), "completed", "failed")
    assert clip["result"]["text"].rstrip() == expected_text(9)
    assert cluster.server.request("GET", f"/job/{job_id}")["status"] == "processing"
    n_before = len(helps(cluster, seconds))
    wait_until(lambda: len(helps(cluster, seconds)) > n_before, cluster.output())  # again
    cluster.go_on()
    assert_whole(cluster, job_id, seconds)


def test_cancelling_frees_all_workers_of_a_recording(cluster: Cluster) -> None:
    seconds = SHARED_S + 40
    job_id = submit_shared(cluster, seconds)
    own_worker(cluster, seconds)
    assert cluster.server.request("DELETE", f"/job/{job_id}")["status"] == "cancelled"
    wait_until(lambda: sum(line[1:3] == [name_of(seconds), "stopped"] for line in cluster.log()) == 2)
