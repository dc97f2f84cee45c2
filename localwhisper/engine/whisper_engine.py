"""The engine: a recording → its transcript. The loop over its windows is run.py's and batched.py's subject."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from whisper.audio import CHUNK_LENGTH

from localwhisper.audio.decode import decode_audio
from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.engine.base import Control
from localwhisper.engine.batched import SideBySide
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.log_mel import LogMel
from localwhisper.engine.model_cache import ModelCache, as_out_of_memory
from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.sequential import Run, detect_language
from localwhisper.errors import ModelCannotTranslate
from localwhisper.jobs.model import Detection, Transcript, Window, joined
from localwhisper.messages import Message
from localwhisper.options import Options


class WhisperEngine:
    """An Engine. Threading: SAFE."""

    def __init__(self, library: ModelLibrary, models: ModelCache, ffmpeg: Ffmpeg, *, max_audio_s: float) -> None:
        self._library = library
        self._models = models
        self._ffmpeg = ffmpeg
        self._max_audio_s = max_audio_s
        self._cores = models.cores

    def transcribe(self, audio: Path, options: Options, control: Control, *, done: Sequence[Window] = ()) -> Transcript:
        """See base.Engine. Raises also what reading the audio and loading the model raise."""
        started_s = time.monotonic()
        control.progress(0.0, Message("reading_audio"))
        with PcmSpool(
            decode_audio(self._ffmpeg, audio, check=control.check, max_audio_s=self._max_audio_s)
        ) as recording:
            read_s = time.monotonic() - started_s
            with self._models.lease(options.model, options.quality, control) as model, self._working():
                if options.task == "translate" and not model.is_multilingual:
                    raise ModelCannotTranslate(model=options.model)
                started_s = time.monotonic()
                try:
                    kind = SideBySide if options.is_batched else Run
                    run = kind.begin(model, recording, options, control, self._cores, done)
                    every = [*done, *run.decode_all()]
                except (MemoryError, RuntimeError) as error:
                    raise as_out_of_memory(error, options.model) from error
                work_s = read_s + time.monotonic() - started_s - run.rested_s
                segments = joined(every)
                text = run.tokenizer.decode([token for segment in segments for token in segment.tokens])
        return Transcript(text=text, language=run.language, segments=segments, processing_time=work_s)

    @contextmanager
    def _working(self) -> Iterator[None]:
        with self._cores.working(), torch.inference_mode():
            yield

    def detect_language(self, audio: Path, model: str, control: Control) -> Detection:
        """See base.Engine."""
        samples = decode_audio(self._ffmpeg, audio, check=control.check, max_audio_s=CHUNK_LENGTH)
        with PcmSpool(samples) as recording:
            with self._models.lease(model, "exact", control) as network, self._working():
                if not network.is_multilingual:
                    return Detection(language="en", probability=1.0)
                return detect_language(network, LogMel(recording, network.dims.n_mels, control.check), control.check)

    def model_bytes(self) -> Mapping[str, int]:
        return self._models.model_bytes()

    def close(self) -> None:
        self._models.close()
