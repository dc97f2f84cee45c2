"""python -m tests.accuracy.subtitles: how many subtitles of real recordings are within the limits of reading.

The same transcripts, with word times, are cut as whisper does and by the presets; beside them the segments of other
programs. All are held against `standard`. Prints a table. With --kept, what was transcribed is kept in a file (pickle,
of one's own), so that a run continues another.
"""

import argparse
import pickle
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localwhisper.engine.base import NoControl
from localwhisper.export.cues import Cue, cues
from localwhisper.export.registry import ending_with
from localwhisper.export.subtitle_limits import Problem, limits_for, problems
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout, Options
from tests.accuracy.recordings import SpeechRecording, read_manifest, speech_folder
from tests.accuracy.systems import new_engine
from tests.engine import openai_whisper

MODELS = Path(__file__).parents[2] / "build" / "models"
LAYOUTS = {
    "whisper's segments": Layout(),
    "max_line_width=42, max_line_count=2": Layout(max_line_width=42, max_line_count=2),
    "subtitles=youtube": Layout(subtitles="youtube"),
    "subtitles=netflix": Layout(subtitles="netflix"),
    "subtitles=standard": Layout(subtitles="standard"),
}
COLUMNS: dict[str, Sequence[Problem]] = {
    "lines": ("line_too_wide", "too_many_lines"),
    "under 1 s": ("too_short",),
    "over 7 s": ("too_long",),
    "too fast": ("too_fast",),
    "overlap or gap": ("overlapping", "gap_too_short"),
}


@dataclass
class Tally:
    n_cues: int = 0
    n_within: int = 0
    n_with: Counter[Problem] = field(default_factory=Counter)

    def add(self, shown: Sequence[Cue], text: str) -> None:
        for found in problems(shown, limits_for(Layout(subtitles="standard"), text)):
            self.n_cues += 1
            self.n_within += not found
            self.n_with.update(found)

    def row(self, name: str) -> str:
        shares = (sum(self.n_with[problem] for problem in COLUMNS[column]) / self.n_cues for column in COLUMNS)
        cells = [name, str(self.n_cues), f"{self.n_within / self.n_cues:.1%}", *(f"{share:.1%}" for share in shares)]
        return f"| {' | '.join(cells)} |"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy.subtitles", description=__doc__)
    parser.add_argument("--model", default="base")
    parser.add_argument("--model-dir", type=Path, default=MODELS, help="where the model's .pt file is")
    parser.add_argument("--ctranslate2", type=Path, help="the same model's CTranslate2 folder, for faster-whisper")
    parser.add_argument("--stable-ts", action="store_true", help="also stable-ts, which has to be installed")
    parser.add_argument("--at-least", type=float, default=0, metavar="S", help="only recordings of so many seconds")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th recording")
    parser.add_argument("--kept", type=Path, metavar="FILE", help="where transcripts are kept and read from")
    arguments = parser.parse_args()
    folder = speech_folder()
    if folder is None:
        print("No recordings: LOCALWHISPER_SPEECH must name a folder with a manifest.jsonl.", file=sys.stderr)
        return 2
    spoken = [each for each in read_manifest(folder) if not each.expects_no_text and each.language]
    recordings = [each for each in spoken if each.duration_s > arguments.at_least][:: arguments.every]
    kept = Kept(arguments.kept)
    tallies: dict[str, Tally] = {}
    if arguments.ctranslate2:
        others_of = faster_whisper_segments(arguments.ctranslate2)
        tallies["faster-whisper's segments"] = tally_of("faster-whisper", others_of, recordings, kept)
    if arguments.stable_ts:
        others_of = stable_ts_segments(arguments.model_dir / f"{arguments.model}.pt")
        tallies["stable-ts' segments"] = tally_of("stable-ts", others_of, recordings, kept)
    tallies |= tallies_of_layouts(recordings, arguments.model, arguments.model_dir, kept)
    print(table(tallies, len(recordings), sum(each.duration_s for each in recordings)))
    return 0


class Kept:
    """What was computed, by program and path; in a file, if there is one."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._results: dict[tuple[str, str], Any] = {}
        if path is not None and path.exists():
            self._results = pickle.loads(path.read_bytes())

    def get(self, program: str, recording: SpeechRecording, compute: Callable[[SpeechRecording], Any]) -> Any:
        key = (program, str(recording.path))
        if key not in self._results:
            self._results[key] = compute(recording)
            if self._path is not None:
                self._path.write_bytes(pickle.dumps(self._results))
        return self._results[key]


def tallies_of_layouts(
    recordings: Iterable[SpeechRecording], model: str, model_dir: Path, kept: Kept
) -> dict[str, Tally]:
    tallies = {name: Tally() for name in LAYOUTS}
    with tempfile.TemporaryDirectory() as data_dir:
        engine = new_engine(model_dir, Path(data_dir))

        def transcribe(recording: SpeechRecording) -> Transcript:
            options = Options(model=model, language=recording.language, word_timestamps=True)
            return engine.transcribe(recording.path, options, NoControl())

        for recording in recordings:
            ended = ending_with(kept.get(model, recording, transcribe), recording.duration_s)
            for name, layout in LAYOUTS.items():
                tallies[name].add(list(cues(ended, layout, recording.duration_s)), ended.text)
    return tallies


# -- other programs' segments, with greedy search and the language given ----------------------


def tally_of(
    program: str, segments_of: Callable[[SpeechRecording], list[Cue]], recordings: Iterable[SpeechRecording], kept: Kept
) -> Tally:
    tally = Tally()
    for recording in recordings:
        shown = kept.get(program, recording, segments_of)
        tally.add(shown, "".join(cue.text for cue in shown))
    return tally


def faster_whisper_segments(folder: Path) -> Callable[[SpeechRecording], list[Cue]]:
    from faster_whisper import WhisperModel

    model: Any = WhisperModel(str(folder), device="cpu", compute_type="int8", local_files_only=True)

    def segments(recording: SpeechRecording) -> list[Cue]:
        found, _ = model.transcribe(str(recording.path), language=recording.language, beam_size=1)
        return [Cue(segment.start, segment.end, segment.text.strip()) for segment in found]

    return segments


def stable_ts_segments(checkpoint: Path) -> Callable[[SpeechRecording], list[Cue]]:
    """As it groups words by default: by punctuation, pauses and length."""
    import stable_whisper  # type: ignore[import-not-found]  # of no extra: only this measurement uses it

    model: Any = stable_whisper.load_model(str(checkpoint))

    def segments(recording: SpeechRecording) -> list[Cue]:
        samples = openai_whisper.read(recording.path)
        found = model.transcribe(samples, language=recording.language, fp16=False, verbose=None)
        return [Cue(segment.start, segment.end, segment.text.strip()) for segment in found.segments]

    return segments


def table(tallies: dict[str, Tally], n_recordings: int, duration_s: float) -> str:
    headings = ["", "subtitles", "within all limits", *COLUMNS]
    lines = [f"| {' | '.join(headings)} |", f"|{' --- |' * len(headings)}"]
    lines += [tally.row(name) for name, tally in tallies.items()]
    return f"{n_recordings} recordings, {duration_s / 60:.0f} minutes.\n\n" + "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
