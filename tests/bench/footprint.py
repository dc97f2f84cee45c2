"""python -m tests.bench.footprint CHECKPOINT CONTESTANT THREADS: load time and resident memory of a process of its own.

Prints {"load_s": …, "steady_mib": …, "peak_mib": …}; steady is after two windows.
"""

import json
import subprocess
import sys
import time
from pathlib import Path


def measure(checkpoint: Path, name: str, n_threads: int) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.footprint", str(checkpoint), name, str(n_threads)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found


def memory_mib(field: str) -> float:
    """VmRSS: resident now; VmHWM: at most so far, by this program alone."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def main(checkpoint: Path, name: str, n_threads: int) -> None:
    import numpy as np
    import torch

    from tests.bench.contestants import contestants

    torch.set_num_threads(n_threads)
    load = contestants(checkpoint, n_threads)[name]
    started_s = time.perf_counter()
    contestant = load()
    load_s = time.perf_counter() - started_s
    mel = np.random.default_rng(0).standard_normal((1, 80, 3000)).astype(np.float32)
    for _ in range(2):
        contestant.decode(mel, 50)
    print(json.dumps({"load_s": load_s, "steady_mib": memory_mib("VmRSS"), "peak_mib": memory_mib("VmHWM")}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
