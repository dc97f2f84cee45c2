"""python -m tests.accuracy.word_times: word times found for texts that are known, and what word times cost.

The truth is openai-whisper's own word times. Prints tables: the recordings' reference texts as scripts; whisper's own
texts as scripts, of which every fifth word was left out of what was heard; with --cost, seconds of work per minute.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import whisper

from localwhisper.engine.base import Engine, NoControl
from localwhisper.jobs.script_alignment import AlignedScript, align_script
from localwhisper.jobs.scripts import lines_of
from localwhisper.jobs.text_words import TextWord, words_in
from localwhisper.jobs.transcript import Segment, Transcript, Word
from localwhisper.jobs.word_matching import match_words
from localwhisper.options import Options, Quality
from tests.accuracy.recordings import SpeechRecording, read_manifest, scored, speech_folder
from tests.accuracy.systems import new_engine
from tests.engine import openai_whisper

MODELS = Path(__file__).parents[2] / "build" / "models"
LEFT_OUT = 5  # every so many words
COST_ROUNDS = 3
COST_S = 45.0  # of recordings that are timed


@dataclass
class Tally:
    n_words: int = 0
    n_placed: int = 0
    errors_s: list[float] = field(default_factory=list)  # of the starts of words that whisper has, too

    def add(self, script: AlignedScript, errors_s: Sequence[float]) -> None:
        self.n_words += script.n_words
        self.n_placed += script.n_placed
        self.errors_s += errors_s

    def row(self, name: str) -> str:
        errors_ms = sorted(1000 * error_s for error_s in self.errors_s)
        within = sum(error_ms <= 100 for error_ms in errors_ms) / len(errors_ms)
        ninth = errors_ms[len(errors_ms) * 9 // 10]
        cells = [name, self.n_words, f"{self.n_placed / self.n_words:.1%}", len(errors_ms)]
        return f"| {' | '.join(map(str, cells))} | {median(errors_ms):.0f} ms | {ninth:.0f} ms | {within:.0%} |"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy.word_times", description=__doc__)
    parser.add_argument("--model-dir", type=Path, default=MODELS, help="where base.pt is")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th recording")
    parser.add_argument("--at-most", type=float, default=120.0, metavar="S", help="only recordings of so many seconds")
    parser.add_argument("--cost", action="store_true", help="only measure what word times cost; on an idle machine")
    arguments = parser.parse_args()
    folder = speech_folder()
    if folder is None:
        print("No recordings: LOCALWHISPER_SPEECH must name a folder with a manifest.jsonl.", file=sys.stderr)
        return 2
    spoken = [each for each in scored(read_manifest(folder)) if each.text and each.kind != "digits"]
    recordings = [each for each in spoken if each.duration_s <= arguments.at_most][:: arguments.every]
    with tempfile.TemporaryDirectory() as data_dir:
        engine = new_engine(arguments.model_dir, Path(data_dir))
        if arguments.cost:
            print_cost(engine, recordings)
        else:
            print_errors(engine, arguments.model_dir, recordings)
    return 0


def print_errors(engine: Engine, model_dir: Path, recordings: Sequence[SpeechRecording]) -> None:
    model: Any = openai_whisper.load(model_dir / "base.pt")
    model.set_alignment_heads(whisper._ALIGNMENT_HEADS["base"])
    references, left_out = Tally(), Tally()
    for recording in recordings:
        samples = openai_whisper.read(recording.path)
        result = model.transcribe(samples, fp16=False, language=recording.language or None, word_timestamps=True)
        stock = words_in(stock_segments(result))
        options = Options(model="base", quality="fast", language=result["language"], word_timestamps=True)
        heard = engine.transcribe(recording.path, options, NoControl())
        script = aligned(engine, recording, options, heard, recording.text or "")
        references.add(script, list(errors(words_in(script.segments), stock)))
        own = aligned(engine, recording, options, without_some_words(heard), heard.text)
        known = words_in(heard.segments)
        n_left_out = len(known) // LEFT_OUT
        if n_left_out:
            chosen = [word for number, word in enumerate(words_in(own.segments)) if number % LEFT_OUT == LEFT_OUT - 1]
            left_out.add(
                AlignedScript((), len(chosen), own.n_placed - own.n_words + len(chosen)), list(errors(chosen, stock))
            )
    minutes = sum(each.duration_s for each in recordings) / 60
    print(f"{len(recordings)} recordings, {minutes:.0f} minutes, model base, what is heard: fast.\n")
    print("| script | words | placed | words that whisper has | median | 90 % within | within 100 ms |")
    print(f"|{' --- |' * 7}")
    print(references.row("the reference text"))
    print(left_out.row("its own text, every fifth word of which was not heard: those words"))


def aligned(
    engine: Engine, recording: SpeechRecording, options: Options, heard: Transcript, text: str
) -> AlignedScript:
    def align(segments: Sequence[Segment]) -> Sequence[Segment]:
        return engine.align(recording.path, options, heard.language, segments, NoControl())

    return align_script(lines_of(text), heard, recording.duration_s, align)


def without_some_words(transcript: Transcript) -> Transcript:
    """Without every fifth word, as if they hadn't been heard."""
    number = 0
    segments = []
    for segment in transcript.segments:
        kept = []
        for word in segment.words or ():
            is_word = bool(words_in([replace(segment, text=word.word, words=None)]))
            if not is_word or number % LEFT_OUT != LEFT_OUT - 1:
                kept.append(word)
            number += is_word
        segments.append(replace(segment, text="".join(word.word for word in kept), words=tuple(kept)))
    return replace(transcript, segments=tuple(segments))


def errors(words: Sequence[TextWord], stock: Sequence[TextWord]) -> Iterator[float]:
    """By how many seconds the words start earlier or later than whisper's same words."""
    numbers = match_words([word.key for word in stock], [word.key for word in words])
    for word, number in zip(words, numbers, strict=True):
        if number is not None:
            yield abs(word.start_s - stock[number].start_s)


def stock_segments(result: dict[str, Any]) -> list[Segment]:
    return [
        Segment(
            **{name: segment[name] for name in ("id", "start", "end", "text", "seek")},
            **{name: segment[name] for name in ("avg_logprob", "no_speech_prob", "compression_ratio", "temperature")},
            tokens=tuple(segment["tokens"]),
            words=tuple(
                Word(**{name: word[name] for name in ("word", "start", "end")}, probability=word["probability"])
                for word in segment["words"]
            ),
        )
        for segment in result["segments"]
    ]


def print_cost(engine: Engine, recordings: Sequence[SpeechRecording]) -> None:
    """In turn, so that all meet the same machine; the least time of each counts."""
    chosen: list[SpeechRecording] = []
    for recording in sorted(recordings, key=lambda each: -each.duration_s):
        if sum(each.duration_s for each in chosen) < COST_S:
            chosen.append(recording)
    total_s = sum(each.duration_s for each in chosen)
    best: dict[str, float] = {}

    def record(name: str, started_s: float) -> None:
        best[name] = min(best.get(name, float("inf")), time.monotonic() - started_s)

    qualities: Sequence[Quality] = ("exact", "fast")
    for round_number in range(COST_ROUNDS + 1):
        for quality in qualities:
            plain = Options(model="base", quality=quality, language=chosen[0].language)
            started_s = time.monotonic()
            transcripts = [engine.transcribe(each.path, plain, NoControl()) for each in chosen]
            if round_number:
                record(f"{quality}, no word times", started_s)
            started_s = time.monotonic()
            for each in chosen:
                engine.transcribe(each.path, replace(plain, word_timestamps=True), NoControl())
            if round_number:
                record(f"{quality}, word times", started_s)
            started_s = time.monotonic()
            for each, transcript in zip(chosen, transcripts, strict=True):
                engine.align(each.path, plain, transcript.language, transcript.segments, NoControl())
            if round_number:
                record(f"{quality}, word times on first need", started_s)
    print(f"{total_s:.0f} s of recordings, model base, the least of {COST_ROUNDS} rounds:\n")
    for name, seconds in best.items():
        quality = name.split(",")[0]
        share = seconds / best[f"{quality}, no word times"]
        print(f"{name}: {60 * seconds / total_s:.2f} s per minute ({share:.0%} of {quality} without)")


if __name__ == "__main__":
    sys.exit(main())
