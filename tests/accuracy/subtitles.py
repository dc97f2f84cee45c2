"""python -m tests.accuracy.subtitles: how many subtitles of real recordings are within the limits of reading.

The same transcripts, with word times, are cut as whisper does and by the presets; all are held against `standard`.
Prints a table. With --kept, transcripts are kept in a file (pickle, of one's own), so that a run continues another.
"""

import argparse
import pickle
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localwhisper.export.cues import Cue, cues
from localwhisper.export.registry import ending_with
from localwhisper.export.subtitle_limits import Problem, limits_for, problems
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout, Options
from tests.accuracy.recordings import SpeechRecording, read_manifest, speech_folder
from tests.accuracy.systems import Control, new_engine

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
    parser.add_argument("--at-least", type=float, default=0, metavar="S", help="only recordings of so many seconds")
    parser.add_argument("--kept", type=Path, metavar="FILE", help="where transcripts are kept and read from")
    arguments = parser.parse_args()
    folder = speech_folder()
    if folder is None:
        print("No recordings: LOCALWHISPER_SPEECH must name a folder with a manifest.jsonl.", file=sys.stderr)
        return 2
    spoken = [each for each in read_manifest(folder) if not each.expects_no_text and each.language]
    recordings = [each for each in spoken if each.duration_s > arguments.at_least]
    tallies = {name: Tally() for name in LAYOUTS}
    transcripts = transcribe_all(recordings, arguments.model, arguments.model_dir, arguments.kept)
    for transcript, recording in zip(transcripts, recordings, strict=True):
        add_layouts(tallies, transcript, recording.duration_s)
    if arguments.ctranslate2:
        tallies = {
            "faster-whisper's segments": segments_of_faster_whisper(arguments.ctranslate2, recordings),
            **tallies,
        }
    print(table(tallies, len(recordings), sum(each.duration_s for each in recordings)))
    return 0


def transcribe_all(
    recordings: Iterable[SpeechRecording], model: str, model_dir: Path, kept: Path | None
) -> Iterator[Transcript]:
    """`kept`: transcripts of the same model by path."""
    transcripts: dict[str, Transcript] = pickle.loads(kept.read_bytes()) if kept and kept.exists() else {}
    with tempfile.TemporaryDirectory() as data_dir:
        engine = new_engine(model_dir, Path(data_dir))
        for recording in recordings:
            path = str(recording.path)
            if path not in transcripts:
                options = Options(model=model, language=recording.language, word_timestamps=True)
                transcripts[path] = engine.transcribe(recording.path, options, Control())
                if kept:
                    kept.write_bytes(pickle.dumps(transcripts))
            yield transcripts[path]


def add_layouts(tallies: dict[str, Tally], transcript: Transcript, duration_s: float) -> None:
    ended = ending_with(transcript, duration_s)
    for name, layout in LAYOUTS.items():
        tallies[name].add(list(cues(ended, layout, duration_s)), transcript.text)


def segments_of_faster_whisper(folder: Path, recordings: Iterable[SpeechRecording]) -> Tally:
    from faster_whisper import WhisperModel

    model: Any = WhisperModel(str(folder), device="cpu", compute_type="int8", local_files_only=True)
    tally = Tally()
    for recording in recordings:
        segments, _ = model.transcribe(str(recording.path), language=recording.language, beam_size=1)
        shown = [Cue(segment.start, segment.end, segment.text.strip()) for segment in segments]
        tally.add(shown, "".join(cue.text for cue in shown))
    return tally


def table(tallies: dict[str, Tally], n_recordings: int, duration_s: float) -> str:
    headings = ["", "subtitles", "within all limits", *COLUMNS]
    lines = [f"| {' | '.join(headings)} |", f"|{' --- |' * len(headings)}"]
    lines += [tally.row(name) for name, tally in tallies.items()]
    return f"{n_recordings} recordings, {duration_s / 60:.0f} minutes.\n\n" + "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
