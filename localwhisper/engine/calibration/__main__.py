"""python -m localwhisper.engine.calibration CHECKPOINT NAME QUALITY DEVICE PLANS: compile kernels, and select a plan.

That takes up to half a minute the first time on a machine. No job waits for it: a process of low priority does it
beside the first job with a model, which is computed as `plan_selection.provisional_plan` says.
"""

import os
import sys
from pathlib import Path
from typing import cast

from localwhisper.engine.calibration.plan_selection import machine_key, measure_plan
from localwhisper.engine.checkpoints.checkpoint import read_checkpoint
from localwhisper.engine.kernels.precompile import kernel_cache
from localwhisper.engine.plans import PlanStore
from localwhisper.options import Quality


def main(file: str, name: str, quality: Quality, device: str, plans: str) -> None:
    if hasattr(os, "nice"):
        os.nice(19)
    if not kernel_cache().is_ready():
        kernel_cache().compile()
    checkpoint = read_checkpoint(Path(file), name)
    measured = measure_plan(checkpoint, quality, lambda: None, device)
    PlanStore(Path(plans)).save(name, quality, machine_key(checkpoint, device), measured)


if __name__ == "__main__":
    file, name, quality, device, plans = sys.argv[1:]
    main(file, name, cast(Quality, quality), device, plans)
