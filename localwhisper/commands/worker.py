"""localwhisper worker: transcribe the jobs of a server elsewhere, as a worker of its dask cluster."""

import argparse
import asyncio
import logging

from localwhisper import logs
from localwhisper.commands.standard_streams import say
from localwhisper.commands.stop_signals import stop_at_end_of_stdin, stop_on_signal
from localwhisper.distributed import require_dask
from localwhisper.errors import BadSetting
from localwhisper.setting_types import scheduler_address
from localwhisper.settings import SCHEDULER, Settings


def run(options: argparse.Namespace, settings: Settings) -> int:
    require_dask()
    try:
        address = scheduler_address(options.address or "") or settings.scheduler
    except ValueError:
        raise BadSetting(name="ADDRESS", value=options.address, accepted=SCHEDULER.accepted) from None
    if address is None:
        raise BadSetting(name="ADDRESS", value="", accepted=SCHEDULER.accepted)
    logging.getLogger().addHandler(logs.console_handler(settings.log_format))
    asyncio.run(_work(address, settings, ends_with_stdin=options.until_end_of_stdin))
    return 0


async def _work(address: str, settings: Settings, *, ends_with_stdin: bool) -> None:
    from localwhisper.distributed.worker_process import run_worker

    stop_requested = stop_on_signal()
    if ends_with_stdin:
        stop_at_end_of_stdin(stop_requested)
    await run_worker(address, settings, stop_requested, say)
