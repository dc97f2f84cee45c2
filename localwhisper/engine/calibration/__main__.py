"""python -m localwhisper.engine.calibration CHECKPOINT NAME QUALITY DEVICE PLANS: compile kernels, and select a plan.

That takes up to half a minute the first time on a machine. No job waits for it: a process of low priority does it
beside the first job with a model, which is computed as `plan_selection.provisional_plan` says. Of the processes that
were started for a file of plans, one works and the others wait, before they take memory for torch.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

from localwhisper.atomic import make_private_folder, private_opener
from localwhisper.file_lock import try_lock
from localwhisper.options import Quality

CHECK_EVERY_S = 0.5


def main(file: str, name: str, quality: Quality, device: str, plans: Path) -> None:
    if hasattr(os, "nice"):
        os.nice(19)
    with one_at_a_time(plans):
        from localwhisper.engine.calibration.plan_selection import machine_key, measure_plan, stored_plan
        from localwhisper.engine.checkpoints.checkpoint import read_checkpoint
        from localwhisper.engine.kernels.precompile import kernel_cache
        from localwhisper.engine.plans import PlanStore

        if not kernel_cache().is_ready():
            kernel_cache().compile()
        checkpoint, store = read_checkpoint(Path(file), name), PlanStore(plans)
        if stored_plan(store, checkpoint, quality, device) is None:  # else another process was quicker
            store.save(name, quality, machine_key(checkpoint, device), measure_plan(checkpoint, quality, device))


@contextmanager
def one_at_a_time(plans: Path) -> Iterator[None]:
    """Wait until no other process selects plans for this file. Where it can't be written, nobody waits."""
    descriptor = None
    with suppress(OSError):
        make_private_folder(plans.parent)
        descriptor = private_opener(str(plans.with_suffix(".lock")), os.O_RDWR | os.O_CREAT)
        while not try_lock(descriptor):
            time.sleep(CHECK_EVERY_S)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


if __name__ == "__main__":
    file, name, quality, device, plans = sys.argv[1:]
    main(file, name, cast(Quality, quality), device, Path(plans))
