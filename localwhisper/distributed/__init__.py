"""The queue's workers as processes on any number of machines, joined by dask.distributed.

The queue stays what it is: it decides what runs next, and its store is the truth. A job that starts is given to the
worker that is most free, as one dask task that no other worker may take. What passes between the two sides is in
protocol: on the server's side dask_workers, on the worker's job_plugin. Reports come back as events of one topic, and
are saved as those of a thread are. A worker that is lost, or a connection, ends the execution without an outcome; the
job returns to the queue, and continues from its last saved window wherever it starts next.

Only the scheduler has to be reachable for the server and the workers: whatever they tell each other passes through it.
dask's own means of repeating a task, moving it or keeping its result for others aren't used.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from localwhisper.errors import PackageMissing
from localwhisper.jobqueue.workers import Workers
from localwhisper.settings import Settings

LOCAL_SCHEDULER = "tls://127.0.0.1:8786"


def cluster_workers(scheduler: str, settings: Settings, model_path: Callable[[str], Path | None]) -> Workers:
    """The queue's workers on the cluster of this scheduler. `model_path`: where this machine has a model.

    Raises PackageMissing, CertificatesMissing.
    """
    require_dask()
    from localwhisper.distributed.connection import configure_dask, security_for
    from localwhisper.distributed.dask_workers import DaskWorkers

    configure_dask()
    return DaskWorkers(scheduler, security_for(scheduler, settings), model_path)


def require_dask() -> None:
    """Raises PackageMissing."""
    if not all(find_spec(package) for package in ("distributed", "cryptography")):
        raise PackageMissing(extra="distributed")


async def dask_setup(worker: Any) -> None:
    """For `dask worker --preload localwhisper.distributed`; the settings come from the environment."""
    from localwhisper import settings
    from localwhisper.distributed.job_plugin import JobPlugin

    await worker.plugin_add(JobPlugin(settings.load({})))
