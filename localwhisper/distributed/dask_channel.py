"""One execution on a worker of the cluster, from the server's side."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import replace
from typing import Any

from distributed import Client, Future, KilledWorker

from localwhisper.distributed.audio_copies import AudioFile, read_piece
from localwhisper.distributed.job_plugin import accept, receive, run_job, signal
from localwhisper.distributed.places import Place
from localwhisper.distributed.protocol import TASK_PREFIX, Refused
from localwhisper.distributed.server_models import ModelFile, ModelFiles
from localwhisper.distributed.sharing import Sharing
from localwhisper.errors import JobDamaged
from localwhisper.jobqueue.job_execution import Failed, Finished, Interrupted, Outcome, WorkItem
from localwhisper.messages import render

STOP_S = 5.0  # for a worker to end after a stop; then it is given up
CONNECTION_ERRORS = (OSError, ValueError)  # Tornado raises the latter where a TLS connection ends as it begins
RETRY_S = 0.5  # between two attempts to signal something
NOTICE_S = 15.0  # after a failed call, until the worker is known to be lost
log = logging.getLogger(__name__)


class DaskChannel:
    """A workers.WorkerChannel and a places.Occupant. Threading: the event loop's thread only."""

    def __init__(
        self,
        execution_id: str,
        client: Client | None,
        place: Place | None,
        has_room: Callable[[], bool],
        models: ModelFiles,
        helped: "DaskChannel | None" = None,
    ):
        """`place`: None if the last worker has just gone. `has_room`: whether another worker could run it at once.
        `models`: the server's. `helped`: the execution that this one helps, if it is no job's own."""
        self.is_paused = False
        self.is_stopping = False
        self.id = execution_id
        self.helped = helped
        self.sharing = Sharing(self)
        self._client = client
        self.place = place
        self._has_room = has_room
        self._models = models
        self._model: ModelFile | None = None  # offered to the worker
        self._sending: set[asyncio.Task[None]] = set()  # pieces of it
        self._ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()  # without the worker
        self._signals: asyncio.Queue[tuple[object, ...]] = asyncio.Queue()
        self._task: Future[Outcome] | None = None  # dask's; None: not submitted yet
        if place is not None:
            (place.occupants if helped is None else place.helpers).add(self)
            place.make_room()

    # -- workers.WorkerChannel -----------------------------------------------------------

    async def run(self, item: WorkItem) -> Outcome:
        self.sharing.begin(item)
        work = asyncio.ensure_future(self._work(item))
        try:
            await asyncio.wait({work, self._ended}, return_when=asyncio.FIRST_COMPLETED)
            outcome = work.result() if work.done() else self._ended.result()
            return replace(outcome, helped_s=self.sharing.helped_s) if isinstance(outcome, Finished) else outcome
        finally:
            self.sharing.end()
            work.cancel()
            if self._task is not None:
                self._task.release()  # dask then tells the worker, should it still be at it
            if self.place is not None:
                self.place.occupants.discard(self)
                self.place.helpers.discard(self)

    def stop(self) -> None:
        self.is_stopping = True
        self.sharing.end()
        self.send("stop")
        if self._task is None:
            self.end(Interrupted())
        else:
            asyncio.get_running_loop().call_later(STOP_S, self.end, Interrupted())

    def pause(self) -> None:
        self.is_paused = True
        self.send("pause")

    def resume(self) -> None:
        """If its worker has started another job since, and another worker is free, it continues there."""
        if self.place is not None and self.place.n_free <= 0 and self._has_room():
            self.stop()
        self.is_paused = False
        if self.place is not None:
            self.place.make_room()
        self.send("resume")

    def send(self, name: str, *values: object) -> None:
        """Signal something to the worker: see JobPlugin.signal()."""
        self._signals.put_nowait((name, *values))

    def send_model(self, offset: int) -> None:
        """Send the piece of the offered model for which the worker asks."""

        async def send(model: ModelFile) -> None:
            answer = await asyncio.to_thread(model.answer, offset)
            self.send("model_piece", model.name, offset, answer)

        if self._model is not None:
            task = asyncio.ensure_future(send(self._model))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    # -- places.Occupant -----------------------------------------------------------------

    def end(self, outcome: Outcome) -> None:
        if not self._ended.done():
            self._ended.set_result(outcome)

    # -- work ----------------------------------------------------------------------------

    async def _work(self, item: WorkItem) -> Outcome:
        if self._client is None or self.place is None:
            return Interrupted()
        sending: asyncio.Future[None] | None = None
        try:
            try:
                audio = await asyncio.to_thread(AudioFile.of, item.audio)
            except OSError:
                return Failed(JobDamaged(file=item.audio.name).message)
            not_taken = await self._hand_over(item, audio)
            if not_taken is not None:
                return not_taken
            sending = asyncio.ensure_future(self._send_signals())
            self._task = self._client.submit(
                run_job,
                self.id,
                key=TASK_PREFIX + self.id,
                workers=[self.place.address],
                allow_other_workers=False,
                pure=False,
                retries=0,
            )
            outcome: Outcome = await self._task
            return outcome
        except (*CONNECTION_ERRORS, CancelledError, KilledWorker):  # the connection is lost, or the worker
            with suppress(asyncio.TimeoutError):
                return await asyncio.wait_for(asyncio.shield(self._ended), NOTICE_S)
            return Interrupted()
        finally:
            if sending is not None:
                sending.cancel()

    async def _hand_over(self, item: WorkItem, audio: AudioFile) -> Failed | Interrupted | None:
        """Give the worker the work, and the audio unless it has that already."""
        assert self.place is not None
        self._model = await asyncio.to_thread(self._models.find, item.options.model)
        needs_audio = await self._call(accept, item, audio, self._model)
        if isinstance(needs_audio, Refused):
            log.warning("the worker %s gets no jobs: %s", self.place.name, render(needs_audio.reason, "en"))
            self.place.problem = needs_audio.reason
            return Interrupted()
        if isinstance(needs_audio, Failed):
            return needs_audio
        offset = 0
        while needs_audio and offset < audio.size_bytes:
            piece = await asyncio.to_thread(read_piece, audio.path, offset)
            if not piece:  # it was cut since
                return Failed(JobDamaged(file=audio.path.name).message)
            failed: Failed | None = await self._call(receive, self.id, offset, piece)
            if failed is not None:
                return failed
            offset += len(piece)
        return None

    async def _send_signals(self) -> None:
        """One after another, each until it has arrived: a pause that overtook its resume would never end."""
        while True:
            values = await self._signals.get()
            while True:
                try:
                    await self._call(signal, self.id, *values)
                    break
                except CONNECTION_ERRORS:  # of this call; if the worker is lost, this ends with the execution
                    await asyncio.sleep(RETRY_S)

    async def _call(self, function: Callable[..., Any], *arguments: object) -> Any:
        assert self._client is not None
        assert self.place is not None
        answers = await self._client.run(function, *arguments, workers=[self.place.address])
        return answers[self.place.address]
