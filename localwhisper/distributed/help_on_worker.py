"""One recording on several workers, from the workers' side: batches of windows go from the one that has the job to its
helpers, and back. The server passes them on: sharing.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from functools import partial
from itertools import count

from localwhisper.distributed.protocol import BatchDecoded, BatchSent, HelperReady, Offered, Report
from localwhisper.engine.base import Batch

CHECK_EVERY_S = 0.1
BATCHES_PER_CORE = 2  # one that is decoded, and the next


class RemoteHelpers:
    """A base.Helpers, of an execution. Threading: SAFE."""

    def __init__(
        self, report: Callable[[Report], None], wait_while_paused: Callable[[Callable[[], None]], None]
    ) -> None:
        """Both are called on any thread. `wait_while_paused`: PauseGate.wait()."""
        self._report = report
        self._wait_while_paused = wait_while_paused
        self._lock = threading.Lock()
        self._n_cores: dict[str, int] = {}  # by helper's id, as is the following
        self._n_free: dict[str, int] = {}  # for how many more batches there is room
        self._numbers = count()
        self._asked: dict[int, tuple[str, Future[bytes | None]]] = {}  # by batch's number, with the helper's id

    # -- base.Helpers --------------------------------------------------------------------

    def offer(self) -> None:
        self._report(Offered())

    @property
    def n_cores(self) -> int:
        with self._lock:
            return sum(self._n_cores.values())

    @property
    def has_room(self) -> bool:
        with self._lock:
            return any(self._n_free.values())

    def take(self) -> Callable[[bytes, Callable[[], None]], bytes | None] | None:
        with self._lock:
            helper_id = max(self._n_free, key=self._n_free.__getitem__, default=None)
            if helper_id is None or not self._n_free[helper_id]:
                return None
            self._n_free[helper_id] -= 1
            return partial(self._decode, helper_id)

    def _decode(self, helper_id: str, windows: bytes, check: Callable[[], None]) -> bytes | None:
        with self._lock:
            if helper_id not in self._n_free:  # lost since it was reserved
                return None
            number, answer = next(self._numbers), Future[bytes | None]()
            self._asked[number] = helper_id, answer
        self._report(BatchSent(helper_id, number, windows))
        while not wait([answer], CHECK_EVERY_S).done:
            check()  # once nobody waits any more, the helper still has no room until it answers
        if answer.result() is None:  # it is decoded here, but not in a pause
            self._wait_while_paused(check)
        return answer.result()

    # -- what the server signals, on the loop's thread; any of it may be repeated ----------

    def joined(self, helper_id: str, n_cores: int) -> None:
        with self._lock:
            if helper_id not in self._n_cores:
                self._n_cores[helper_id], self._n_free[helper_id] = n_cores, BATCHES_PER_CORE * n_cores

    def left(self, helper_id: str) -> None:
        """It decodes nothing any more, also not what it has been sent."""
        with self._lock:
            self._n_cores.pop(helper_id, None)
            self._n_free.pop(helper_id, None)
            lost = [number for number, (each, _) in self._asked.items() if each == helper_id]
            answers = [self._asked.pop(number)[1] for number in lost]
        for answer in answers:
            answer.set_result(None)

    def decoded(self, number: int, windows: bytes) -> None:
        with self._lock:
            helper_id, answer = self._asked.pop(number, ("", Future[bytes | None]()))
            if helper_id in self._n_free:
                self._n_free[helper_id] += 1
        answer.set_result(windows)


class Inbox:
    """The batches for a helper. Threading: SAFE."""

    def __init__(self, report: Callable[[Report], None]) -> None:
        self._report = report
        self._received = queue.SimpleQueue[tuple[int, bytes]]()

    def put(self, number: int, windows: bytes) -> None:
        self._received.put((number, windows))

    def batches(self, n_cores: int, check: Callable[[], None]) -> Iterator[Batch]:
        """A base.BatchSource: waits for more until `check` raises."""
        self._report(HelperReady(n_cores))
        while True:
            check()
            try:
                number, windows = self._received.get(timeout=CHECK_EVERY_S)
            except queue.Empty:
                continue
            yield windows, partial(self._give_back, number)

    def _give_back(self, number: int, windows: bytes) -> None:
        self._report(BatchDecoded(number, windows))
