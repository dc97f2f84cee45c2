"""Continuous batching: the decodes of all threads take their steps together, and join and leave between any two.

Reading the weights is most of a token's time, so three decodes in one pass cost little more than one. A pass has the
cores of all its decodes; where there are more than it can use, several run side by side, with the decodes divided among
them. While audio is encoded on every core no pass begins: it would have few decodes in it, and soon there are more.
Each decode keeps its own state; nothing is copied when one comes or goes.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from localwhisper.engine.model.decoder import Decoder, Step
from localwhisper.engine.threads import CoreBudget

PATIENCE = 0.5  # of a step's time: how long a step waits for decodes that are between two tokens
MAX_PATIENCE_S = 0.02
CHECK_EVERY_S = 0.1
NO_LIMIT = 1 << 30


@dataclass(eq=False)
class _Turn:
    step: Step
    logits: Tensor | None = None
    error: BaseException | None = None
    is_over: bool = False


class ContinuousBatcher:
    """Threading: SAFE. Whichever thread finds a pass complete computes it for all; there is no thread of its own."""

    def __init__(self, decoder: Decoder, cores: CoreBudget, most_passes: int | None) -> None:
        """`most_passes`: side by side; None: any number, so that no decode waits for another."""
        self._decoder = decoder
        self._cores = cores
        self._most_passes = most_passes or NO_LIMIT
        self._changed = cores.changed
        self._members = 0
        self._waiting: list[_Turn] = []
        self._n_passes = 0  # that run
        self._n_passing = 0  # decodes in them
        self._step_s = 0.0  # what the last one took

    def join(self) -> None:
        """From now on the others' steps wait a little for mine."""
        with self._changed:
            self._members += 1

    def leave(self) -> None:
        with self._changed:
            self._members -= 1
            self._changed.notify_all()

    def step(self, step: Step, check: Callable[[], None] = lambda: None) -> Tensor:
        """Logits as Decoder gives them. Raises whatever the pass raised, in every decode that was in it, and what
        `check` raises while this one waits."""
        turn = _Turn(step)
        with self._changed:
            self._waiting.append(turn)
            if self._is_computed_by_another(turn, check):
                return _result(turn)
            others = [one for one in self._waiting if one is not turn]
            n_others = self._share() - 1
            turns, self._waiting = [turn, *others[:n_others]], others[n_others:]
            self._n_passes += 1
            self._n_passing += len(turns)
            if self._waiting:
                self._changed.notify_all()  # they may go now
        self._compute(turns)
        return _result(turn)

    def _share(self) -> int:
        """How many decodes a pass takes: where as many run as may."""
        return max(1, -(-self._members // self._most_passes))

    def _is_computed_by_another(self, turn: _Turn, check: Callable[[], None]) -> bool:
        """Wait for that, or until it is this thread's to compute those that wait. Holds the condition."""
        latest_s: float | None = None
        while not turn.is_over:
            if turn not in self._waiting:  # in a pass
                self._changed.wait()
                continue
            if self._n_passes >= self._most_passes or self._cores.are_taken:
                self._changed.wait(CHECK_EVERY_S)
                latest_s = None  # those who were in that step get the time to come back
                try:
                    check()
                except BaseException:
                    if turn in self._waiting:
                        self._waiting.remove(turn)
                    raise
                continue
            if latest_s is None:
                latest_s = time.monotonic() + min(PATIENCE * self._step_s, MAX_PATIENCE_S)
            left_s = latest_s - time.monotonic()
            is_full = len(self._waiting) >= self._share()
            nobody_comes = len(self._waiting) + self._n_passing >= self._members
            if is_full or nobody_comes or left_s <= 0:
                return False
            self._changed.wait(left_s)
        return True

    def _compute(self, turns: list[_Turn]) -> None:
        started_s = time.monotonic()
        self._cores.take_share(len(turns))
        try:
            for turn, logits in zip(turns, self._decoder([turn.step for turn in turns]), strict=True):
                turn.logits = logits
        except BaseException as error:
            for turn in turns:
                turn.error = error
        finally:
            self._cores.take_share()
            with self._changed:
                self._step_s = time.monotonic() - started_s
                self._n_passes -= 1
                self._n_passing -= len(turns)
                for turn in turns:
                    turn.is_over = True
                self._changed.notify_all()


def _result(turn: _Turn) -> Tensor:
    if turn.error is not None:
        raise turn.error
    assert turn.logits is not None
    return turn.logits
