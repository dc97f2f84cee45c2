"""python -m tests.bench.speech: seconds for real recordings with real weights, of every transcriber.

Clips and longer recordings, which are joined from the folder of tests.accuracy; on one and on several threads; alone
and beside busy programs. All take turns. Word errors are those of the last round.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from localwhisper import paths
from localwhisper.engine.calibration.plan_selection import machine_key, measure_plan
from localwhisper.engine.checkpoints.checkpoint import read_checkpoint
from localwhisper.engine.kernels.precompile import kernel_cache
from localwhisper.engine.plans import QUALITIES, PlanStore
from tests.accuracy.__main__ import MODELS
from tests.accuracy.recordings import SpeechRecording, read_manifest, speech_folder
from tests.accuracy.scoring import word_errors
from tests.accuracy.systems import Transcriber, localwhisper_engine, systems
from tests.audio.recordings import write
from tests.bench.company import busy_loops
from tests.bench.rounds import interleaved, ratio
from tests.speech import decoded

SAMPLE_RATE = 16000
MAX_CLIP_S = 30.0
PAUSE_S = 0.5  # between joined recordings
UNMET_LOGPROB = -0.01


@dataclass(frozen=True)
class Speech:
    path: Path
    duration_s: float
    text: str


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.speech", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="base")
    parser.add_argument("--model-dir", type=Path, default=MODELS)
    parser.add_argument("--ctranslate2", type=Path, help="the same model's CTranslate2 folder, for faster-whisper")
    parser.add_argument("--ggml", type=Path, help="the same model as a file of whisper.cpp")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="transcribers, such as exact fast")
    parser.add_argument("--seconds", type=float, nargs="*", default=[5, 11, 30, 120], help="lengths of the recordings")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--busy", type=int, nargs="*", default=[0], help="numbers of busy programs beside them")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--language", default="en")
    parser.add_argument("--fallback", action="store_true", help="also where every temperature is tried")
    arguments = parser.parse_args()
    folder = speech_folder()
    if folder is None:
        raise SystemExit("No recordings: LOCALWHISPER_SPEECH must name a folder with a manifest.jsonl.")
    rows = (row for row in read_manifest(folder) if row.language == arguments.language and row.kind == "read")
    recordings = [row for row in rows if row.text and row.is_trusted]
    with tempfile.TemporaryDirectory() as temporary:
        _select_plans(arguments, Path(temporary))
        loaded = _load(arguments, Path(temporary))
        for duration_s in arguments.seconds:
            speech = _speech(recordings, duration_s, Path(temporary) / f"{duration_s:g}.wav")
            for n_busy in arguments.busy:
                with busy_loops(n_busy):
                    _compare(loaded, speech, arguments, n_busy)


def _select_plans(arguments: argparse.Namespace, data_dir: Path) -> None:
    """Now, and not in the background of the first transcriptions."""
    if not kernel_cache().is_ready():
        kernel_cache().compile()
    checkpoint = read_checkpoint(arguments.model_dir / f"{arguments.model}.pt", arguments.model)
    for quality in QUALITIES:
        if not arguments.only or quality in arguments.only:
            plan = measure_plan(checkpoint, quality)
            PlanStore(paths.plans(data_dir)).save(arguments.model, quality, machine_key(checkpoint, "cpu"), plan)


def _load(arguments: argparse.Namespace, data_dir: Path) -> dict[str, dict[int, Transcriber]]:
    """Transcribers by name and number of threads."""
    loaded: dict[str, dict[int, Transcriber]] = {}
    for n_threads in arguments.threads:
        by_name = systems(
            arguments.model, arguments.model_dir, arguments.ctranslate2, data_dir, n_threads, arguments.ggml
        )
        for name, load in by_name.items():
            if not arguments.only or name in arguments.only:
                loaded.setdefault(name, {})[n_threads] = load()
        for quality in QUALITIES if arguments.fallback else ():
            if quality in loaded:
                engine = arguments.model_dir, data_dir, arguments.model, quality, n_threads
                retrying = localwhisper_engine(*engine, logprob_threshold=UNMET_LOGPROB)
                loaded.setdefault(f"{quality}, every temperature", {})[n_threads] = retrying
    return loaded


def _speech(recordings: Sequence[SpeechRecording], duration_s: float, target: Path) -> Speech:
    """The recording whose length is the nearest; if it is to be longer than a clip, several are joined."""
    if duration_s <= MAX_CLIP_S:
        nearest = min(recordings, key=lambda recording: abs(recording.duration_s - duration_s))
        return Speech(nearest.path, nearest.duration_s, nearest.text or "")
    pause = np.zeros(int(PAUSE_S * SAMPLE_RATE), np.int16)
    parts: list[Any] = []
    texts: list[str] = []
    for recording in cycle(recordings):
        parts += [decoded(recording.path), pause]
        texts.append(recording.text or "")
        if sum(map(len, parts)) >= duration_s * SAMPLE_RATE:
            break
    samples = np.concatenate(parts)
    return Speech(write(target, samples), len(samples) / SAMPLE_RATE, " ".join(texts))


def _compare(
    loaded: dict[str, dict[int, Transcriber]], speech: Speech, arguments: argparse.Namespace, n_busy: int
) -> None:
    texts: dict[str, str] = {}

    def run(label: str, transcribe: Transcriber) -> None:
        texts[label] = transcribe(speech.path, arguments.language)

    work = {
        f"{name}, {n_threads}": partial(run, f"{name}, {n_threads}", transcribe)
        for name, by_threads in loaded.items()
        for n_threads, transcribe in by_threads.items()
    }
    times = interleaved(work, arguments.rounds)
    first, last = str(min(arguments.threads)), str(max(arguments.threads))
    print(
        f"\n{speech.duration_s:.1f} s, beside {n_busy} busy programs: shortest seconds on {arguments.threads} threads"
    )
    for name, by_threads in loaded.items():
        seconds = " / ".join(f"{min(times[f'{name}, {n_threads}']):6.2f}" for n_threads in by_threads)
        speedup = ratio(times, f"{name}, {last}", f"{name}, {first}")
        errors = word_errors(speech.text, texts[f"{name}, {last}"], arguments.language)
        print(
            f"  {name:28} {seconds}: {speedup.median:.2f}\N{MULTIPLICATION SIGN} "
            f"({speedup.low:.2f}…{speedup.high:.2f}), {errors.percent:.1f} % word errors",
            flush=True,
        )


if __name__ == "__main__":
    main()
