"""python -m tests.accuracy.import_forms: one model in every form that can be imported, and what each of them hears.

Writes `base` in the form of each program, imports it as `localwhisper models import` does, and transcribes recordings
with it. Prints a table: how many weights are the original's to the bit, how many words have another text or other times
than the original's, and the first recording's text.
"""

import argparse
import json
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from whisper.model import ModelDimensions

from localwhisper.engine.base import NoControl
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.upstream.whisper_internals import published_alignment_heads
from localwhisper.engine_setup import ASSETS
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Options
from tests.accuracy.recordings import SpeechRecording, read_manifest, scored, speech_folder
from tests.accuracy.systems import new_engine
from tests.engine import model_files

MODELS = Path(__file__).parents[2] / "build" / "models"
LANGUAGES = ("en", "es", "de")
Writer = Callable[[Mapping[str, Any], Path], Path]  # a checkpoint and an empty folder → what is imported


def pt(checkpoint: Mapping[str, Any], folder: Path) -> Path:
    torch.save(checkpoint, folder / "own.pt")  # with the alignment heads that an import has put beside the weights
    return folder / "own.pt"


def huggingface(checkpoint: Mapping[str, Any], folder: Path) -> Path:
    return model_files.write_huggingface(checkpoint, folder / "own", heads=heads_of(checkpoint))


def huggingface_pickled(checkpoint: Mapping[str, Any], folder: Path) -> Path:
    weights = huggingface(checkpoint, folder) / "model.safetensors"
    torch.save(load_file(weights), weights.with_name("pytorch_model.bin"))
    weights.unlink()
    return weights.parent


def huggingface_sharded(checkpoint: Mapping[str, Any], folder: Path) -> Path:
    weights = huggingface(checkpoint, folder) / "model.safetensors"
    items = [*load_file(weights).items()]
    weights.unlink()
    names = {}
    for number, part in enumerate((items[:100], items[100:]), start=1):
        shard = f"model-{number:05}-of-00002.safetensors"
        save_file(dict(part), weights.with_name(shard))
        names |= dict.fromkeys((name for name, _ in part), shard)
    index = weights.with_name("model.safetensors.index.json")
    index.write_text(json.dumps({"weight_map": names}))
    return weights.parent


def ctranslate2(dtype: torch.dtype) -> Writer:
    return lambda checkpoint, folder: model_files.write_ctranslate2(
        checkpoint, folder / "own", dtype=dtype, heads=heads_of(checkpoint)
    )


def zipped(checkpoint: Mapping[str, Any], folder: Path) -> Path:
    source = ctranslate2(torch.float16)(checkpoint, folder)
    with zipfile.ZipFile(folder / "own.zip", "w") as archive:
        for path in source.iterdir():
            archive.write(path, f"own/{path.name}")
    return folder / "own.zip"


def tarred(checkpoint: Mapping[str, Any], folder: Path) -> Path:
    with tarfile.open(folder / "own.tar", "w") as archive:
        archive.add(ctranslate2(torch.float16)(checkpoint, folder), "own")
    return folder / "own.tar"


def ggml(matrix: Callable[[Tensor], tuple[int, bytes]]) -> Writer:
    return lambda checkpoint, folder: model_files.write_ggml(checkpoint, folder / "ggml-base.bin", matrix)


FORMS: Mapping[str, Writer] = {
    "openai-whisper's .pt": pt,
    "Hugging Face, model.safetensors": huggingface,
    "Hugging Face, in two shards": huggingface_sharded,
    "Hugging Face, pytorch_model.bin": huggingface_pickled,
    "faster-whisper, float32": ctranslate2(torch.float32),
    "faster-whisper, float16": ctranslate2(torch.float16),
    "faster-whisper, float16, zip": zipped,
    "faster-whisper, float16, tar (dropped on the page)": tarred,
    "faster-whisper, bfloat16": ctranslate2(torch.bfloat16),
    "faster-whisper, int16": ctranslate2(torch.int16),
    "faster-whisper, int8": ctranslate2(torch.int8),
    "whisper.cpp, f32": ggml(model_files.float32),
    "whisper.cpp, f16": ggml(model_files.float16),
    "whisper.cpp, q8_0": ggml(model_files.quantised_matrix(8)),
    "whisper.cpp, q5_1": ggml(model_files.quantised_matrix(7)),
    "whisper.cpp, q5_0": ggml(model_files.quantised_matrix(6)),
    "whisper.cpp, q4_1": ggml(model_files.quantised_matrix(3)),
    "whisper.cpp, q4_0": ggml(model_files.quantised_matrix(2)),
}


def heads_of(checkpoint: Mapping[str, Any]) -> list[list[int]]:
    heads = published_alignment_heads("base", ModelDimensions(**checkpoint["dims"])) or []
    return [[layer, head] for layer, head in heads]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy.import_forms", description=__doc__)
    parser.add_argument("--model-dir", type=Path, default=MODELS, help="where base.pt is")
    arguments = parser.parse_args()
    folder = speech_folder()
    if folder is None:
        print("No recordings: LOCALWHISPER_SPEECH must name a folder with a manifest.jsonl.", file=sys.stderr)
        return 2
    checkpoint: dict[str, Any] = torch.load(arguments.model_dir / "base.pt", weights_only=True)
    recordings = chosen(folder)
    expected: list[Transcript] = []
    print("| form | weights as the original's | words that differ | text |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as data_dir:  # for all forms, so that the plan is selected once
        for form, write in FORMS.items():
            with tempfile.TemporaryDirectory() as temporary:
                weights, transcripts = imported(write, checkpoint, recordings, Path(temporary), Path(data_dir))
            expected = expected or transcripts
            n_equal = sum(torch.equal(tensor, weights[name]) for name, tensor in checkpoint["model_state_dict"].items())
            cells = [
                form,
                f"{n_equal} of {len(weights)}",
                difference(expected, transcripts),
                transcripts[0].text.strip(),
            ]
            print(f"| {' | '.join(cells)} |", flush=True)
    return 0


def chosen(folder: Path) -> list[SpeechRecording]:
    """One recording in each of some languages: the first that is 5 to 15 s long."""
    candidates = [row for row in scored(read_manifest(folder)) if 5 <= row.duration_s <= 15 and row.language]
    return [next(row for row in candidates if row.language == language) for language in LANGUAGES]


def imported(
    write: Writer, checkpoint: Mapping[str, Any], recordings: Sequence[SpeechRecording], folder: Path, data_dir: Path
) -> tuple[Mapping[str, Tensor], list[Transcript]]:
    """The weights of an imported model, and what it hears, with word times."""
    model_dir = folder / "models"
    library = ModelLibrary(model_dir, data_dir=data_dir, assets=ASSETS)
    name = library.import_checkpoint(write(checkpoint, folder), "own")
    path = library.path(name)
    assert path is not None
    weights: Mapping[str, Tensor] = torch.load(path, weights_only=True)["model_state_dict"]
    engine = new_engine(model_dir, data_dir)
    options = Options(model=name, word_timestamps=True)
    return weights, [engine.transcribe(recording.path, options, NoControl()) for recording in recordings]


def difference(expected: Sequence[Transcript], transcripts: Sequence[Transcript]) -> str:
    """Words of other text or with other times, of how many."""
    pairs = [(_timed_words(one), _timed_words(other)) for one, other in zip(expected, transcripts, strict=True)]
    n_words = sum(len(one) for one, _ in pairs)
    matchers = [SequenceMatcher(None, *pair, autojunk=False) for pair in pairs]
    n_same = sum(block.size for matcher in matchers for block in matcher.get_matching_blocks())
    return f"{n_words - n_same} of {n_words}"


def _timed_words(transcript: Transcript) -> list[tuple[str, float, float]]:
    return [(word.word, word.start, word.end) for segment in transcript.segments for word in segment.words or ()]


if __name__ == "__main__":
    sys.exit(main())
