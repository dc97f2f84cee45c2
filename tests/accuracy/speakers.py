"""python -m tests.accuracy.speakers: the errors of telling speakers apart.

On recordings with labelled turns, and on dialogues made of recordings of one person, of voices that the thresholds were
chosen on and of held-out ones. Diarization error is without a collar, and overlap counts. With --model, dialogues of
clips with texts are transcribed: the words of a wrong speaker, and cpWER. --senko: beside senko's turns.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from localwhisper.audio.wav import wav_header
from localwhisper.engine.base import NoControl
from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.silero import SileroVad
from localwhisper.engine.speakers.diarizer import NeuralDiarizer
from localwhisper.engine.vad import voice_activity
from localwhisper.jobs.transcript import Transcript, Turn
from localwhisper.options import Options
from tests.accuracy.dialogues import CHOSEN_ON, HELD_OUT, READERS, Dialogue, Piece, dialogue, pieces
from tests.accuracy.recordings import speech_folder
from tests.accuracy.scoring import cp_word_errors, word_errors
from tests.accuracy.systems import new_engine
from tests.accuracy.turns import RATE, DiarizationError, Span, diarization_error
from tests.speech import decoded

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "build" / "models"
DOCS = ROOT / "docs" / "speakers.md"
BEGIN, END = "<!-- measured by make accuracy -->\n", "<!-- end -->\n"
TEXT_MINUTES = 1.5
# senko's own program, in an environment that has it: prints the turns of a file
SENKO = """
import json, sys, senko
found = senko.Diarizer(device="cpu", warmup=False, quiet=True).diarize(sys.argv[1], generate_colors=False)
print(json.dumps([[turn["start"], turn["end"], turn["speaker"]] for turn in (found or {}).get("merged_segments", [])]))
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy.speakers", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="of each dialogue")
    parser.add_argument("--people", type=int, nargs="*", default=[2, 3, 4, 5, 6], help="of the dialogues")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0])
    parser.add_argument("--model", help="transcribe dialogues with it, too")
    parser.add_argument("--model-dir", type=Path, default=MODELS)
    parser.add_argument("--senko", metavar="PYTHON", help="the interpreter of an environment with the package senko")
    parser.add_argument("--record", action="store_true", help="put the tables into docs/speakers.md")
    arguments = parser.parse_args()
    folder = speech_folder()
    if folder is None:
        print("No recordings: LOCALWHISPER_SPEECH must name a folder with a manifest.jsonl.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as temporary:
        recordings = [*labelled(folder), *dialogues(folder, arguments, Path(temporary))]
        lines = [*turns_table(recordings, arguments.senko, Path(temporary))]
        if arguments.model is not None:
            lines += ["", *words_table(folder, arguments.model, arguments.model_dir, Path(temporary))]
    if arguments.record:
        before, rest = DOCS.read_text(encoding="utf-8").split(BEGIN)
        DOCS.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n\n{END}{rest.split(END)[1]}", encoding="utf-8")
    return 0


def labelled(folder: Path) -> Iterator[Dialogue]:
    for recording in manifest(folder):
        if recording["speakers"]:
            spans = [(turn["start"], turn["end"], turn["speaker"]) for turn in recording["speakers"]]
            yield Dialogue(recording["path"], decoded(folder / recording["path"]), spans)


def manifest(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]


def dialogues(folder: Path, arguments: argparse.Namespace, temporary: Path) -> Iterator[Dialogue]:
    for half, voices in (("chosen on", CHOSEN_ON), ("held out", HELD_OUT)):
        found = {name: pieces(folder, paths, temporary) for name, paths in voices.items()}
        for n_people in arguments.people:
            for seed in arguments.seeds:
                random = np.random.default_rng([seed, n_people])
                chosen = [str(name) for name in random.choice(list(found), n_people, replace=False)]
                made = dialogue({name: found[name] for name in chosen}, arguments.minutes, random)
                yield Dialogue(f"{half}: {made.name}", made.pcm, made.spans)


def turns_table(recordings: Sequence[Dialogue], senko: str | None, temporary: Path) -> Iterator[str]:
    """A row for each recording; those of senko's turns have its name."""
    yield show("| recording | people | found | error | missed | false | confused | s/min |")
    yield show("| --- | --- | --- | --- | --- | --- | --- | --- |")
    errors: dict[str, list[DiarizationError]] = {}
    for recording in recordings:
        minutes = len(recording.pcm) / RATE / 60
        for system in ("", "senko")[: 2 if senko else 1]:
            started_s = time.monotonic()
            turns = senko_turns(recording, senko, temporary) if system and senko else diarized(recording.pcm, temporary)
            seconds = time.monotonic() - started_s
            error = diarization_error(recording.spans, turns)
            group, _, _ = recording.name.rpartition(": ")
            errors.setdefault(f"{group or 'recordings'} {system}".strip(), []).append(error)
            yield show(row(f"{recording.name} {system}".strip(), error, f"{seconds / minutes:.1f}"))
    yield ""
    yield show("| | recordings | error | wrong number of people |")
    yield show("| --- | --- | --- | --- |")
    for name, found in errors.items():
        n_wrong = sum(error.n_found != error.n_speakers for error in found)
        yield show(f"| {name} | {len(found)} | {np.mean([error.rate for error in found]):.1%} | {n_wrong} |")


def show(line: str) -> str:
    print(line, flush=True)
    return line


def row(name: str, error: DiarizationError, seconds: str) -> str:
    shares = (f"{share:.1%}" for share in (error.rate, error.missed, error.false_alarm, error.confused))
    return f"| {name} | {error.n_speakers} | {error.n_found} | {' | '.join(shares)} | {seconds} |"


def diarized(pcm: NDArray[np.int16], folder: Path) -> Sequence[Turn]:
    with PcmSpool([pcm], folder) as spool:
        vad = voice_activity(spool, SileroVad(), lambda: None)
        return NeuralDiarizer().diarize(spool, vad, check=lambda: None).turns


def senko_turns(recording: Dialogue, python: str, folder: Path) -> Sequence[Turn]:
    path = written(recording.pcm, folder)
    output = subprocess.run([python, "-W", "ignore", "-c", SENKO, str(path)], capture_output=True, check=True).stdout
    found = json.loads(output.splitlines()[-1])
    return [Turn(start=start, end=end, speaker=speaker) for start, end, speaker in found]


def written(pcm: NDArray[np.int16], folder: Path) -> Path:
    path = folder / "dialogue.wav"
    path.write_bytes(wav_header(pcm.nbytes) + pcm.tobytes())
    return path


def words_table(folder: Path, model: str, model_dir: Path, temporary: Path) -> Iterator[str]:
    """The words of a wrong speaker, and word errors where each speaker's words count apart (cpWER)."""
    yield show("| recording | people | found | words of a wrong speaker | cpWER | WER |")
    yield show("| --- | --- | --- | --- | --- | --- |")
    for recording in spoken_texts(folder):
        transcript = transcribed(recording.pcm, model, model_dir, temporary)
        words = "–"
        if recording.spans:
            names = diarization_error(recording.spans, transcript.turns).names
            words = f"{wrong_words(transcript, recording.spans, names):.1%}"
        texts = [*recording.texts.values()]
        speakers: dict[str | None, str] = {}
        for segment in transcript.segments:
            speakers[segment.speaker] = speakers.get(segment.speaker, "") + segment.text
        apart = cp_word_errors(texts, [*speakers.values()], "en").percent
        together = word_errors(recording.text, transcript.text, "en").percent
        people = f"{len(texts)} | {len(transcript.speakers)}"
        yield show(f"| {recording.name} | {people} | {words} | {apart:.1f} % | {together:.1f} % |")


def spoken_texts(folder: Path) -> Iterator[Dialogue]:
    """A recording whose turns have texts without times, and dialogues of two and three people."""
    texts: dict[str, str] = {}
    for recording in manifest(folder):
        path = recording["path"]
        texts[path] = recording["text"] or ""
        if turns := recording.get("speaker_turns"):
            by_speaker: dict[str, str] = {}
            for turn in turns:
                by_speaker[turn["speaker"]] = f"{by_speaker.get(turn['speaker'], '')} {turn['text']}"
            yield Dialogue(path, decoded(folder / path), (), texts[path], by_speaker)
    clips = {name: [Piece(decoded(folder / path), texts[path]) for path in paths] for name, paths in READERS.items()}
    for n_people in (2, 3):
        for seed in range(2):
            random = np.random.default_rng([seed, n_people])
            chosen = [str(name) for name in random.choice(list(clips), n_people, replace=False)]
            yield dialogue({name: clips[name] for name in chosen}, TEXT_MINUTES, random)


def transcribed(pcm: NDArray[np.int16], model: str, model_dir: Path, folder: Path) -> Transcript:
    engine = new_engine(model_dir, folder)
    try:
        options = Options(model=model, quality="fast", language="en", speakers="auto")
        return engine.transcribe(written(pcm, folder), options, NoControl())
    finally:
        engine.close()


def wrong_words(transcript: Transcript, spans: Sequence[Span], names: Mapping[str, str]) -> float:
    """The share of recognized words that aren't their speaker's; where two talk, either is right."""
    n_words = n_wrong = 0
    for segment in transcript.segments:
        for word in segment.words or ():
            middle_s = (word.start + word.end) / 2
            speaking = {name for start, end, name in spans if start <= middle_s <= end}
            n_words += bool(speaking)
            n_wrong += bool(speaking) and names.get(segment.speaker or "") not in speaking
    return n_wrong / max(n_words, 1)


if __name__ == "__main__":
    sys.exit(main())
