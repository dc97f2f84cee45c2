"""Waiting for what may keep silent for long, such as a network, in a way that can be left at once."""

import queue
import threading
from collections.abc import Callable, Generator
from contextlib import closing
from typing import TypeVar

T = TypeVar("T")

CHECK_EVERY_S = 0.1
AHEAD = 16  # items that are kept for a reader that is slower


class _End:
    """The source is exhausted; `error` is what it raised, if it did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def interruptible(source: Generator[T, None, None], check: Callable[[], None]) -> Generator[T, None, None]:
    """The items of `source`, which is iterated in a thread of its own.

    `check` is called all the while and may raise; then, or where no more is asked for, the thread is left to itself:
    it closes `source` once that has the item it is waiting for.
    """
    items: queue.Queue[T | _End] = queue.Queue(AHEAD)
    is_left = threading.Event()

    def give(item: T | _End) -> bool:
        """Whether anyone still takes it."""
        while not is_left.is_set():
            try:
                items.put(item, timeout=CHECK_EVERY_S)
                return True
            except queue.Full:
                continue
        return False

    def iterate() -> None:
        try:
            with closing(source):
                is_whole = all(give(item) for item in source)
            if is_whole:
                give(_End())
        except BaseException as error:
            give(_End(error))

    threading.Thread(target=iterate, name="interruptible", daemon=True).start()
    try:
        while True:
            check()
            try:
                item = items.get(timeout=CHECK_EVERY_S)
            except queue.Empty:
                continue
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        is_left.set()
