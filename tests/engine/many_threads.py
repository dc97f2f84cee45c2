"""python -m tests.engine.many_threads CLIP FOLDER: on four threads, prints the number of distinct results."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.model_cache import ModelCache
from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.engine_setup import ASSETS
from localwhisper.options import Options
from tests.engine.control import Recorder


def main() -> None:
    clip, folder = map(Path, sys.argv[1:])
    library = ModelLibrary(folder, data_dir=folder, assets=ASSETS)
    engine = WhisperEngine(ModelCache(library, idle_timeout_s=600), Ffmpeg(), folder / "spool", max_audio_s=60)
    options = Options(model="demo", word_timestamps=True)
    with ThreadPoolExecutor(4) as pool:
        transcripts = list(pool.map(lambda _: engine.transcribe(clip, options, Recorder()), range(4)))
    words = {
        tuple((word.word, word.start, word.end) for segment in transcript.segments for word in segment.words or ())
        for transcript in transcripts
    }
    print(len(words))
    engine.close()


if __name__ == "__main__":
    main()
