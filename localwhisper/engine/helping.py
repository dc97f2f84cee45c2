"""Decodes windows for the engine of another process, which sends them: shared_batches.py."""

import logging
import pickle
from collections.abc import Callable
from functools import partial
from itertools import chain
from pathlib import Path

import torch

from localwhisper.audio.recording import RecordingReader
from localwhisper.engine.base import Batch, BatchSource, Control
from localwhisper.engine.log_mel import LogMel
from localwhisper.engine.map_ahead import map_ahead
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.model_cache import ModelCache
from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.run_formats import formats
from localwhisper.engine.shared_batches import SharedBatch
from localwhisper.engine.speakers.labelling import with_what_speakers_need
from localwhisper.engine.threads import StoppableCheck, use_one_thread
from localwhisper.engine.window_batch import decode_batch, max_batch_size
from localwhisper.engine.window_decoder import WindowDecoder
from localwhisper.jobs.suspicion import Footprint
from localwhisper.options import Options

log = logging.getLogger(__name__)


class Helper:
    """Threading: SAFE."""

    def __init__(self, models: ModelCache, reader: RecordingReader, new_spool: Callable[[], PcmSpool]) -> None:
        self._models = models
        self._reader = reader
        self._new_spool = new_spool

    def help(self, audio: Path, options: Options, batches: BatchSource, control: Control) -> None:
        """See Engine.help(). Returns at once where windows can't be computed in the run's number formats."""
        options, check = with_what_speakers_need(options), StoppableCheck(control.check)
        with self._reader.read(audio, self._new_spool, check=control.check, track=options.audio_track) as recording:
            with self._models.lease(options.model, options.quality, control):
                pass  # loaded while the other engine reads the recording
            received = batches(self._models.cores.total, check)
            first = next(received)
            plan = _shared(first).plan
            quality, wanted = formats(options, plan, Footprint.USUAL)
            with (
                self._models.lease(options.model, quality, control, plan=wanted) as model,
                torch.inference_mode(),
                check.stopping(),
            ):
                if model.plan.name != plan:
                    log.info("can't help in the formats %s, only in %s", plan, model.plan.name)
                    return
                use_one_thread()
                pcm = recording.channels[0].sink
                decode = partial(self._decode, model, pcm, options, control, check)
                for _ in map_ahead(self._models.cores, decode, chain([first], received)):
                    pass

    def _decode(
        self,
        model: WhisperModel,
        pcm: PcmSpool,
        options: Options,
        control: Control,
        check: StoppableCheck,
        batch: Batch,
    ) -> None:
        """Decode a batch and give it back. `check` is stopped by an error: also the wait for the next batch ends."""
        shared, give_back = _shared(batch), batch[1]
        with check.stopping():
            decoder = WindowDecoder(
                model,
                pcm,
                LogMel(pcm, model.dims.n_mels, check, floor=shared.mel_floor),
                options,
                shared.language,
                listen=lambda: shared.voice_activity,
                encoded={},
                first_segment_id=0,
                control=control,
                cores=self._models.cores,
            )
            windows, size = shared.windows, max_batch_size(decoder)
            parts = [decode_batch(decoder, windows[i : i + size]) for i in range(0, len(windows), size)]
            give_back(pickle.dumps(list(chain.from_iterable(parts))))


def _shared(batch: Batch) -> SharedBatch:
    shared: SharedBatch = pickle.loads(batch[0])
    return shared
