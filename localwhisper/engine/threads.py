"""Who computes on which core: the cores are shared by all jobs, and threads without work help where cores are idle.

Every thread computes with single-threaded functions. Where several windows are at hand, each core decodes its own.
Otherwise a computation is divided into items, and each thread takes the next one. So nobody waits for a thread that
hasn't got a core yet, but at most for the items that were taken when none was left.
"""

import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from queue import SimpleQueue
from typing import TypeVar

import torch
from torch import Tensor

from localwhisper.engine.division_benefit import DivisionBenefit
from localwhisper.engine.system_resources import usable_cores
from localwhisper.errors import Stopped

CHECK_EVERY_S = 0.1
Result = TypeVar("Result")


class CoreBudget:
    """The cores that this process may use. Threading: SAFE.

    torch's number of threads is a setting of each thread; new threads start with the last that was set anywhere.
    """

    def __init__(self, total: int | None = None, *, is_divided: bool = True) -> None:
        """`is_divided`: False where one computation should stay whole, as on a GPU."""
        self.total = total or usable_cores()
        self.changed = threading.Condition()  # notified when a core becomes free
        self.n_taken = 0
        self._n_working = 0
        self._urgent: set[int] = set()  # threads, by their identifiers
        self.team = ThreadTeam(self, is_divided)

    @contextmanager
    def core(self, check: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Have a core for what the calling thread computes; wait for one. `check` is called meanwhile and may raise."""
        while not self.take(is_urgent=self.is_urgent):
            check()
            with self.changed:
                self.changed.wait_for(lambda: self.n_taken < self.total and not self.gives_way, CHECK_EVERY_S)
        try:
            yield
        finally:
            self.give_back()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Within the block, the calling thread works on a window: in its short breaks, no helper gets its core."""
        with self.changed:
            self._n_working += 1
        try:
            yield
        finally:
            with self.changed:
                self._n_working -= 1

    @property
    def n_idle(self) -> int:
        return self.total - (self.n_taken if self.is_urgent else max(self.n_taken, self._n_working))

    def take(self, *, is_urgent: bool = False) -> bool:
        """Take a core if one is free, and not wanted for urgent work of another thread."""
        with self.changed:
            is_free = self.n_taken < self.total and (is_urgent or not self.gives_way)
            self.n_taken += is_free
        return is_free

    def give_back(self) -> None:
        with self.changed:
            self.n_taken -= 1
            self.changed.notify_all()

    @contextmanager
    def all_but_one_kept(self) -> Iterator[None]:
        """Keep all free cores but one from computing."""
        n_kept = 0
        while self.n_taken < self.total - 1 and self.take():
            n_kept += 1
        try:
            yield
        finally:
            for _ in range(n_kept):
                self.give_back()

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """Within the block, the calling thread goes before others, which wait at their next layer or token."""
        with self.changed:
            self._urgent.add(threading.get_ident())
        try:
            yield
        finally:
            with self.changed:
                self._urgent.discard(threading.get_ident())
                self.changed.notify_all()

    @property
    def is_urgent(self) -> bool:
        """Whether the calling thread does urgent work."""
        return threading.get_ident() in self._urgent

    @property
    def gives_way(self) -> bool:
        """Whether the calling thread should wait for urgent work of another."""
        return bool(self._urgent) and not self.is_urgent

    def give_way(self, check: Callable[[], None]) -> None:
        """Lend the calling thread's core to urgent work while there is some. `check` is called meanwhile, may raise."""
        if not self.gives_way:
            return
        self.give_back()
        try:
            while self.gives_way:
                check()
                with self.changed:
                    self.changed.wait_for(lambda: not self.gives_way, CHECK_EVERY_S)
        finally:
            with self.changed:
                self.changed.wait_for(lambda: self.n_taken < self.total)
                self.n_taken += 1

    def close(self) -> None:
        """Let the team's threads end."""
        self.team.close()


class _Scratch(threading.local):
    def __init__(self) -> None:
        self.by_type: dict[torch.dtype, Tensor] = {}


class ThreadTeam:
    """Divides computations of threads that have a core among those and the idle cores. Threading: SAFE."""

    def __init__(self, cores: CoreBudget, is_divided: bool) -> None:
        self._cores = cores
        self._is_divided = is_divided
        self.n_helpers = cores.total - 1 if is_divided else 0
        self._pool = ThreadPoolExecutor(self.n_helpers, "team", use_one_thread) if self.n_helpers else None
        self._scratch = _Scratch()
        self._benefits: defaultdict[str, DivisionBenefit] = defaultdict(DivisionBenefit)  # by kind of computation

    def run(self, work: Callable[[], float], max_threads: int, kind: str = "spans") -> None:
        """Call work() on this thread and, at any time while it runs, on up to `max_threads` - 1 others; once it ends
        here, nobody else may be in the middle of something. It returns how many seconds it had to wait for others, and
        calls add_help() on other threads. `kind`: whether dividing is worthwhile is measured for each kind.

        Raises what it raises on this thread.
        """
        n_helpers = min(max_threads - 1, self.n_helpers, self._cores.n_idle)
        benefit = self._benefits[kind]
        if n_helpers <= 0 or self._pool is None or not benefit.is_expected():
            work()
            return
        is_over, is_inference = threading.Event(), torch.is_inference_mode_enabled()
        is_urgent = self._cores.is_urgent

        def help_out() -> None:
            if not is_over.is_set() and self._cores.take(is_urgent=is_urgent):
                try:
                    with torch.inference_mode(is_inference):
                        work()
                finally:
                    self._cores.give_back()

        with suppress(RuntimeError):  # closed, or no more threads can be started
            for _ in range(n_helpers):
                self._pool.submit(help_out)
        started_s, begun_s = time.perf_counter(), time.thread_time()
        try:
            waited_s = work()
        finally:
            is_over.set()
        benefit.add(time.perf_counter() - started_s, waited_s, time.thread_time() - begun_s)

    def add_help(self, cpu_s: float, kind: str) -> None:
        """Count work of the calling thread, which is a helper."""
        self._benefits[kind].add_help(cpu_s)

    def for_spans(self, n: int, size: int, work: Callable[[int, int], None], kind: str = "spans") -> None:
        """work(first, end) for spans of at most `size` that together are range(n); returns when all are done.

        Their number is even where it can be, for two threads, but doesn't depend on the number of threads; up to half
        of `size` stays whole. Raises what `work` raised first.
        """
        n_spans = min(n, 2 * -(-n // (2 * size))) if self._is_divided and n > size // 2 else 1
        if n_spans == 1:
            work(0, n)
            return
        numbers, ended, errors = count(), SimpleQueue[None](), list[BaseException]()

        def compute() -> float:
            is_helper = threading.get_ident() != caller
            while (i := next(numbers)) < n_spans:
                begun_s = time.thread_time()
                try:
                    if not errors:
                        work(n * i // n_spans, n * (i + 1) // n_spans)
                except BaseException as error:
                    errors.append(error)
                if is_helper:
                    self.add_help(time.thread_time() - begun_s, kind)
                ended.put(None)
            started_s = time.perf_counter()
            if not is_helper:
                for _ in range(n_spans):
                    ended.get()
            return time.perf_counter() - started_s

        caller = threading.get_ident()
        self.run(compute, n_spans, kind)
        if errors:
            raise errors[0]

    def start(self, function: Callable[[], Result]) -> Callable[[], Result]:
        """Begin to compute function() where a core is idle. Returns a function that waits for the result, or computes
        it if nobody has begun, and raises what `function` raises."""
        if self._pool is None or self._cores.n_idle <= 0:
            return function
        try:
            future = self._pool.submit(function)
        except RuntimeError:  # closed, or no more threads can be started
            return function
        return lambda: function() if future.cancel() else future.result()

    def scratch(self, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        """Memory of the calling thread, until it asks for another shape of this type: new memory takes as long to clear
        as a block to multiply."""
        n, stored = math.prod(shape), self._scratch.by_type
        if dtype not in stored or len(stored[dtype]) < n:
            stored[dtype] = torch.empty(n, dtype=dtype)
        return stored[dtype][:n].view(*shape)

    def close(self) -> None:
        """Let the threads end. Later computations run on the calling thread alone."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)


class StoppableCheck:
    """A `check` that is called on several threads, and raises Stopped in all of them once one has failed."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._is_stopped = threading.Event()

    def __call__(self) -> None:
        if self._is_stopped.is_set():
            raise Stopped
        self._check()

    @contextmanager
    def stopping(self) -> Iterator[None]:
        """Stop the other threads when something is raised, or the consumer of a generator leaves."""
        try:
            yield
        except BaseException:
            self._is_stopped.set()
            raise


def use_one_thread() -> None:
    """Have torch compute on the calling thread alone."""
    torch.set_num_threads(1)
