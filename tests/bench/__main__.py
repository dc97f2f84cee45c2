"""python -m tests.bench [--sizes tiny,base,small] [--threads 1,2] [--rounds 5] [--tokens 100] [--output FOLDER]"""

import argparse
import json
import os
import platform
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.bench import chart, footprint
from tests.bench.contestants import Contestant, CTranslate2, Ours, Stock, contestants
from tests.bench.rounds import interleaved, ratio
from tools.random_checkpoint import write

BATCH = 8  # windows decoded side by side
STOCK, THEIRS, EXACT, FAST = "openai-whisper", "CTranslate2 int8", "localwhisper exact", "localwhisper fast"
PAIRS = ((EXACT, STOCK), (EXACT, THEIRS), (FAST, STOCK), (FAST, THEIRS), (THEIRS, STOCK))
SAME_ENCODER = 1e-3  # relative deviation of CTranslate2's encoder in single precision from stock's
FULL_MEL = (80, 3000)


def main() -> None:
    options = _options()
    folder = Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {"machine": _machine(), "rounds": options.rounds, "tokens": options.tokens, "runs": []}
    for size in options.sizes.split(","):
        checkpoint = folder / f"{size}.pt"
        if not checkpoint.exists():
            write(size, checkpoint)
        report["runs"].append({"size": size, "encoder_deviation": _encoders_agree(checkpoint)})
        for n_threads in map(int, options.threads.split(",")):
            report["runs"].append(_run(checkpoint, size, n_threads, options.rounds, options.tokens))
            (folder / "bench.json").write_text(json.dumps(report, indent=1))
    rows = [
        (f"{run['size']}, {run['threads']} threads: {of}", of, run["one window"][f"{of} / {to}"]["median"])
        for run in report["runs"] if "threads" in run for of, to in PAIRS if to == STOCK
    ]  # fmt: skip
    (folder / "bench.svg").write_text(chart.svg("Speed against openai-whisper, one window", rows))
    print(folder / "bench.json", folder / "bench.svg")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="How fast, and in how much memory.")
    parser.add_argument("--sizes", default="tiny,base,small", help="of random checkpoints; also medium")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=100, help="decoded a window")
    parser.add_argument("--output", default="build/bench")
    return parser.parse_args()


def _run(checkpoint: Path, size: str, n_threads: int, rounds: int, n_tokens: int) -> dict[str, Any]:
    torch.set_num_threads(n_threads)
    loaded = {name: load() for name, load in contestants(checkpoint, n_threads).items()}
    mel = np.random.default_rng(1).standard_normal((BATCH, *FULL_MEL)).astype(np.float32)
    for name, contestant in loaded.items():
        found = contestant.decode(mel[:1], n_tokens)
        if found != [n_tokens]:
            raise SystemExit(f"{name} decoded {found} tokens, not {n_tokens}")
    # of one thread the processor's time, which other programs on the machine don't lengthen as they do the clock's
    clock = time.process_time if n_threads == 1 else time.perf_counter
    run = {
        "clock": clock.__name__,
        "size": size, "threads": n_threads,
        "plans": {name: asdict(one.chosen) for name, one in loaded.items() if isinstance(one, Ours)},
        "one window": _compare(loaded, mel[:1], rounds, n_tokens, clock),
        f"{BATCH} windows": _compare(loaded, mel, max(1, rounds // 2), n_tokens, clock),
        "footprint": {name: footprint.measure(checkpoint, name, n_threads) for name in loaded},
    }  # fmt: skip
    for part in ("one window", f"{BATCH} windows"):
        print(f"\n{size}, {n_threads} threads, {part}")
        for pair, found in run[part].items():
            if isinstance(found, dict):
                print(f"  {pair:40} {found['median']:5.2f}× ({found['low']:.2f}…{found['high']:.2f})")
    for name, found in run["footprint"].items():
        print(f"  {name:20} load {found['load_s']:.1f} s, {found['steady_mib']:.0f} MiB, peak {found['peak_mib']:.0f}")
    return run


def _compare(
    loaded: dict[str, Contestant], mel: Any, rounds: int, n_tokens: int, clock: Callable[[], float]
) -> dict[str, Any]:
    work = {name: partial(contestant.decode, mel, n_tokens) for name, contestant in loaded.items()}
    times = interleaved(work, rounds, clock)
    return {**{f"{of} / {to}": asdict(ratio(times, of, to)) for of, to in PAIRS}, "seconds": [dict(times)]}


def _encoders_agree(checkpoint: Path) -> float:
    """Whether the conversion is right: both encoders in single precision on the same window."""
    mel = np.random.default_rng(2).standard_normal((1, *FULL_MEL)).astype(np.float32)
    right = Stock(checkpoint).encode(mel)
    found = CTranslate2(checkpoint, 1, "float32").encode(mel)
    deviation = float(np.sqrt(np.mean((found - right) ** 2) / np.mean(right**2)))
    if not deviation < SAME_ENCODER:
        raise SystemExit(f"the converted encoder deviates by {deviation}")
    return deviation


def _machine() -> dict[str, Any]:
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    return {
        "commit": commit, "processor": _processor(), "cores": os.cpu_count(), "torch": torch.__version__,
        "capability": torch.backends.cpu.get_cpu_capability(), "load": os.getloadavg(),
    }  # fmt: skip


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


if __name__ == "__main__":
    main()
