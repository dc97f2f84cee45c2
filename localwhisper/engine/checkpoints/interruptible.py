"""Iterating something that may block for long, such as a network connection, so that it can be left at any time."""

import queue
import threading
from collections.abc import Callable, Generator
from contextlib import closing
from typing import TypeVar

T = TypeVar("T")

CHECK_INTERVAL_S = 0.1
MAX_BUFFERED = 16  # items waiting for a slower reader


class _End:
    """The source is exhausted, or raised `error`."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def interruptible(source: Generator[T, None, None], check: Callable[[], None]) -> Generator[T, None, None]:
    """The items of `source`, which is iterated on a thread of its own.

    `check` is called at least every CHECK_INTERVAL_S and may raise. After that, or when the generator is closed, the
    thread closes `source` as soon as it has the item it is waiting for.
    """
    items: queue.Queue[T | _End] = queue.Queue(MAX_BUFFERED)
    is_abandoned = threading.Event()

    def put(item: T | _End) -> bool:
        """Return whether the item was buffered: False once the reader is gone."""
        while not is_abandoned.is_set():
            try:
                items.put(item, timeout=CHECK_INTERVAL_S)
                return True
            except queue.Full:
                continue
        return False

    def iterate() -> None:
        try:
            with closing(source):
                is_exhausted = all(put(item) for item in source)
            if is_exhausted:
                put(_End())
        except BaseException as error:
            put(_End(error))

    threading.Thread(target=iterate, name="interruptible", daemon=True).start()
    try:
        while True:
            check()
            try:
                item = items.get(timeout=CHECK_INTERVAL_S)
            except queue.Empty:
                continue
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        is_abandoned.set()
