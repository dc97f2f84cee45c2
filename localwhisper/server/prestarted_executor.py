"""The threads that receive and check uploads: they have to be there when memory is short."""

import threading
from concurrent.futures import ThreadPoolExecutor


def prestarted_executor(n_threads: int, name: str) -> ThreadPoolExecutor:
    """An executor whose threads are all running. Otherwise each is started by a submit(): if memory is short then, the
    call raises, although the work is queued and another thread may still do it."""
    executor = ThreadPoolExecutor(n_threads, name)
    all_running = threading.Barrier(n_threads + 1)
    for _ in range(n_threads):
        executor.submit(all_running.wait)
    all_running.wait()
    return executor
