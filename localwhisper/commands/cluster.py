"""localwhisper cluster: a dask cluster's certificates, its scheduler, and workers of this machine to try it out."""

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from localwhisper import logs
from localwhisper.commands.arguments import setting_flags
from localwhisper.commands.standard_streams import say
from localwhisper.commands.stop_signals import stop_on_signal
from localwhisper.distributed import LOCAL_SCHEDULER, require_dask
from localwhisper.settings import Settings, child_environment, child_flags


def run(options: argparse.Namespace, settings: Settings) -> int:
    require_dask()
    if options.action == "certificates":
        from localwhisper.distributed.certificates import make_certificates

        folder = Path(options.folder).expanduser().absolute()
        make_certificates(folder)
        print(f"Copy {folder} to each machine of the cluster, by a safe way, and name it with --cluster-certificates.")
        return 0
    logging.getLogger().addHandler(logs.console_handler(settings.log_format))
    asyncio.run(_serve(options, settings))
    return 0


async def _serve(options: argparse.Namespace, settings: Settings) -> None:
    from localwhisper.distributed.local_cluster import run_cluster

    stop_requested = stop_on_signal()
    address = settings.scheduler or LOCAL_SCHEDULER
    flags = setting_flags(options)
    one_job_each = [] if flags["max_concurrent_jobs"] else ["--max-concurrent-jobs", "1"]
    worker = [sys.executable, "-m", "localwhisper", "worker", address, "--until-end-of-stdin"]
    command = [*worker, *child_flags(flags), *one_job_each]
    n_workers = options.workers if options.action == "local" else 0
    await run_cluster(address, settings, command, child_environment(flags), n_workers, stop_requested, say)
