"""torch's threads: the processor's cores divided among the jobs that run, so that they never wait for each other."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch


class Cores:
    """Threading: SAFE. torch keeps its number of threads by thread; a new one takes over the last that was set."""

    def __init__(self, total: int | None = None) -> None:
        self.total = total or torch.get_num_threads()
        self._lock = threading.Lock()
        self._jobs = 0

    @contextmanager
    def working(self) -> Iterator[None]:
        """While a job runs on the calling thread."""
        self._add(1)
        try:
            yield
        finally:
            self._add(-1)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """While a job that runs computes nothing."""
        self._add(-1)
        try:
            yield
        finally:
            self._add(1)

    def _add(self, jobs: int) -> None:
        with self._lock:
            self._jobs += jobs

    def take_share(self, n_jobs: int = 1) -> None:
        """For what the calling thread computes next, for so many of the jobs at once."""
        torch.set_num_threads(max(1, self.total * n_jobs // max(self._jobs, n_jobs)))
