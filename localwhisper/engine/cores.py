"""torch's threads: the processor's cores divided among the jobs that run, so that they never wait for each other."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch


class Cores:
    """Threading: SAFE. torch keeps its number of threads by thread; a new one takes over the last that was set."""

    def __init__(self, total: int | None = None) -> None:
        self.total = total or torch.get_num_threads()
        self.changed = threading.Condition()  # notified when a core is free again
        self._jobs = 0
        self._encoding = 0  # of them

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
        with self.changed:
            self._jobs += jobs

    @contextmanager
    def encoding(self) -> Iterator[None]:
        """While the calling thread encodes audio, which nobody can share with it."""
        with self.changed:
            self._encoding += 1
        try:
            yield
        finally:
            with self.changed:
                self._encoding -= 1
                self.changed.notify_all()

    @property
    def are_taken(self) -> bool:
        """By encoders, all of them. The caller holds `changed`."""
        return self._encoding >= self.total

    def take_share(self, n_jobs: int = 1) -> None:
        """For what the calling thread computes next, for so many of the jobs at once."""
        torch.set_num_threads(max(1, self.total * n_jobs // max(self._jobs, n_jobs)))
