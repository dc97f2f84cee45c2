"""A function of many items, computed ahead of whoever takes its results, here and elsewhere."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Protocol, TypeVar

import torch

from localwhisper.engine.threads import CoreBudget, use_one_thread

MAX_ELSEWHERE = 256  # items at once
Item = TypeVar("Item", contravariant=True)
Result = TypeVar("Result", covariant=True)
Value = TypeVar("Value")


class Elsewhere(Protocol[Item, Result]):
    """Where else items may be computed. Threading: SAFE."""

    @property
    def n_cores(self) -> int:
        """As far as known now."""

    @property
    def has_room(self) -> bool: ...

    def take(self) -> Callable[[Item], Result] | None:
        """Return a function that has one item computed, if there is room for it; it is called on any thread."""

    def take_back(self) -> Callable[[], None] | None:
        """Return a function that computes an item here that was to be computed elsewhere, if there is one; each once.
        What is ready first is the result."""


def map_ahead(
    cores: CoreBudget,
    function: Callable[[Item], Result],
    items: Iterable[Item],
    elsewhere: Elsewhere[Item, Result] | None = None,
) -> Iterator[Result]:
    """Yield function(item) in order, computed ahead of the consumer on as many threads as there are cores, and
    elsewhere where there is room. Cores that have nothing else to do take items back.

    When the consumer leaves or something is raised, what has not started is dropped, and what has is waited for.
    """
    ahead: deque[Future[Result]] = deque()
    here: set[Future[Any]] = set()  # what this process computes, and may have done

    @torch.inference_mode()
    def work(compute: Callable[..., Value], *arguments: Any) -> Value:
        with cores.working():
            return compute(*arguments)

    def n_here() -> int:
        here.difference_update([future for future in here if future.done()])
        return len(here)

    def is_enough() -> bool:
        if elsewhere is None:
            return len(ahead) >= 2 * cores.total
        is_full = n_here() >= 2 * cores.total and not elsewhere.has_room
        return is_full or len(ahead) >= 4 * (cores.total + elsewhere.n_cores)

    def wait_for_one() -> None:
        while n_here() < cores.total and elsewhere is not None and (taken_back := elsewhere.take_back()) is not None:
            here.add(pool.submit(work, taken_back))
        wait({*here, *(future for future in ahead if not future.done())}, return_when=FIRST_COMPLETED)

    with (
        ThreadPoolExecutor(cores.total, "windows", use_one_thread) as pool,
        ThreadPoolExecutor(MAX_ELSEWHERE, "elsewhere", use_one_thread) as others,
    ):
        try:
            for item in items:
                taken = elsewhere.take() if elsewhere is not None and n_here() >= cores.total else None
                if taken is None:
                    ahead.append(pool.submit(work, function, item))
                    here.add(ahead[-1])
                else:
                    ahead.append(others.submit(torch.inference_mode()(taken), item))
                while ahead and (ahead[0].done() or is_enough()):
                    if ahead[0].done():
                        yield ahead.popleft().result()
                    else:
                        wait_for_one()
            while ahead:
                if not ahead[0].done():
                    wait_for_one()
                else:
                    yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()
            here.clear()  # an exception of one of them refers to this frame: they would keep each other
