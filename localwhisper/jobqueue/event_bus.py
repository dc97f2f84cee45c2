"""Events to their subscribers. Threading: the event loop's thread only."""

import logging
from collections import defaultdict
from collections.abc import Callable

from localwhisper.jobs.events import Event

Subscriber = Callable[[Event], None]
log = logging.getLogger(__name__)


class EventBus:
    def __init__(self) -> None:
        self._subscribers: defaultdict[str | None, list[Subscriber]] = defaultdict(list)  # by job id; None: all jobs

    def subscribe(self, subscriber: Subscriber, job_id: str | None = None) -> Callable[[], None]:
        """Call `subscriber` with every event from now on, or with those of one job.

        Returns a function that unsubscribes; it may be called any number of times.
        """
        self._subscribers[job_id].append(subscriber)

        def unsubscribe() -> None:
            subscribers = self._subscribers.get(job_id, [])
            if subscriber in subscribers:
                subscribers.remove(subscriber)
            if not subscribers:
                self._subscribers.pop(job_id, None)

        return unsubscribe

    def publish(self, event: Event) -> None:
        """Call the subscribers. One that raises is logged; the others still get the event."""
        of_job = [] if event.job_id is None else self._subscribers.get(event.job_id, [])
        for subscriber in (*self._subscribers.get(None, []), *of_job):
            try:
                subscriber(event)
            except Exception:
                log.exception("a subscriber failed on %s", type(event).__name__)
