"""SIGKILL at random moments of a cluster's workers, its scheduler and its server, and cuts and delays of its network.

Afterwards every job is complete, with its whole text; every window was saved once, and none that had been saved was
decoded again. `make torture ARGS="--distributed --kills 100"`
"""

import json
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.distributed.cluster import Cluster, end, expected_text, name_of, recording, wait_until
from tests.distributed.worker_program import SHARED_WINDOW_S

N_WORKERS = 2
N_RUNNING = 3  # jobs
SHORTEST_SHARED_S = 300
LONGEST_DELAY_S = 3.0
LONGEST_PAUSE_S = 0.4  # between the sign of life after a kill and the next kill


def is_shared(seconds: int) -> bool:
    """Whether a recording of this length is decoded by several workers."""
    return seconds >= SHORTEST_SHARED_S


class Torture:
    def __init__(self, cluster: Cluster, rng: random.Random) -> None:
        self.done: Counter[str] = Counter()
        self._cluster = cluster
        self._rng = rng
        self._jobs: dict[str, int] = {}  # seconds, by job id
        self._n_checked = 0  # lines of the workers' log
        self._saved_before: dict[str, int] = {}  # windows at the last kill, by job id

    def begin(self) -> None:
        self._cluster.start_scheduler()
        for _ in range(N_WORKERS):
            self._cluster.start_worker(PRIVATE_DISK="1" if self._rng.random() < 0.5 else "")
        self._cluster.server.start()

    def round(self, kind: str) -> None:
        """Do this, undo it, and wait until a job has gone on."""
        self._keep_busy()
        time.sleep(self._rng.random() * LONGEST_PAUSE_S)
        actions: dict[str, Callable[[], None]] = {
            "worker": self._worker,
            "scheduler": self._scheduler,
            "server": self._server,
            "cut": self._cluster.link.cut,
            "delay": self._delay,
        }
        self._check_decoded()
        actions[kind]()
        self.done[kind] += 1
        self._keep_busy()
        before = self._saved()
        wait_until(lambda: self._saved() != before, f"no job goes on after {kind}: {self._cluster.output()}")

    def finish(self) -> int:
        """Check all jobs; return how many there were."""
        for job_id, seconds in self._jobs.items():
            job = self._cluster.server.job_when(job_id, "completed", "failed", timeout_s=300)
            n_windows = seconds // SHARED_WINDOW_S if is_shared(seconds) else seconds
            assert job.get("result", {}).get("text", "").rstrip() == expected_text(n_windows), job
            lines = self._windows(job_id).read_text().splitlines()
            ids = [segment["id"] for line in lines for segment in json.loads(line)["segments"]]
            assert ids == list(range(n_windows)), f"{job_id} saved {ids}"
        self._check_decoded()
        return len(self._jobs)

    def _keep_busy(self) -> None:
        server = self._cluster.server
        while sum(server.request("GET", f"/job/{each}")["status"] != "completed" for each in self._jobs) < N_RUNNING:
            seconds = 30 + len(self._jobs)  # each another, so that the recordings differ
            if len(self._jobs) % 3 == 0:  # one that all workers decode
                seconds += SHORTEST_SHARED_S
            batch = "auto" if is_shared(seconds) else "off"
            self._jobs[server.submit_bytes(recording(seconds), "a.wav", model="demo", batch=batch)] = seconds

    def _worker(self) -> None:
        workers = self._cluster.workers
        worker = self._rng.choice([each for each in workers if each.poll() is None])
        end(worker, signal.SIGKILL)
        self._cluster.start_worker(PRIVATE_DISK="1" if self._rng.random() < 0.5 else "")

    def _scheduler(self) -> None:
        self._cluster.kill_scheduler()
        self._cluster.start_scheduler()

    def _server(self) -> None:
        self._cluster.server.kill()
        self._cluster.server.start()

    def _delay(self) -> None:
        self._cluster.link.hold_up()
        time.sleep(self._rng.random() * LONGEST_DELAY_S)
        self._cluster.link.release()

    def _check_decoded(self) -> None:
        """No window that had been saved at the last call has been decoded since."""
        saved, lines = self._saved(), self._cluster.log()
        names = {name_of(seconds): job_id for job_id, seconds in self._jobs.items()}
        for _, name, number, _ in lines[self._n_checked :]:
            n_saved = self._saved_before.get(names[name], 0)
            assert not number.isdigit() or int(number) >= n_saved, f"{names[name]} decoded {number} again"
        self._n_checked, self._saved_before = len(lines), saved

    def _saved(self) -> dict[str, int]:
        return {job_id: self._cluster.n_windows(job_id) for job_id in self._jobs}

    def _windows(self, job_id: str) -> Path:
        return self._cluster.server.data_dir / "jobs" / job_id / "segments.jsonl"


def torture(folder: Path, kinds: Sequence[str], seed: int) -> dict[str, object]:
    """Do these, one after another: kill a worker, the scheduler or the server; cut or delay the network.

    Raises AssertionError, which says what was lost.
    """
    cluster = Cluster(folder)
    state = Torture(cluster, random.Random(seed))
    try:
        state.begin()
        for number, kind in enumerate(kinds):
            state.round(kind)
            if number % 25 == 24:
                print(f"{number + 1} of {len(kinds)} survived", flush=True)
        n_jobs = state.finish()
    except AssertionError as error:
        raise AssertionError(f"seed {seed}: {error}") from error
    finally:
        cluster.close()
    return {"done": dict(state.done), "jobs": n_jobs}


def main(kills: int, seed: int) -> None:
    """So many kills, of a worker two times in three, and half as many faults of the network."""
    rng = random.Random(seed)
    kinds = rng.choices(("worker", "scheduler", "server"), (4, 1, 1), k=kills)
    kinds += rng.choices(("cut", "delay"), k=kills // 2)
    rng.shuffle(kinds)
    with tempfile.TemporaryDirectory(prefix="localwhisper-torture-") as folder:
        started_s = time.monotonic()
        print(f"{torture(Path(folder), kinds, seed)}, {time.monotonic() - started_s:.0f} s", flush=True)
