"""python -m tests.accuracy.live: word errors of the live text of real recordings, beside those of the transcript.

Each recording is heard on a simulated clock: an update of the live text hears what was spoken while the one before was
computed. So it takes no longer than the computation, and the delays are those of a machine on which nothing else runs.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from localwhisper.engine.base import Engine, NoControl
from localwhisper.jobs.live import LiveText
from localwhisper.options import Options
from tests.accuracy.live_words import RATE, Appearances, Replay, compare, report, samples
from tests.accuracy.recordings import SpeechRecording, read_manifest, scored, speech_folder
from tests.accuracy.scoring import word_errors
from tests.accuracy.subtitles import MODELS
from tests.accuracy.systems import new_engine
from tests.process.server import ROOT

FRAME_S = 0.1  # the audio comes in frames
MIN_DURATION_S, MAX_DURATION_S = 3.0, 90.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy.live", description=__doc__)
    parser.add_argument("--model", default="base")
    parser.add_argument("--model-dir", type=Path, default=MODELS, help="where the model's .pt file is")
    parser.add_argument("--data-dir", type=Path, default=ROOT / "build" / "accuracy-live", help="for number formats")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every Nth recording only")
    parser.add_argument("--cost", type=float, metavar="SECONDS", help="of each update, instead of the measured one")
    parser.add_argument("--kept", type=Path, metavar="FILE", help="where transcripts are kept and read from")
    parser.add_argument("--differences", action="store_true", help="print texts that have more errors live")
    parser.add_argument("names", nargs="*", help="parts of the paths of recordings")
    arguments = parser.parse_args()
    folder = speech_folder()
    if folder is None:
        print("No recordings: LOCALWHISPER_SPEECH must name a folder with a manifest.jsonl.", file=sys.stderr)
        return 2
    recordings = [
        recording
        for recording in scored(read_manifest(folder))
        if recording.text is not None and MIN_DURATION_S <= recording.duration_s <= MAX_DURATION_S
        if not arguments.names or any(name in str(recording.path) for name in arguments.names)
    ][:: arguments.every]
    kept: Path | None = arguments.kept
    transcripts = json.loads(kept.read_text(encoding="utf-8")) if kept and kept.exists() else {}
    replays: list[Replay] = []
    engine = new_engine(arguments.model_dir, arguments.data_dir)
    for recording in recordings:
        replays.append(hear(engine, recording, arguments.model, arguments.cost, transcripts))
        if kept:
            kept.write_text(json.dumps(transcripts, ensure_ascii=False), encoding="utf-8")
        report(str(recording.path.relative_to(folder)), replays[-1:])
        sys.stdout.flush()
        if arguments.differences:
            print_difference(replays[-1])
    report("all", replays)
    return 0


def hear(
    engine: Engine, recording: SpeechRecording, model: str, cost_s: float | None, transcripts: dict[str, Any]
) -> Replay:
    path, options = recording.path, Options(model=model, quality="fast", word_timestamps=True)
    if str(path) not in transcripts:
        transcript = engine.transcribe(path, options, NoControl())
        words = [[word.word, word.end] for segment in transcript.segments for word in segment.words or ()]
        transcripts[str(path)] = {
            "text": transcript.text,
            "segments": [{"words": [{"word": word, "end": end} for word, end in words]}],
        }
    pcm = samples(path)
    seen, result = Appearances(recording.language), Replay(recording)
    transcriber = engine.open_live(options, NoControl())
    segments: list[str] = []
    heard_s, read, lag_s = 0.0, 0, 0.0
    while read < len(pcm):
        until = min(2 * round(heard_s * RATE), len(pcm))
        result.max_lag_s = max(result.max_lag_s, lag_s)
        started_s = time.process_time()
        text = transcriber.update(pcm[read:until])
        read, lag_s = until, time.process_time() - started_s if cost_s is None else cost_s
        segments += [segment.text for segment in text.segments]
        seen.note(" ".join([*segments, stable(text)]), tentative(text), heard_s + lag_s)
        heard_s += max(FRAME_S, lag_s)
    last = transcriber.update(b"", ends=True)
    seen.note(" ".join([*segments, *(segment.text for segment in last.segments)]), "", heard_s)
    transcriber.close()
    compare(result, seen, transcripts[str(path)])
    return result


def stable(text: LiveText) -> str:
    return "".join(word.word for word in text.stable)


def tentative(text: LiveText) -> str:
    return "".join(word.word for word in text.tentative)


def print_difference(replay: Replay) -> None:
    recording = replay.recording
    live, offline = (
        word_errors(recording.text or "", text, recording.language) for text in (replay.text, replay.reference)
    )
    if live.errors > offline.errors or replay.n_revised:
        print(f"  {live.errors} errors, offline {offline.errors}\n  text     {recording.text}")
        print(f"  offline {replay.reference}\n  live     {replay.text}")


if __name__ == "__main__":
    sys.exit(main())
