"""Continuous batching: the decodes of all threads take their steps together, and join and leave between any two.

Reading the weights is most of a token's time, so two decodes in one pass cost little more than one. There are as many
passes as cores that no encoder has, and each takes its part of the decodes. Each decode keeps its own state; nothing is
copied when one joins or leaves.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from localwhisper.engine.model.decoder import Decoder, Step
from localwhisper.engine.threads import CoreBudget

PATIENCE = 0.5  # how long a pass waits for decodes that are between two tokens, relative to a pass's duration
MAX_PATIENCE_S = 0.02
CHECK_EVERY_S = 0.1
MAX_PASS_ROWS = 8  # for more, the rows themselves take most of the time


@dataclass(eq=False)
class _Request:
    steps: Sequence[Step]
    logits: Sequence[Tensor] = ()
    error: BaseException | None = None
    is_done: bool = False

    @property
    def n_rows(self) -> int:
        return sum(step.n_active for step in self.steps)


class ContinuousBatcher:
    """Threading: SAFE. One of the threads whose steps are in a pass computes it for all of them."""

    def __init__(self, decoder: Decoder, cores: CoreBudget) -> None:
        self._decoder = decoder
        self._cores = cores
        self._changed = cores.changed
        self._n_members = 0
        self._waiting: list[_Request] = []
        self._n_passes = 0  # running
        self._n_in_passes = 0  # decodes in them
        self._pass_s = 0.0  # the last pass's duration

    def join(self) -> None:
        """Count one more decode, for whose steps passes wait a little. Called by its thread, as is leave()."""
        with self._changed:
            self._n_members += 1

    def leave(self) -> None:
        with self._changed:
            self._n_members -= 1
            self._changed.notify_all()

    def step(self, steps: Sequence[Step], check: Callable[[], None] = lambda: None) -> Sequence[Tensor]:
        """Logits of each step of a decode, as Decoder gives them.

        Raises what the pass raised, in every decode that was in it, and what `check` raises while this one waits.
        """
        request = _Request(steps)
        with self._changed:
            self._waiting.append(request)
            if self._wait(request, check):
                return _result(request)
            requests = self._next_pass(request)
            self._waiting = [other for other in self._waiting if other not in requests]
            self._n_passes += 1
            self._cores.take()
            self._n_in_passes += len(requests)
            if self._waiting:
                self._changed.notify_all()  # they may start another pass
        self._compute(requests)
        return _result(request)

    def _next_pass(self, first: _Request) -> list[_Request]:
        """The decodes that are computed with `first`."""
        requests, n_rows = [first], first.n_rows
        for other in self._waiting:
            n_rows += other.n_rows
            if other is not first and len(requests) < self._pass_size() and n_rows <= MAX_PASS_ROWS:
                requests.append(other)
        return requests

    def _pass_size(self) -> int:
        """Decodes in a pass, when as many passes run as there are cores for."""
        n_elsewhere = self._cores.n_taken - self._n_passes
        return max(1, -(-self._n_members // max(1, self._cores.total - n_elsewhere)))

    def _wait(self, request: _Request, check: Callable[[], None]) -> bool:
        """Return True once another thread has computed this request, False once this one should start a pass.

        The caller holds the condition.
        """
        deadline_s: float | None = None
        while not request.is_done:
            if request not in self._waiting:  # in a pass
                self._changed.wait()
                continue
            if self._cores.n_taken >= self._cores.total or self._cores.gives_way:
                self._changed.wait(CHECK_EVERY_S)
                deadline_s = None  # the decodes of the pass that ended get time for their next step
                try:
                    check()
                except BaseException:
                    if request in self._waiting:
                        self._waiting.remove(request)
                    raise
                continue
            if deadline_s is None:
                deadline_s = time.monotonic() + min(PATIENCE * self._pass_s, MAX_PATIENCE_S)
            remaining_s = deadline_s - time.monotonic()
            n_rows = sum(other.n_rows for other in self._waiting)
            is_full = len(self._waiting) >= self._pass_size() or n_rows >= MAX_PASS_ROWS
            is_last = len(self._waiting) + self._n_in_passes >= self._n_members
            if is_full or is_last or remaining_s <= 0 or self._cores.is_urgent:
                return False
            self._changed.wait(remaining_s)
        return True

    def _compute(self, requests: list[_Request]) -> None:
        started_s = time.monotonic()
        try:
            logits = iter(self._decoder([step for request in requests for step in request.steps]))
            for request in requests:
                request.logits = [next(logits) for _ in request.steps]
        except BaseException as error:
            for request in requests:
                request.error = error
        finally:
            with self._changed:
                self._pass_s = time.monotonic() - started_s
                self._n_passes -= 1
                self._cores.n_taken -= 1
                self._n_in_passes -= len(requests)
                for request in requests:
                    request.is_done = True
                self._changed.notify_all()


def _result(request: _Request) -> Sequence[Tensor]:
    if request.error is not None:
        raise request.error
    return request.logits
