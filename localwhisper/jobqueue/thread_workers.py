"""Workers on the threads of an executor in this process."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial

from localwhisper.engine.base import Engine
from localwhisper.jobqueue.job_execution import ExecutionSignals, Outcome, Receiver, WorkItem, execute
from localwhisper.jobqueue.loop_priority import lower_thread_priority
from localwhisper.jobqueue.thread_bridge import ThreadBridge


class ThreadWorkers:
    """See workers.Workers. Threading: the event loop's thread only."""

    def __init__(
        self,
        engine: Engine,
        capacity: int,
        yield_to_loop: Callable[[], None],
        new_executor: Callable[[], Executor] | None = None,
    ) -> None:
        """`new_executor` makes one with room for 2 * `capacity`; `yield_to_loop`: see loop_priority."""
        self.capacity = capacity
        self._engine = engine
        self._new_executor = new_executor or partial(ThreadPoolExecutor, 2 * capacity, "worker", lower_thread_priority)
        self._yield_to_loop = yield_to_loop

    def open(self, receiver: Receiver, on_more_capacity: Callable[[], None]) -> None:
        """With a new executor, so that threads of an earlier one that never stopped take none of its own."""
        self._executor = self._new_executor()
        self._bridge = ThreadBridge(asyncio.get_running_loop(), receiver, self._yield_to_loop)

    def channel(self, execution_id: str) -> "ThreadChannel":
        return ThreadChannel(self._executor, self._engine, self._bridge)

    def members(self) -> None:
        return None

    def names(self, execution_id: str) -> None:
        return None

    async def close(self) -> None:
        """Threads that still work are left alone."""
        self._executor.shutdown(wait=False)


class ThreadChannel:
    """See workers.WorkerChannel: the worker's thread polls the signals that are set here."""

    def __init__(self, executor: Executor, engine: Engine, bridge: ThreadBridge) -> None:
        self._executor = executor
        self._engine = engine
        self._bridge = bridge
        self._signals = ExecutionSignals()

    async def run(self, item: WorkItem) -> Outcome:
        future = self._executor.submit(execute, item, self._engine, self._signals, self._bridge)
        return await asyncio.wrap_future(future)

    def stop(self) -> None:
        self._signals.stop.set()

    def pause(self) -> None:
        self._signals.pause_gate.pause()

    def resume(self) -> None:
        self._signals.pause_gate.resume()
