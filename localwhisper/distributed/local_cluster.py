"""A scheduler in this process, and workers beside it as processes of this machine, for trying a cluster out."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from distributed import Scheduler

from localwhisper.distributed.certificates import make_certificates
from localwhisper.distributed.connection import certificates_folder, configure_dask, reason_of, security_for
from localwhisper.errors import BadSetting, CertificatesExist
from localwhisper.settings import Settings

POLL_S = 0.2
STOP_S = 30.0  # for a worker to hand over its jobs


async def run_cluster(
    address: str,
    settings: Settings,
    worker_command: Sequence[str],
    environ: Mapping[str, str],
    n_workers: int,
    stop_requested: asyncio.Event,
    say: Callable[[str], None],
) -> None:
    """Schedule at this address, with so many workers of this machine, until a stop is requested.

    `worker_command` and `environ`: of a worker, which ends when its standard input does, so that none is left when this
    process is killed. Makes certificates in the data directory if none are named, nor there.
    Raises BadSetting, CertificatesMissing, StorageFull, StorageUnwritable.
    """
    configure_dask()
    parts = urlsplit(address)
    assert parts.hostname is not None
    if parts.hostname in ("0.0.0.0", "::"):
        raise BadSetting(name="--scheduler", value=address, accepted="one address of this machine, not all of them")
    if parts.scheme == "tls" and settings.cluster_certificates is None:
        with suppress(CertificatesExist):
            make_certificates(certificates_folder(settings))
    scheduler = Scheduler(
        host=f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname,
        port=parts.port or 0,
        protocol=parts.scheme,
        security=security_for(address, settings),
        dashboard=False,
        dashboard_address="127.0.0.1:0",
    )
    try:
        await scheduler
    except (OSError, RuntimeError) as error:
        accepted = f"a free port of an address of this machine ({reason_of(error)})"
        raise BadSetting(name="--scheduler", value=address, accepted=accepted) from error
    say(f"The scheduler is at {address} (Ctrl-C to stop). Serve with: localwhisper --scheduler {address}")
    cores = _cores_for(n_workers)
    workers = [asyncio.ensure_future(_keep_running(worker_command, environ, each, stop_requested)) for each in cores]
    try:
        await stop_requested.wait()
        say("Stopping")
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await scheduler.close()


async def _keep_running(
    command: Sequence[str], environ: Mapping[str, str], cores: set[int], stop_requested: asyncio.Event
) -> None:
    """Run a worker on these cores, and start it again whenever it ends by itself."""
    while not stop_requested.is_set():
        # in a session of its own, so that Ctrl-C stops it once; asyncio's can't run beside Tornado on Windows
        process = subprocess.Popen(command, env=dict(environ), start_new_session=True, stdin=subprocess.PIPE)
        assert process.stdin is not None
        if sys.platform == "linux" and cores:
            os.sched_setaffinity(process.pid, cores)
        try:
            while process.poll() is None and not stop_requested.is_set():
                await asyncio.sleep(POLL_S)
        finally:
            process.terminate()
            process.stdin.close()
        for _ in range(round(STOP_S / POLL_S)):
            if process.poll() is not None:
                break
            await asyncio.sleep(POLL_S)


def _cores_for(n_workers: int) -> list[set[int]]:
    """Divide the cores among the workers; without any where there are too few, or the system can't."""
    if sys.platform != "linux":
        return [set()] * n_workers
    cores = sorted(os.sched_getaffinity(0))
    share = len(cores) // max(n_workers, 1)
    return [set(cores[number * share : (number + 1) * share]) for number in range(n_workers)]
