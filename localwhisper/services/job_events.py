"""The events of one job as an asynchronous iterator, for requests that wait for its end."""

import asyncio

from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobs.events import Event, JobChanged, JobRemoved, SegmentsDone

JobEvent = SegmentsDone | JobChanged | JobRemoved


class JobEventStream:
    """Iterates over a job's segments and changes from now on, until it ends or is removed.

    Threading: the event loop's thread only.
    """

    def __init__(self, bus: EventBus, job_id: str) -> None:
        self._events: asyncio.Queue[JobEvent] = asyncio.Queue()
        self._has_ended = False
        self._unsubscribe = bus.subscribe(self._on_event, job_id)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, JobEvent):
            self._events.put_nowait(event)

    def __aiter__(self) -> "JobEventStream":
        return self

    async def __anext__(self) -> JobEvent:
        if self._has_ended:
            raise StopAsyncIteration
        event = await self._events.get()
        self._has_ended = isinstance(event, JobRemoved) or (isinstance(event, JobChanged) and event.job.state.ended)
        return event

    def close(self) -> None:
        """Unsubscribe; may be called any number of times."""
        self._unsubscribe()
