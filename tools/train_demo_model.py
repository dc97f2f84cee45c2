"""Train the bundled `demo` model from scratch: synthesise speech, train, export a checkpoint.

Needs torch, openai-whisper and libespeak-ng; takes 75 minutes on two recent cores. Run from the repository root:
`python -m tools.train_demo_model --folder /tmp/demo`. An interrupted run continues from its last saved step.
"""

from __future__ import annotations

import argparse
import lzma
import time
from dataclasses import replace
from pathlib import Path

import torch.multiprocessing as multiprocessing

from tools.demo_model import pool, training
from tools.demo_model.batches import Stage

STAGES = (
    Stage(2.6, 32, 700, 2e-3, 2e-3, (4, 4, 1.5, 0.3), is_moved=True, word_loss=1.0, guide_loss=0.5),
    Stage(4.0, 20, 900, 2e-3, 1.8e-3, (4, 4, 1.5, 0.3), is_moved=True, word_loss=1.0, guide_loss=0.5),
    Stage(7.0, 12, 1100, 1.8e-3, 1.5e-3, (4, 4, 1.5, 0.3), prompts=0.2, is_moved=True, word_loss=0.5),
    Stage(15.0, 8, 1000, 1.5e-3, 1.2e-3, (5, 3, 2, 0.5), prompts=0.4, is_moved=True),
    Stage(30.0, 6, 1500, 1.2e-3, 2e-5, (5, 3, 2, 0.7), prompts=0.55, guide_loss=0.5),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--folder", type=Path, required=True, help="where to store the pool, the saved state and the exports"
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--hours", type=float, default=36.0, help="speech to synthesise")
    parser.add_argument("--processes", type=int, default=2, help="data-parallel processes of one thread")
    parser.add_argument("--sharpness", type=float, default=2.0, help="factor on the exported logits")
    parser.add_argument("--save-every", type=int, default=500, metavar="STEPS")
    parser.add_argument("--scale", type=float, default=1.0, help="factor on every stage's steps, for a short trial")
    parser.add_argument(
        "--warm-start", type=Path, metavar="CHECKPOINT", help="continue from an export with the last stage only"
    )
    options = parser.parse_args()
    started = time.monotonic()
    pool.build(options.folder / "pool", seed=options.seed, hours=options.hours, processes=options.processes)
    print(f"pool ready after {(time.monotonic() - started) / 60:.1f} min", flush=True)
    stages = [replace(stage, steps=max(1, round(stage.steps * options.scale))) for stage in STAGES]
    run = training.Run(
        options.folder,
        stages,
        options.seed,
        options.processes,
        options.sharpness,
        options.save_every,
        options.warm_start,
    )
    multiprocessing.spawn(training.train, args=(run,), nprocs=options.processes)
    packed = lzma.compress((options.folder / training.EXPORT).read_bytes(), preset=9)
    (options.folder / "demo.pt.xz").write_bytes(packed)  # the format of localwhisper/assets


if __name__ == "__main__":
    main()
