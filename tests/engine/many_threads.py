"""python -m tests.engine.many_threads CLIP FOLDER: time its words in four threads, print how many results differ."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from localwhisper.app import ASSETS
from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.model_cache import ModelCache
from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.options import Options
from tests.engine.control import Recorder


def main() -> None:
    clip, folder = map(Path, sys.argv[1:])
    library = ModelLibrary(folder, mirror=None, unpack_dir=folder, assets=ASSETS)
    engine = WhisperEngine(ModelCache(library, idle_timeout_s=600), Ffmpeg(), folder / "spool", max_audio_s=60)
    options = Options(model="demo", word_timestamps=True)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: engine.transcribe(clip, options, Recorder()), range(4)))
    print(len({tuple((w.word, w.start, w.end) for s in one.segments for w in s.words or ()) for one in found}))
    engine.close()


if __name__ == "__main__":
    main()
