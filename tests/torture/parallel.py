"""Eight threads, twenty clips, one set of weights: each result as when its clip is alone, ten times over.

`make parallel` runs it, some of the clips with word times or beams, in each quality; `--runs 1` is the short form.
"""

import argparse
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from localwhisper.app import ASSETS
from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.model_cache import ModelCache
from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.jobs.model import Transcript
from localwhisper.options import Options, Quality
from tests.engine.conftest import ROWS, samples_of
from tests.engine.control import Recorder, write_wav

N_CLIPS, N_THREADS = 20, 8
RATE = 16000


def clips(folder: Path) -> list[Path]:
    """Of one to seven seconds, all different."""
    found = []
    for number in range(N_CLIPS):
        samples = samples_of(ROWS[number % len(ROWS)]["filename"])
        start = (number // len(ROWS)) * RATE // 2
        found.append(write_wav(folder / f"{number}.wav", samples[start : start + (1 + number % 7) * RATE]))
    return found


def said(transcript: Transcript) -> tuple[object, ...]:
    words = [(w.word, w.start, w.end) for s in transcript.segments for w in s.words or ()]
    return transcript.text, words, [(s.start, s.end, s.tokens, s.temperature) for s in transcript.segments]


def differing(engine: WhisperEngine, work: list[tuple[Path, Options]], runs: int) -> int:
    """How many of all results aren't what the clip alone gives."""
    alone = [said(engine.transcribe(path, options, Recorder())) for path, options in work]
    wrong = 0
    with ThreadPoolExecutor(N_THREADS) as pool:
        for number in range(runs):
            together = list(pool.map(lambda one: said(engine.transcribe(*one, Recorder())), work))
            wrong += sum(found != expected for found, expected in zip(together, alone, strict=True))
            print(f"run {number + 1}: {wrong} differ so far", flush=True)
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.torture.parallel", description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--qualities", default="exact,fast")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = ModelLibrary(folder, mirror=None, unpack_dir=folder, assets=ASSETS)
        engine = WhisperEngine(ModelCache(library, idle_timeout_s=600), Ffmpeg(), folder / "spool", max_audio_s=60)
        wrong = 0
        for quality in options.qualities.split(","):
            wrong += differing(engine, _work(clips(folder), quality), options.runs)
        engine.close()
    raise SystemExit(f"{wrong} results differ" if wrong else 0)


def _work(paths: list[Path], quality: Quality) -> list[tuple[Path, Options]]:
    kinds = [
        Options(model="demo", quality=quality),
        Options(model="demo", quality=quality, word_timestamps=True),
        Options(model="demo", quality=quality, beam_size=2),
    ]
    return [(path, kinds[number % len(kinds)]) for number, path in enumerate(paths)]


if __name__ == "__main__":
    main()
