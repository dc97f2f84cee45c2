"""Who goes first."""

import asyncio
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from localwhisper.jobqueue.loop_priority import NICENESS, LoopActivity, Selector, lower_thread_priority


def test_the_way_is_free_only_while_the_loop_waits() -> None:
    way = LoopActivity()
    seen: list[bool] = []

    async def main() -> None:
        asking = threading.Thread(target=lambda: seen.append(way._is_free.wait(5)))
        asking.start()
        time.sleep(0.05)  # the loop is busy
        seen.append(way._is_free.is_set())
        await asyncio.sleep(0.05)
        asking.join()

    loop = asyncio.SelectorEventLoop(Selector(way))
    loop.run_until_complete(main())
    loop.close()
    assert seen == [False, True]


def test_a_loop_that_is_always_busy_does_not_end_the_work() -> None:
    way = LoopActivity()
    way.take()
    way.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a niceness for each thread")
def test_only_the_workers_are_nice() -> None:
    with ThreadPoolExecutor(1, initializer=lower_thread_priority) as executor:
        nice = executor.submit(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())).result()
    assert nice == os.getpriority(os.PRIO_PROCESS, 0) + NICENESS or nice == NICENESS
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) != nice
