"""Whether jobs can be accepted and stored now."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from localwhisper.errors import StorageUnwritable
from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.messages import Message

PATIENCE_S = 1.0  # a disk that doesn't answer within this time is a problem


class Health:
    """Threading: the event loop's thread only. The disk is checked on one dedicated thread, so that one that doesn't
    answer, such as a network drive that is gone, holds up neither the event loop nor other work."""

    def __init__(self, queue: JobQueue, root: Path, disk_problem: Callable[[], Message | None]) -> None:
        """`disk_problem` is called on the thread, by nobody else."""
        self._queue = queue
        self._root = root
        self._disk_problem = disk_problem
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="health")
        self._thread.submit(lambda: None)  # starts it now: later there may be no memory for a thread
        self._check: asyncio.Future[Message | None] | None = None  # the latest; shared by simultaneous requests

    async def problem(self) -> Message | None:
        """Return why jobs can't be accepted or stored; None if all is well."""
        if not self._queue.is_running:
            return Message("queue_not_running")
        if self._check is None or self._check.done():
            self._check = asyncio.get_running_loop().run_in_executor(self._thread, self._disk_problem)
        await asyncio.wait([self._check], timeout=PATIENCE_S)
        if self._check.done():
            return self._check.result()
        return StorageUnwritable(path=str(self._root), reason="the disk doesn't answer").message

    def stop(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
