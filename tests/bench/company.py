"""Beside other programs that need the cores: what several threads gain or lose over one, with the same company."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import torch

from localwhisper.engine.system_resources import usable_cores
from tests.bench.contestants import Contestant, contestants
from tests.bench.rounds import interleaved, ratio
from tools.random_checkpoint import write

WINDOWS = {"one window": 1, "8 windows": 8}
STOCK = "openai-whisper"  # takes longest, and is no measure here


def measure(folder: Path, sizes: list[str], rounds: int, n_tokens: int) -> None:
    """Print the seconds on one and on all cores beside no, one and as many busy loops as there are cores."""
    n_cores = usable_cores()
    for size in sizes:
        checkpoint = folder / f"{size}.pt"
        if not checkpoint.exists():
            write(size, checkpoint)
        loaded = {n: _load(checkpoint, n) for n in (1, n_cores)}
        for n_busy in sorted({0, 1, n_cores}):
            with busy_loops(n_busy):
                for part, n_windows in WINDOWS.items():
                    print(f"\n{size}, {part}, beside {n_busy} busy programs: seconds on 1 / {n_cores} threads")
                    _compare(loaded, n_cores, n_windows, rounds, n_tokens)


def _load(checkpoint: Path, n_threads: int) -> dict[str, Contestant]:
    torch.set_num_threads(n_threads)
    return {name: load() for name, load in contestants(checkpoint, n_threads).items() if name != STOCK}


def _compare(
    loaded: dict[int, dict[str, Contestant]], n_cores: int, n_windows: int, rounds: int, n_tokens: int
) -> None:
    n_mels = next(iter(loaded[1].values())).n_mels
    mel = np.random.default_rng(1).standard_normal((n_windows, n_mels, 3000)).astype(np.float32)
    for name in loaded[1]:
        times = interleaved({str(n): partial(loaded[n][name].decode, mel, n_tokens) for n in loaded}, rounds)
        speedup = ratio(times, str(n_cores), "1")
        alone_s, all_s = (min(times[n]) for n in ("1", str(n_cores)))
        print(
            f"  {name:20} {alone_s:6.2f} / {all_s:6.2f}: {speedup.median:.2f}\N{MULTIPLICATION SIGN} "
            f"({speedup.low:.2f}…{speedup.high:.2f})",
            flush=True,
        )


@contextmanager
def busy_loops(n: int) -> Iterator[None]:
    """`n` other programs that never wait."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(n)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()
