"""The workers of a dask cluster, from the server's side: connects to the scheduler, and knows which workers are there.

The scheduler is asked every second. Workers are told apart from dask's others by the resource that they declare.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4
from weakref import WeakValueDictionary

from distributed import Client
from distributed.security import Security

from localwhisper.distributed.connection import reason_of
from localwhisper.distributed.dask_channel import DaskChannel
from localwhisper.distributed.job_plugin import facts, refuse
from localwhisper.distributed.places import STALLED_S, Place, freest
from localwhisper.distributed.protocol import RESOURCE, TOPIC, Measured, ModelWanted, Offered, Progress, read_report
from localwhisper.distributed.server_models import ModelFiles
from localwhisper.distributed.sharing import neediest
from localwhisper.distributed.versions import compare, own_versions
from localwhisper.errors import WorkerVersion
from localwhisper.jobqueue.job_execution import Interrupted, Lost, Receiver
from localwhisper.jobqueue.workers import WorkerStatus
from localwhisper.jobs.transcript import Window

CONNECT_S = 5.0
RETRY_S = 1.0  # between two attempts to connect
ASK_S = 1.0  # between two questions who is there
CLOSE_S = 0.5
log = logging.getLogger(__name__)


class DaskWorkers:
    """See workers.Workers. Threading: the event loop's thread only."""

    def __init__(self, address: str, security: Security, model_path: Callable[[str], Path | None]) -> None:
        """`model_path`: where this machine has a model; called on a thread."""
        self._address = address
        self._security = security
        self._models = ModelFiles(model_path)
        self._versions = own_versions()
        self._client: Client | None = None  # None: not connected
        self._places: dict[str, Place] = {}  # by address
        self._channels: WeakValueDictionary[str, DaskChannel] = WeakValueDictionary()  # by execution id
        self._greetings: dict[str, asyncio.Task[None]] = {}  # of new workers, by address

    # -- workers.Workers -----------------------------------------------------------------

    @property
    def capacity(self) -> int:
        return sum(place.capacity for place in self._places.values() if place.takes_work)

    def open(self, receiver: Receiver, on_more_capacity: Callable[[], None]) -> None:
        self._receiver = receiver
        self._on_more_capacity = on_more_capacity
        self._connection = asyncio.ensure_future(self._stay_connected())

    def channel(self, execution_id: str) -> DaskChannel:
        return self._new_channel(execution_id, freest(self._places.values()))

    def _new_channel(self, execution_id: str, place: Place | None, helped: DaskChannel | None = None) -> DaskChannel:
        channel = DaskChannel(execution_id, self._client, place, self._has_room, self._models, helped)
        self._channels[execution_id] = channel
        return channel

    def members(self) -> Sequence[WorkerStatus]:
        channels = list(self._channels.values())
        return [
            WorkerStatus(
                name=place.name,
                capacity=place.capacity,
                execution_ids=frozenset((each.helped or each).id for each in channels if each.place is place),
                problem=place.problem,
            )
            for place in self._places.values()
        ]

    def names(self, execution_id: str) -> Sequence[str]:
        channel = self._channels.get(execution_id)
        places = () if channel is None else (channel.place, *channel.sharing.places)
        return [place.name for place in places if place is not None]

    async def close(self) -> None:
        while not self._connection.done():  # before Python 3.12, asyncio.wait_for() sometimes drops a cancellation
            self._connection.cancel()
            await asyncio.wait([self._connection], timeout=2 * CLOSE_S)

    # -- the connection ------------------------------------------------------------------

    async def _stay_connected(self) -> None:
        """Connect again whenever the connection is lost."""
        is_reported = False
        while True:
            try:
                async with self._connected() as client:
                    is_reported = False
                    await self._follow(client)
            except Exception as error:  # an OSError, or whatever else dask raises
                if not is_reported:
                    log.error("The scheduler at %s can't be reached: %s", self._address, reason_of(error))
                is_reported = True
            await asyncio.sleep(RETRY_S)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Client]:
        client = Client(
            self._address,
            asynchronous=True,
            security=self._security,
            set_as_default=False,
            timeout=CONNECT_S,
            name="localwhisper",
        )
        try:
            await client
            client.subscribe_topic(TOPIC, self._on_event)
            self._client = client
            log.info("connected to the scheduler at %s", self._address)
            yield client
        finally:
            self._disconnect()
            with suppress(OSError, asyncio.TimeoutError):
                await asyncio.wait_for(client.close(), CLOSE_S)

    def _disconnect(self) -> None:
        self._client = None
        for greeting in self._greetings.values():
            greeting.cancel()
        self._greetings.clear()
        for place in self._places.values():
            place.lose(Interrupted())
        self._places.clear()

    async def _follow(self, client: Client) -> None:
        """Keep the places up to date as long as the connection lasts. Raises OSError, TimeoutError."""
        while client.status == "running" and client.scheduler is not None:
            identity = await asyncio.wait_for(client.scheduler.identity(n_workers=-1), STALLED_S)
            self._update(client, identity["workers"])
            await asyncio.sleep(ASK_S)

    def _update(self, client: Client, workers: Mapping[str, Mapping[str, Any]]) -> None:
        now_s, capacity = time.monotonic(), self.capacity
        for address in self._places.keys() - workers.keys():
            place = self._places.pop(address)
            log.info("the worker %s is gone", place.name)
            place.lose(Interrupted() if place.is_closing else Lost())
        for address, worker in workers.items():
            if RESOURCE not in worker["resources"]:
                continue
            if address in self._places:
                self._places[address].observe(worker["last_seen"], worker["status"], now_s)
            elif address not in self._greetings:
                self._greetings[address] = asyncio.ensure_future(self._greet(client, address, str(worker["name"])))
        if self.capacity > capacity:
            self._on_more_capacity()
        self._share()

    def _share(self) -> None:
        """Have workers that have nothing else to do help with long recordings."""
        for place in self._places.values():
            while helped := neediest(self._channels.values(), place):
                helped.sharing.add(self._new_channel(uuid4().hex, place, helped))

    async def _greet(self, client: Client, address: str, name: str) -> None:
        """Find out what a new worker can do, and whether it may."""
        try:
            own = (await client.run(facts, workers=[address]))[address]
            place = Place(address, name, own.capacity, seen_at_s=time.monotonic())
            try:
                compare(self._versions, own.versions)
            except WorkerVersion as error:
                log.warning("the worker %s gets no jobs: %s", name, error)
                place.problem = error.message
                await client.run(refuse, str(error), workers=[address])
        except Exception as error:  # whatever a foreign worker raises; it is asked again
            log.info("the worker %s doesn't answer: %r", name, error)
            return
        finally:
            self._greetings.pop(address, None)
        self._places[address] = place
        self._on_more_capacity()

    def _has_room(self) -> bool:
        return any(place.n_free > 0 for place in self._places.values())

    # -- events --------------------------------------------------------------------------

    def _on_event(self, event: tuple[float, dict[str, Any]]) -> None:
        _, message = event
        if place := self._places.get(message.get("draining", "")):
            place.is_closing = True
        execution_id: str = message.get("execution", "")
        channel = self._channels.get(execution_id)
        if channel is None:
            return
        report = read_report(message)
        if isinstance(report, ModelWanted):
            channel.send_model(report.offset)
        elif channel.helped is not None:
            channel.helped.sharing.report_of_helper(execution_id, report)
        else:
            channel.sharing.report(report)
            match report:
                case Measured(duration_s, track):
                    self._receiver.measured(execution_id, duration_s, track)
                    self._share()
                case Progress(done_s, progress_message):
                    self._receiver.progress(execution_id, done_s, progress_message)
                case Window() as window:
                    self._receiver.window(execution_id, window)
                case Offered():
                    self._share()
