"""A function of many items, computed ahead of whoever takes its results, here and elsewhere."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Protocol, TypeVar

import torch

from localwhisper.engine.threads import CoreBudget, use_one_thread

MAX_ELSEWHERE = 256  # items at once
Item = TypeVar("Item", contravariant=True)
Result = TypeVar("Result", covariant=True)


class Elsewhere(Protocol[Item, Result]):
    """Where else items may be computed. Threading: SAFE."""

    @property
    def n_cores(self) -> int:
        """As far as known now."""

    @property
    def has_room(self) -> bool: ...

    def take(self) -> Callable[[Item], Result] | None:
        """Return a function that has one item computed, if there is room for it; it is called on any thread."""


def map_ahead(
    cores: CoreBudget,
    function: Callable[[Item], Result],
    items: Iterable[Item],
    elsewhere: Elsewhere[Item, Result] | None = None,
) -> Iterator[Result]:
    """Yield function(item) in order, computed ahead of the consumer on as many threads as there are cores, and
    elsewhere where there is room.

    When the consumer leaves or something is raised, what has not started is dropped, and what has is waited for.
    """
    ahead: deque[Future[Result]] = deque()
    here: set[Future[Result]] = set()  # those of `ahead` that may not be done yet

    @torch.inference_mode()
    def work(item: Item) -> Result:
        with cores.working():
            return function(item)

    def is_enough() -> bool:
        if elsewhere is None:
            return len(ahead) >= 2 * cores.total
        here.difference_update([future for future in here if future.done()])
        is_full = len(here) >= 2 * cores.total and not elsewhere.has_room
        return is_full or len(ahead) >= 4 * (cores.total + elsewhere.n_cores)

    with (
        ThreadPoolExecutor(cores.total, "windows", use_one_thread) as pool,
        ThreadPoolExecutor(MAX_ELSEWHERE, "elsewhere", use_one_thread) as others,
    ):
        try:
            for item in items:
                taken = elsewhere.take() if elsewhere is not None else None
                if taken is None:
                    ahead.append(pool.submit(work, item))
                    here.add(ahead[-1])
                else:
                    ahead.append(others.submit(torch.inference_mode()(taken), item))
                while ahead and (ahead[0].done() or is_enough()):
                    if ahead[0].done():
                        yield ahead.popleft().result()
                    else:
                        wait([future for future in ahead if not future.done()], return_when=FIRST_COMPLETED)
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()
            here.clear()  # an exception of one of them refers to this frame: they would keep each other
