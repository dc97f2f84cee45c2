"""python -m tests.accuracy: word error rates and times on real recordings, all transcribers in turn on each of them.

Writes build/accuracy/accuracy.json, texts included, and prints its tables.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from tests.accuracy.recordings import SpeechRecording, read_manifest, scored, speech_folder
from tests.accuracy.systems import Transcriber, systems
from tests.accuracy.tables import tables

REPORT = Path("build/accuracy/accuracy.json")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description=__doc__)
    parser.add_argument("--model", default="base")
    parser.add_argument("--model-dir", type=Path, required=True, help="where the model's .pt file is")
    parser.add_argument("--ctranslate2", type=Path, help="the same model's CTranslate2 folder, for faster-whisper")
    parser.add_argument("--threads", type=int, help="of each transcriber; by default as many as cores")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="transcribers")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth recording")
    arguments = parser.parse_args()
    folder = speech_folder()
    if folder is None:
        print("No recordings: LOCALWHISPER_SPEECH must name a folder with a manifest.jsonl.", file=sys.stderr)
        return 2
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    recordings = scored(read_manifest(folder))[:: arguments.every]
    with tempfile.TemporaryDirectory() as data_dir:
        available = systems(arguments.model, arguments.model_dir, arguments.ctranslate2, Path(data_dir))
        chosen = {name: load for name, load in available.items() if not arguments.only or name in arguments.only}
        rows = transcribe_all(recordings, chosen)
    report = {
        "model": arguments.model,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "recordings": rows,
    }
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(tables(report))
    return 0


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
