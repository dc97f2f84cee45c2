"""python -m tests.bench: time openai-whisper, CTranslate2's int8 and this engine in turn on random checkpoints.

Everything takes about 15 minutes on two cores. It can be measured in pieces with --sizes, --threads and --parts:
earlier results stay in the report. `python -m tests.bench.record` puts a report into docs/.
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

from localwhisper.engine.audio_window import n_frames_to_encode
from tests.bench import company, footprint
from tests.bench.contestants import Contestant, CTranslate2, LocalWhisper, OpenAIWhisper, contestants
from tests.bench.rounds import interleaved, ratio
from tools.random_checkpoint import write

BATCH = 8  # windows decoded in one batch
JOBS = 3
CLIP_TOKENS = 17  # for 5 s: the same density as 100 for a window
NAMES = STOCK, THEIRS, EXACT, FAST = "openai-whisper", "CTranslate2 int8", "localwhisper exact", "localwhisper fast"
PAIRS = ((EXACT, STOCK), (EXACT, THEIRS), (FAST, STOCK), (FAST, THEIRS), (THEIRS, STOCK))
SAME_ENCODER = 1e-3  # maximum relative deviation of CTranslate2's float32 encoder from openai-whisper's
CLIP_FRAMES = 500

Loaded = dict[str, Contestant]
Clock = Callable[[], float]


def main() -> None:
    options = _options()
    folder = Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)
    if options.company:
        company.measure(folder, options.sizes.split(","), options.rounds, options.tokens)
        return
    file = folder / "bench.json"
    report: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"runs": {}}
    report |= {"machine": _machine(), "rounds": options.rounds, "tokens": options.tokens}
    for size in options.sizes.split(","):
        checkpoint = folder / f"{size}.pt"
        if not checkpoint.exists():
            write(size, checkpoint)
        if not options.only:
            report.setdefault("encoder deviation", {})[size] = _encoders_agree(checkpoint)
        for n_threads in map(int, options.threads.split(",")):
            run = report["runs"].setdefault(f"{size}, {n_threads}", {"size": size, "threads": n_threads})
            _run(run, checkpoint, options)
            file.write_text(json.dumps(report, indent=1))
    print(file)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="tiny,base,small", help="sizes of the random checkpoints; also larger ones")
    parser.add_argument("--threads", default="1,2", help="numbers of torch threads; with one, CPU time is compared")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"what to measure: {', '.join(PARTS)}")
    parser.add_argument("--only", nargs="*", choices=NAMES, help="what to compare; the largest models need much memory")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=100, help="tokens decoded for each window")
    parser.add_argument("--company", action="store_true", help="measure beside busy programs instead")
    parser.add_argument("--output", default="build/bench")
    return parser.parse_args()


def _run(run: dict[str, Any], checkpoint: Path, options: argparse.Namespace) -> None:
    n_threads, parts = run["threads"], options.parts.split(",")
    torch.set_num_threads(n_threads)
    # with one thread compare CPU time, which other programs on the machine don't increase
    clock = time.process_time if n_threads == 1 else time.perf_counter
    run |= {"clock": clock.__name__, "commit": _commit()}
    names = options.only or NAMES
    loaded = {name: load() for name, load in contestants(checkpoint, n_threads).items() if name in names}
    run["plans"] = {name: asdict(one.measured) for name, one in loaded.items() if isinstance(one, LocalWhisper)}
    if "memory" in parts:  # checkpoints are converted and plans measured by now
        run["memory"] = {name: footprint.measure(checkpoint, name, n_threads) for name in names}
    for part in parts:
        if part != "memory":
            run[part] = PARTS[part](loaded, options.rounds, options.tokens, clock)
            _show(f"{run['size']}, {n_threads} threads, {part}", run[part])


def _show(title: str, ratios: Mapping[str, Any]) -> None:
    print(f"\n{title}")
    for pair, speedup in ratios.items():
        if isinstance(speedup, dict) and "median" in speedup:
            print(f"  {pair:48} {speedup['median']:5.2f}× ({speedup['low']:.2f}…{speedup['high']:.2f})", flush=True)


def _one_window(loaded: Loaded, rounds: int, n_tokens: int, clock: Clock) -> dict[str, Any]:
    """One window of 30 s."""
    return _compare(loaded, dict.fromkeys(loaded, _mel(1, next(iter(loaded.values())))), rounds, n_tokens, clock)


def _windows(loaded: Loaded, rounds: int, n_tokens: int, clock: Clock) -> dict[str, Any]:
    """Several windows in one batch. openai-whisper is left out: it takes longest, and no ratio uses it."""
    without = {name: one for name, one in loaded.items() if name != STOCK}
    return _compare(without, dict.fromkeys(without, _mel(BATCH, loaded[THEIRS])), max(1, rounds // 2), n_tokens, clock)


def _jobs(loaded: Loaded, rounds: int, n_tokens: int, clock: Clock) -> dict[str, Any]:
    """Parallel jobs compared with the same jobs in sequence; with one thread, by CPU time."""
    ours = {name: one for name, one in loaded.items() if isinstance(one, LocalWhisper)}
    mel = _mel(1, loaded[EXACT])
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
    """Run each job in a thread, as the program does."""
    threads = [threading.Thread(target=work) for _ in range(JOBS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _clip(loaded: Loaded, rounds: int, n_tokens: int, clock: Clock) -> dict[str, Any]:
    """A clip of 5 s, padded to a window as in openai-whisper; `fast` leaves out most of the padding."""
    mel = _mel(1, next(iter(loaded.values())))
    mel[:, :, CLIP_FRAMES:] = mel.min()
    mels = {name: mel[:, :, : n_frames_to_encode(CLIP_FRAMES, "fast" if name == FAST else "exact")] for name in loaded}
    return _compare(loaded, mels, rounds, CLIP_TOKENS, clock)


PARTS: Mapping[str, Callable[[Loaded, int, int, Clock], dict[str, Any]]] = {
    "one window": _one_window,
    f"{BATCH} windows": _windows,
    "jobs": _jobs,
    "5-s clip": _clip,
    "memory": lambda *_: {},  # measured in separate processes
}


def _compare(loaded: Loaded, mels: Mapping[str, Any], rounds: int, n_tokens: int, clock: Clock) -> dict[str, Any]:
    for name, contestant in loaded.items():
        n_decoded = contestant.decode(mels[name][:1], n_tokens)
        if n_decoded != [n_tokens]:
            raise SystemExit(f"{name} decoded {n_decoded} tokens, not {n_tokens}")
    work = {name: partial(contestant.decode, mels[name], n_tokens) for name, contestant in loaded.items()}
    times = interleaved(work, rounds, clock)
    pairs = [(of, to) for of, to in PAIRS if of in times and to in times]
    return {**{f"{of} / {to}": asdict(ratio(times, of, to)) for of, to in pairs}, "seconds": dict(times)}


def _mel(n: int, contestant: Contestant) -> Any:
    """Random numbers as log-mel spectrograms, shape (n, n_mels, 3000)."""
    return np.random.default_rng(1).standard_normal((n, contestant.n_mels, 3000)).astype(np.float32)


def _encoders_agree(checkpoint: Path) -> float:
    """Check the conversion: the deviation between both float32 encoders for the same window."""
    stock = OpenAIWhisper(checkpoint)
    mel = _mel(1, stock)
    expected = stock.encode(mel)
    features = CTranslate2(checkpoint, 1, "float32").encode(mel)
    deviation = float(np.sqrt(np.mean((features - expected) ** 2) / np.mean(expected**2)))
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
