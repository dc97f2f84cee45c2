"""python -m tests.bench.footprint CHECKPOINT CONTESTANT THREADS: measure load time and resident memory in this process.

Prints {"load_s": …, "steady_mib": …, "peak_mib": …}: the time to load the checkpoint, without starting the program, and
the memory after two windows.
"""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

TIMES = 3


def measure(checkpoint: Path, name: str, n_threads: int) -> dict[str, float]:
    """The median of each figure over several processes."""
    command = [sys.executable, "-m", "tests.bench.footprint", str(checkpoint), name, str(n_threads)]
    samples: list[dict[str, float]] = []
    for _ in range(TIMES):
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        samples.append(json.loads(result.stdout.splitlines()[-1]))
    return {figure: statistics.median(sample[figure] for sample in samples) for figure in samples[0]}


def memory_mib(field: str) -> float:
    """VmRSS: resident memory now; VmHWM: its maximum so far."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def main(checkpoint: Path, name: str, n_threads: int) -> None:
    import numpy as np
    import torch

    from localwhisper.engine.system_resources import trim_heap
    from tests.bench.contestants import contestants, prepare

    if name.startswith("localwhisper"):
        prepare()
    torch.set_num_threads(n_threads)
    load = contestants(checkpoint, n_threads)[name]
    started_s = time.perf_counter()
    contestant = load()
    load_s = time.perf_counter() - started_s
    mel = np.random.default_rng(0).standard_normal((1, contestant.n_mels, 3000)).astype(np.float32)
    for _ in range(2):
        contestant.decode(mel, 50)
    if name.startswith("localwhisper"):
        trim_heap()  # as the program does after a job
    print(json.dumps({"load_s": load_s, "steady_mib": memory_mib("VmRSS"), "peak_mib": memory_mib("VmHWM")}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
