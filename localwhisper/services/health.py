"""Whether jobs can be accepted and stored now."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from localwhisper.errors import StorageUnwritable
from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.messages import Message

PATIENCE_S = 0.5  # a request waits for the disk no longer than this, and is told what the check before found
UNANSWERED_S = 10.0  # a disk that doesn't answer within this time is a problem; a busy one may take a second or two


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
        self._check: asyncio.Future[Message | None] | None = None  # under way; shared by simultaneous requests
        self._began_s = 0.0  # by time.monotonic()
        self._found: Message | None = None  # by the latest check that ended

    async def problem(self) -> Message | None:
        """Return why jobs can't be accepted or stored; None if all is well."""
        if not self._queue.is_running:
            return Message("queue_not_running")
        self._take_result()
        if self._check is None:
            self._check = asyncio.get_running_loop().run_in_executor(self._thread, self._disk_problem)
            self._began_s = time.monotonic()
        await asyncio.wait([self._check], timeout=PATIENCE_S)
        self._take_result()
        if self._check is not None and time.monotonic() - self._began_s > UNANSWERED_S:
            return StorageUnwritable(path=str(self._root), reason="the disk doesn't answer").message
        return self._found

    def _take_result(self) -> None:
        if self._check is not None and self._check.done():
            check, self._check = self._check, None
            self._found = check.result()

    def stop(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
