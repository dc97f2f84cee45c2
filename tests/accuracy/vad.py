"""python -m tests.accuracy.vad: word errors of real recordings with and without `vad_filter`, by kind of recording.

Prints a table. With --kept, texts are kept in a JSON file, so that a run continues another.
"""

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from localwhisper.engine.base import NoControl
from localwhisper.options import Options
from tests.accuracy.recordings import SpeechRecording, read_manifest, scored, speech_folder
from tests.accuracy.scoring import ErrorCount, word_errors
from tests.accuracy.subtitles import MODELS
from tests.accuracy.systems import new_engine

Texts = dict[str, tuple[str, str]]  # by the recording's path: without, with


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy.vad", description=__doc__)
    parser.add_argument("--model", default="base")
    parser.add_argument("--model-dir", type=Path, default=MODELS, help="where the model's .pt file is")
    parser.add_argument("--kept", type=Path, metavar="FILE", help="where texts are kept and read from")
    arguments = parser.parse_args()
    folder = speech_folder()
    if folder is None:
        print("No recordings: LOCALWHISPER_SPEECH must name a folder with a manifest.jsonl.", file=sys.stderr)
        return 2
    recordings = scored(read_manifest(folder))
    texts = transcribe_all(recordings, arguments.model, arguments.model_dir, arguments.kept)
    print(table(recordings, texts))
    return 0


def transcribe_all(recordings: Sequence[SpeechRecording], model: str, model_dir: Path, kept: Path | None) -> Texts:
    texts: Texts = json.loads(kept.read_text(encoding="utf-8")) if kept and kept.exists() else {}
    with tempfile.TemporaryDirectory() as data_dir:
        engine = new_engine(model_dir, Path(data_dir))
        for recording in recordings:
            path = str(recording.path)
            if path in texts:
                continue
            without, with_vad = (
                engine.transcribe(
                    recording.path,
                    Options(model=model, language=recording.language or None, vad_filter=vad_filter),
                    NoControl(),
                ).text
                for vad_filter in (False, True)
            )
            texts[path] = (without, with_vad)
            if kept:
                kept.write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
    return texts


def table(recordings: Sequence[SpeechRecording], texts: Mapping[str, Sequence[str]]) -> str:
    counts: dict[str, list[ErrorCount]] = defaultdict(lambda: [ErrorCount(), ErrorCount()])
    n_recordings: dict[str, int] = defaultdict(int)
    n_invented = [0, 0]
    for recording in recordings:
        for index, text in enumerate(texts[str(recording.path)]):
            if recording.expects_no_text or recording.text is None:
                n_invented[index] += bool(text.strip())
                continue
            errors = word_errors(recording.text, text, recording.language)
            for group in (recording.kind, "all"):
                counts[group][index] += errors
                n_recordings[group] += index  # once
    lines = ["| kind | recordings | words | without | with | difference |", "| --- | --- | --- | --- | --- | --- |"]
    for group in [*sorted(counts.keys() - {"all"}), "all"]:
        without, with_vad = counts[group]
        difference = with_vad.percent - without.percent
        figures = f"{without.total} | {without.percent:.2f} % | {with_vad.percent:.2f} % | {difference:+.2f}"
        lines.append(f"| {group} | {n_recordings[group]} | {figures} |")
    lines.append(f"\nRecordings without speech that got a text: {n_invented[0]} without, {n_invented[1]} with.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
