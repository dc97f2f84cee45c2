"""Which thread computes what: the cores divided among running jobs, and one computation divided among threads."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress

import torch


class CoreBudget:
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


MAX_PARTS = 4  # of a decoder's step: more would wait for each other longer than they spare


class Helpers:
    """Threads that stand by. Threading: SAFE."""

    def __init__(self, n: int) -> None:
        self._threads = ThreadPoolExecutor(n, thread_name_prefix="part") if n else None
        self._lock = threading.Lock()
        self._n_free = n

    def compute(self, work: Callable[[int, int], None], most_parts: int) -> None:
        """work(part, n_parts) for each part, all of them at once, so that they can wait for each other.

        Of `most_parts`, as many as there are free helpers for; the first is the caller's. Raises what a part raised.
        """
        n_helpers = self._take(most_parts - 1)
        if self._threads is None or not n_helpers:
            return work(0, 1)
        n_parts: Future[int] = Future()

        def help(part: int) -> None:
            n = n_parts.result()
            if part < n:
                work(part, n)

        others: list[Future[None]] = []
        try:
            with suppress(RuntimeError):  # the system gives no more threads, though what was submitted may still run
                others += (self._threads.submit(help, part) for part in range(1, n_helpers + 1))
            n_parts.set_result(len(others) + 1)
            work(0, len(others) + 1)
            for other in others:
                other.result()
        finally:
            self._give_back(n_helpers)

    def _take(self, n: int) -> int:
        with self._lock:
            taken = min(n, self._n_free)
            self._n_free -= taken
        return taken

    def _give_back(self, n: int) -> None:
        with self._lock:
            self._n_free += n


def divided(n: int, work: Callable[[int, int], None]) -> None:
    """work(first, end) for n things, divided among as many threads as torch has."""
    helpers.compute(lambda *part: work(*span(n, *part)), min(MAX_PARTS, torch.get_num_threads(), n))


@contextmanager
def one_thread() -> Iterator[None]:
    """torch's operations on the calling thread alone, as a part of what others compute too."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


helpers = Helpers((os.cpu_count() or 1) - 1)


def span(n: int, part: int, n_parts: int) -> tuple[int, int]:
    """Of n things those of one part: from the first to before the second."""
    return n * part // n_parts, n * (part + 1) // n_parts
