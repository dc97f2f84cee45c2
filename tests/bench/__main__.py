"""python -m tests.bench: openai-whisper, CTranslate2's int8 and this engine in turn, on the same random checkpoints.

Everything takes about 15 minutes on two cores. It may be done in pieces, by --sizes, --threads and --parts: what was
measured before stays in the report. `python -m tests.bench.record` puts a report into README and docs/.
"""

import argparse
import json
import os
import platform
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from localwhisper.engine.window_decoder import n_frames_to_encode
from tests.bench import footprint
from tests.bench.contestants import Contestant, CTranslate2, Ours, Stock, contestants
from tests.bench.rounds import interleaved, ratio
from tools.random_checkpoint import write

BATCH = 8  # windows decoded side by side
JOBS = 3
CLIP_TOKENS = 17  # of 5 s: as dense as a window's 100
STOCK, THEIRS, EXACT, FAST = "openai-whisper", "CTranslate2 int8", "localwhisper exact", "localwhisper fast"
PAIRS = ((EXACT, STOCK), (EXACT, THEIRS), (FAST, STOCK), (FAST, THEIRS), (THEIRS, STOCK))
SAME_ENCODER = 1e-3  # relative deviation of CTranslate2's encoder in single precision from stock's
FULL_MEL = (80, 3000)
CLIP_FRAMES = 500

Loaded = dict[str, Contestant]
Clock = Callable[[], float]


def main() -> None:
    options = _options()
    folder = Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "bench.json"
    report: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"runs": {}}
    report |= {"machine": _machine(), "rounds": options.rounds, "tokens": options.tokens}
    for size in options.sizes.split(","):
        checkpoint = folder / f"{size}.pt"
        if not checkpoint.exists():
            write(size, checkpoint)
        report.setdefault("encoder deviation", {})[size] = _encoders_agree(checkpoint)
        for n_threads in map(int, options.threads.split(",")):
            run = report["runs"].setdefault(f"{size}, {n_threads}", {"size": size, "threads": n_threads})
            _run(run, checkpoint, options.parts.split(","), options.rounds, options.tokens)
            file.write_text(json.dumps(report, indent=1))
    print(file)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="tiny,base,small", help="of random checkpoints; also medium")
    parser.add_argument("--threads", default="1,2", help="torch's; with one, the processor's time is compared")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"what to measure: {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=100, help="decoded a window")
    parser.add_argument("--output", default="build/bench")
    return parser.parse_args()


def _run(run: dict[str, Any], checkpoint: Path, parts: list[str], rounds: int, n_tokens: int) -> None:
    n_threads = run["threads"]
    torch.set_num_threads(n_threads)
    # of one thread the processor's time, which other programs on the machine don't lengthen as they do the clock's
    clock = time.process_time if n_threads == 1 else time.perf_counter
    run |= {"clock": clock.__name__, "commit": _commit()}
    loaded = {name: load() for name, load in contestants(checkpoint, n_threads).items()}
    run["plans"] = {name: asdict(one.measured) for name, one in loaded.items() if isinstance(one, Ours)}
    if "memory" in parts:  # now that checkpoints are converted and plans chosen, which is done once
        run["memory"] = {name: footprint.measure(checkpoint, name, n_threads) for name in (STOCK, THEIRS, EXACT, FAST)}
    for part in parts:
        if part != "memory":
            run[part] = PARTS[part](loaded, rounds, n_tokens, clock)
            _show(f"{run['size']}, {n_threads} threads, {part}", run[part])


def _show(title: str, found: Mapping[str, Any]) -> None:
    print(f"\n{title}")
    for pair, one in found.items():
        if isinstance(one, dict) and "median" in one:
            print(f"  {pair:48} {one['median']:5.2f}× ({one['low']:.2f}…{one['high']:.2f})", flush=True)


def _one_window(loaded: Loaded, rounds: int, n_tokens: int, clock: Clock) -> dict[str, Any]:
    """A window of 30 s."""
    return _compare(loaded, dict.fromkeys(loaded, _mel(1)), rounds, n_tokens, clock)


def _windows(loaded: Loaded, rounds: int, n_tokens: int, clock: Clock) -> dict[str, Any]:
    """Windows side by side; stock's are left out, which take longest and have no bar."""
    without = {name: one for name, one in loaded.items() if name != STOCK}
    return _compare(without, dict.fromkeys(without, _mel(BATCH)), max(1, rounds // 2), n_tokens, clock)


def _jobs(loaded: Loaded, rounds: int, n_tokens: int, clock: Clock) -> dict[str, Any]:
    """Jobs at once against one after the other, on as many cores; of one thread, what both cost the processor."""
    ours = {name: one for name, one in loaded.items() if isinstance(one, Ours)}
    mel = _mel(1)
    work: dict[str, Callable[[], object]] = {}
    for name, one in ours.items():
        alone = partial(one.decode, mel, n_tokens)
        work[f"{name}, one after the other"] = partial(_repeat, alone)
        work[f"{name}, {JOBS} at once"] = partial(_at_once, alone)
    times = interleaved(work, max(1, rounds // 2), clock)
    pairs = [(f"{name}, {JOBS} at once", f"{name}, one after the other") for name in ours]
    return {**{f"{of} / {to}": asdict(ratio(times, of, to)) for of, to in pairs}, "seconds": dict(times)}


def _repeat(work: Callable[[], object]) -> None:
    for _ in range(JOBS):
        work()


def _at_once(work: Callable[[], object]) -> None:
    """As the program runs jobs: each in a thread."""
    threads = [threading.Thread(target=work) for _ in range(JOBS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _clip(loaded: Loaded, rounds: int, n_tokens: int, clock: Clock) -> dict[str, Any]:
    """A clip of 5 s, padded to a window as whisper does, with as many tokens as its share of the window's. `fast`
    leaves most of the padding out, as it does in the program."""
    mel = _mel(1)
    mel[:, :, CLIP_FRAMES:] = mel.min()
    mels = {name: mel[:, :, : n_frames_to_encode(CLIP_FRAMES, "fast" if name == FAST else "exact")] for name in loaded}
    return _compare(loaded, mels, rounds, CLIP_TOKENS, clock)


PARTS: Mapping[str, Callable[[Loaded, int, int, Clock], dict[str, Any]]] = {
    "one window": _one_window,
    f"{BATCH} windows": _windows,
    "jobs": _jobs,
    "5-s clip": _clip,
    "memory": lambda *_: {},  # in processes of their own
}


def _compare(loaded: Loaded, mels: Mapping[str, Any], rounds: int, n_tokens: int, clock: Clock) -> dict[str, Any]:
    for name, contestant in loaded.items():
        found = contestant.decode(mels[name][:1], n_tokens)
        if found != [n_tokens]:
            raise SystemExit(f"{name} decoded {found} tokens, not {n_tokens}")
    work = {name: partial(contestant.decode, mels[name], n_tokens) for name, contestant in loaded.items()}
    times = interleaved(work, rounds, clock)
    pairs = [(of, to) for of, to in PAIRS if of in times and to in times]
    return {**{f"{of} / {to}": asdict(ratio(times, of, to)) for of, to in pairs}, "seconds": dict(times)}


def _mel(n: int) -> Any:
    """Log-mel of noise, shape (n, 80, 3000)."""
    return np.random.default_rng(1).standard_normal((n, *FULL_MEL)).astype(np.float32)


def _encoders_agree(checkpoint: Path) -> float:
    """Whether the conversion is right: both encoders in single precision on the same window."""
    mel = _mel(1)
    right = Stock(checkpoint).encode(mel)
    found = CTranslate2(checkpoint, 1, "float32").encode(mel)
    deviation = float(np.sqrt(np.mean((found - right) ** 2) / np.mean(right**2)))
    if not deviation < SAME_ENCODER:
        raise SystemExit(f"the converted encoder deviates by {deviation}")
    return deviation


def _machine() -> dict[str, Any]:
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "torch": torch.__version__,
        "commit": _commit(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "onednn": os.environ.get("ONEDNN_MAX_CPU_ISA", "all"),
    }


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


if __name__ == "__main__":
    main()
