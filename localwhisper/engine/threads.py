"""The threads that compute: the cores divided among running jobs, and one computation divided among threads."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress

import torch

from localwhisper.engine.system_resources import usable_cores

MAX_PARTS = 4  # threads for one computation: more would wait for each other longer than they save


class ThreadTeam:
    """Threads that stand by to compute the parts of one computation at the same time. Threading: SAFE."""

    def __init__(self, n_threads: int) -> None:
        """`n_threads`: beside the calling ones."""
        self._pool = ThreadPoolExecutor(n_threads, thread_name_prefix="team") if n_threads else None
        self._lock = threading.Lock()
        self._n_free = n_threads

    def run(self, work: Callable[[int, int], None], max_parts: int) -> None:
        """work(part, n_parts) for each part, all at the same time, so that they may wait for each other.

        There are as many parts as threads are free, at most `max_parts`; the caller computes the first. Raises what a
        part raised.
        """
        n_threads = self._take(max_parts - 1)
        if self._pool is None or not n_threads:
            return work(0, 1)
        n_parts: Future[int] = Future()

        def run_part(part: int) -> None:
            n = n_parts.result()
            if part < n:
                work(part, n)

        others: list[Future[None]] = []
        try:
            with suppress(RuntimeError):  # no more threads can be started; what was submitted may still run
                others += (self._pool.submit(run_part, part) for part in range(1, n_threads + 1))
            n_parts.set_result(len(others) + 1)
            work(0, len(others) + 1)
            for other in others:
                other.result()
        finally:
            self._give_back(n_threads)

    def parallel_for(self, n: int, work: Callable[[int, int], None]) -> None:
        """work(first, end) over all of range(n), in as many parts as the calling thread has torch threads."""
        self.run(lambda part, n_parts: work(*part_span(n, part, n_parts)), min(max_parts(), n))

    def close(self) -> None:
        """Let the threads end. Later computations run on the calling thread alone."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)

    def _take(self, n: int) -> int:
        with self._lock:
            taken = min(n, self._n_free)
            self._n_free -= taken
        return taken

    def _give_back(self, n: int) -> None:
        with self._lock:
            self._n_free += n


def max_parts() -> int:
    """Into how many parts the calling thread may divide a computation."""
    return min(MAX_PARTS, torch.get_num_threads())


def part_span(n: int, part: int, n_parts: int) -> tuple[int, int]:
    """One part's share of range(n): first (included) and end (excluded)."""
    return n * part // n_parts, n * (part + 1) // n_parts


@contextmanager
def single_threaded() -> Iterator[None]:
    """Have torch compute on the calling thread alone, within a part of a larger computation."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class CoreBudget:
    """Divides the cores among running jobs. Threading: SAFE.

    torch's number of threads is a setting of each thread; new threads start with the last that was set anywhere.
    """

    def __init__(self, total: int | None = None) -> None:
        self.total = total or min(torch.get_num_threads(), usable_cores())
        self.team = ThreadTeam(self.total - 1)
        self.changed = threading.Condition()  # notified when an encoder has finished
        self._n_jobs = 0
        self._n_encoding = 0  # jobs that are encoding audio

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count a job while it runs on the calling thread."""
        self._add_jobs(1)
        try:
            yield
        finally:
            self._add_jobs(-1)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """While the job on the calling thread waits and leaves its cores to others."""
        self._add_jobs(-1)
        try:
            yield
        finally:
            self._add_jobs(1)

    def _add_jobs(self, n: int) -> None:
        with self.changed:
            self._n_jobs += n

    @contextmanager
    def encoding(self) -> Iterator[None]:
        """While the calling thread encodes audio, which can't be batched with other jobs' work."""
        with self.changed:
            self._n_encoding += 1
        try:
            yield
        finally:
            with self.changed:
                self._n_encoding -= 1
                self.changed.notify_all()

    @property
    def all_encoding(self) -> bool:
        """Whether encoders have all cores. The caller holds `changed`."""
        return self._n_encoding >= self.total

    def take_share(self, n_jobs: int = 1) -> None:
        """Set torch's threads for what the calling thread computes next, on behalf of `n_jobs` of the jobs."""
        torch.set_num_threads(max(1, self.total * n_jobs // max(self._n_jobs, n_jobs)))

    def close(self) -> None:
        """Let the team's threads end."""
        self.team.close()
