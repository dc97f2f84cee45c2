"""A worker of a cluster as a process: connects to the scheduler, again and again, until it is told to stop."""

import asyncio
import os
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

from distributed import Status, Worker
from distributed.comm.core import connect
from distributed.security import Security
from distributed.utils import get_ip

from localwhisper import paths
from localwhisper.atomic import make_private_folder, storage_errors
from localwhisper.distributed.connection import configure_dask, reason_of, security_for
from localwhisper.distributed.job_plugin import JobPlugin
from localwhisper.distributed.protocol import RESOURCE
from localwhisper.settings import Settings

CONNECT_S = 5.0
DRAIN_S = 15.0  # for jobs to finish their window, when the worker is told to stop
CLOSE_S = 2.0
RETRY_S = 1.0
T = TypeVar("T")


async def run_worker(
    address: str, settings: Settings, stop_requested: asyncio.Event, say: Callable[[str], None]
) -> None:
    """Transcribe jobs until a stop is requested; then hand over those that are running.

    Raises CertificatesMissing, StorageFull, StorageUnwritable.
    """
    configure_dask()
    security = security_for(address, settings)
    folder = paths.worker_files(settings.data_dir)
    with storage_errors(folder):
        make_private_folder(settings.data_dir)
        make_private_folder(folder)
    plugin = JobPlugin(settings)
    say(f"Connecting to the scheduler at {address} (Ctrl-C to stop)")
    reported: str | None = None
    n_connections = 0
    while not stop_requested.is_set():
        problem = await _unless_stopped(_connection_problem(address, security), stop_requested)
        if problem is None:
            n_connections += 1
            name = f"{socket.gethostname()}-{os.getpid()}" + (f".{n_connections}" if n_connections > 1 else "")
            worker = new_worker(address, security, str(folder), plugin, name)
            problem = await _work(worker, plugin, stop_requested, say)
        if problem is not None and problem != reported:
            say(f"The scheduler can't be reached, trying again: {problem}")
        reported = problem
        await _unless_stopped(asyncio.sleep(RETRY_S), stop_requested)


async def _work(
    worker: Worker, plugin: JobPlugin, stop_requested: asyncio.Event, say: Callable[[str], None]
) -> str | None:
    """Work until the scheduler is gone, or a stop is requested. Returns why the worker couldn't start."""
    try:
        await _unless_stopped(worker.start(), stop_requested)
        if worker.status is not Status.running:
            return None
        say(f"Connected as {worker.name}; jobs at once: {plugin.capacity}")
        await _unless_stopped(worker.finished(), stop_requested)
        if stop_requested.is_set():
            say("Stopping; running jobs continue on other workers.")
            await plugin.drain(DRAIN_S)
        else:
            say("The scheduler is gone; connecting again")
    except RuntimeError as error:  # of worker.start()
        return reason_of(error)
    finally:
        with suppress(OSError, asyncio.TimeoutError):
            await asyncio.wait_for(worker.close(timeout=CLOSE_S), 2 * CLOSE_S)
    return None


async def _unless_stopped(work: Coroutine[Any, Any, T], stop_requested: asyncio.Event) -> T | None:
    """Wait for this, or for the stop; then it is cancelled."""
    tasks = [asyncio.ensure_future(work), asyncio.ensure_future(stop_requested.wait())]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    return tasks[0].result() if tasks[0].done() else None


async def _connection_problem(address: str, security: Security) -> str | None:
    """Why there is no connection to the scheduler, such as a certificate; dask would try again for ever, in silence."""
    try:
        comm = await connect(address, CONNECT_S, **security.get_connection_args("worker"))
    except Exception as error:  # Tornado raises ValueError where a proxy without its scheduler hangs up
        return reason_of(error)
    await comm.close()
    return None


def new_worker(address: str, security: Security, folder: str, plugin: JobPlugin, name: str) -> Worker:
    """`name`: another one each time, since the scheduler may not have noticed yet that the last connection is lost."""
    return Worker(
        address,
        host=get_ip(urlsplit(address).hostname),  # of this machine, in the direction of the scheduler
        name=name,
        nthreads=2 * plugin.capacity,  # beside each job that runs, another may be paused
        resources={RESOURCE: plugin.capacity},
        memory_limit=0,  # the engine looks after its own
        local_directory=folder,
        dashboard_address="127.0.0.1:0",
        security=security,
        plugins=(plugin,),
    )
