"""Events to whoever subscribed. Threading: the event loop's thread only."""

import logging
from collections.abc import Callable

from localwhisper.jobs.events import Event

Subscriber = Callable[[Event], None]
log = logging.getLogger(__name__)


class Bus:
    def __init__(self) -> None:
        self._subscribers: list[Subscriber] = []

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber` with every event from now on; the result ends that (any number of times)."""
        self._subscribers.append(subscriber)

        def unsubscribe() -> None:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)

        return unsubscribe

    def publish(self, event: Event) -> None:
        """A subscriber that fails is logged; the others still hear of the event."""
        for subscriber in tuple(self._subscribers):
            try:
                subscriber(event)
            except Exception:
                log.exception("a subscriber failed on %s", type(event).__name__)
