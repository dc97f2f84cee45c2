"""The event loop has priority over the workers."""

import asyncio
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from localwhisper.jobqueue.loop_priority import (
    MAX_NICENESS,
    NICENESS_INCREMENT,
    ActivitySelector,
    LoopActivity,
    lower_thread_priority,
)


def test_the_loop_is_idle_only_while_it_waits() -> None:
    activity = LoopActivity()
    observed: list[bool] = []

    async def main() -> None:
        waiting = threading.Thread(target=lambda: observed.append(activity._is_idle.wait(60)))
        waiting.start()
        time.sleep(0.05)  # the loop is busy
        observed.append(activity._is_idle.is_set())
        while waiting.is_alive():
            await asyncio.sleep(0.01)

    loop = asyncio.SelectorEventLoop(ActivitySelector(activity))
    loop.run_until_complete(main())
    loop.close()
    assert observed == [False, True]


def test_a_loop_that_is_always_busy_does_not_stop_the_workers() -> None:
    activity = LoopActivity()
    activity.mark_busy()
    activity.yield_to_loop()


@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux does each thread have its own niceness")
def test_only_the_workers_get_a_lower_priority() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = niceness()
    with ThreadPoolExecutor(1, initializer=lower_thread_priority) as executor:
        assert executor.submit(niceness).result() == min(before + NICENESS_INCREMENT, MAX_NICENESS)
    assert niceness() == before
