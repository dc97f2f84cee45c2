"""Eight threads transcribe twenty clips on one copy of the weights; each result must equal that of the clip alone.

Some clips have word timestamps or a beam search, and every quality is tested. `make parallel`; `--runs 1` is shorter,
`--real` takes real recordings and `base`.
"""

import argparse
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from localwhisper import paths
from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.model_cache import ModelCache
from localwhisper.engine.plans import QUALITIES, PlanStore
from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.engine_setup import ASSETS
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Options, Quality
from tests.accuracy.recordings import read_manifest, scored, speech_folder
from tests.accuracy.subtitles import MODELS
from tests.audio.recordings import write
from tests.engine.conftest import ROWS, samples_of
from tests.engine.control import Recorder

N_CLIPS, N_THREADS = 20, 8
RATE = 16000
MAX_REAL_CLIP_S = 12


def clips(folder: Path) -> list[Path]:
    """Clips of one to seven seconds, all different."""
    recordings = []
    for number in range(N_CLIPS):
        samples = samples_of(ROWS[number % len(ROWS)]["filename"])
        start = (number // len(ROWS)) * RATE // 2
        recordings.append(write(folder / f"{number}.wav", samples[start : start + (1 + number % 7) * RATE]))
    return recordings


def real_clips() -> list[Path]:
    """Recordings of up to twelve seconds, in several languages."""
    folder = speech_folder()
    if folder is None:
        raise SystemExit("No recordings: LOCALWHISPER_SPEECH must name a folder with a manifest.jsonl.")
    short = [each.path for each in scored(read_manifest(folder)) if each.duration_s <= MAX_REAL_CLIP_S]
    return short[:: max(1, len(short) // N_CLIPS)][:N_CLIPS]


def comparable(transcript: Transcript) -> tuple[object, ...]:
    words = [(w.word, w.start, w.end) for s in transcript.segments for w in s.words or ()]
    return transcript.text, words, [(s.start, s.end, s.tokens, s.temperature) for s in transcript.segments]


def wait_for_plan(engine: WhisperEngine, clip: Path, model: str, quality: Quality, data_dir: Path) -> None:
    """Have number formats selected for this machine: those used until then may give another text."""
    engine.transcribe(clip, Options(model=model, quality=quality), Recorder())
    plans = PlanStore(paths.plans(data_dir))
    while quality not in plans.latest(model):
        time.sleep(0.1)


def count_differences(engine: WhisperEngine, work: list[tuple[Path, Options]], runs: int) -> int:
    """How many results differ from those of the clips alone."""
    alone = [comparable(engine.transcribe(path, options, Recorder())) for path, options in work]
    wrong = 0
    with ThreadPoolExecutor(N_THREADS) as pool:
        for number in range(runs):
            together = list(pool.map(lambda item: comparable(engine.transcribe(*item, Recorder())), work))
            wrong += sum(result != expected for result, expected in zip(together, alone, strict=True))
            print(f"run {number + 1}: {wrong} differ so far", flush=True)
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.torture.parallel", description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--qualities", default=",".join(QUALITIES))
    parser.add_argument("--real", action="store_true", help="real recordings, those of LOCALWHISPER_SPEECH, with base")
    parser.add_argument("--model-dir", type=Path, default=MODELS, help="where base.pt is")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model, recordings = ("base", real_clips()) if options.real else ("demo", clips(folder))
        library = ModelLibrary(options.model_dir if options.real else folder, data_dir=folder, assets=ASSETS)
        engine = WhisperEngine(ModelCache(library, idle_timeout_s=600), Ffmpeg(), folder / "spool", max_audio_s=60)
        wrong = 0
        for quality in options.qualities.split(","):
            print(f"{model}, {quality}", flush=True)
            if options.real:
                wait_for_plan(engine, recordings[0], model, quality, folder)
            wrong += count_differences(engine, _work(recordings, model, quality), options.runs)
        engine.close()
    raise SystemExit(f"{wrong} results differ" if wrong else 0)


def _work(recordings: list[Path], model: str, quality: Quality) -> list[tuple[Path, Options]]:
    kinds = [
        Options(model=model, quality=quality),
        Options(model=model, quality=quality, word_timestamps=True),
        Options(model=model, quality=quality, beam_size=2),
    ]
    return [(path, kinds[number % len(kinds)]) for number, path in enumerate(recordings)]


if __name__ == "__main__":
    main()
