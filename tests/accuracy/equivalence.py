"""Whether `exact` gives the result of whisper.transcribe, word for word and time for time, with several options."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import whisper

from localwhisper.engine.base import NoControl
from localwhisper.options import Options
from tests.accuracy.recordings import SpeechRecording
from tests.accuracy.systems import new_engine
from tests.engine import openai_whisper

VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "word times": {"word_timestamps": True},
    "beams": {"beam_size": 5},
    "prompt": {"initial_prompt": "Sevilla, Kowloon, Yale College, Sediment."},
    "translation": {"task": "translate"},
}


@dataclass(frozen=True)
class Comparison:
    variant: str
    recording: str
    is_sampled: bool  # whisper drew at random: the text improbable or repetitive at temperature 0
    differences: Sequence[str]


def compare_all(
    recordings: Sequence[SpeechRecording], every: int, model_dir: Path, data_dir: Path, model_name: str
) -> list[Comparison]:
    """Each `every`th recording in each variant, another one in each. The language is detected."""
    engine = new_engine(model_dir, data_dir)
    model = openai_whisper.load(model_dir / f"{model_name}.pt")
    model.set_alignment_heads(whisper._ALIGNMENT_HEADS[model_name])
    comparisons = []
    spoken = [recording for recording in recordings if not recording.expects_no_text]  # else exact invents nothing
    for number, (variant, options) in enumerate(VARIANTS.items()):
        for recording in spoken[number * every // len(VARIANTS) :: every]:
            expected = model.transcribe(openai_whisper.read(recording.path), fp16=False, **options)
            transcript = engine.transcribe(recording.path, Options(model=model_name, **options), NoControl())
            comparisons.append(
                Comparison(
                    variant,
                    f"{recording.corpus}/{recording.path.name}",
                    any(segment["temperature"] > 0 for segment in expected["segments"]),
                    openai_whisper.differences(openai_whisper.without_silence(expected, recording.path), transcript),
                )
            )
            print(f"\r{variant}: {len(comparisons)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return comparisons


def table(comparisons: Sequence[Comparison]) -> str:
    """How many are equal in each variant, and which are not."""
    lines = ["| exact against whisper.transcribe | compared | equal | not sampled, and different |", "| --- " * 4 + "|"]
    for variant in dict.fromkeys(comparison.variant for comparison in comparisons):
        rows = [comparison for comparison in comparisons if comparison.variant == variant]
        n_different = _count(rows, lambda row: bool(row.differences) and not row.is_sampled)
        lines.append(f"| {variant} | {len(rows)} | {_count(rows, lambda row: not row.differences)} | {n_different} |")
    lines += [
        "",
        *(
            f"- {comparison.recording}, {comparison.variant}{', sampled' * comparison.is_sampled}: "
            f"{len(comparison.differences)} differences"
            for comparison in comparisons
            if comparison.differences
        ),
    ]
    return "\n".join(lines) + "\n"


def _count(rows: Sequence[Comparison], holds: Callable[[Comparison], bool]) -> int:
    return sum(holds(row) for row in rows)
