"""Decodes windows for the engine of another process, which cuts them and puts the transcript together: batched.py."""

import logging
import pickle
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import torch

from localwhisper.audio.recording import RecordingReader
from localwhisper.engine.base import Batch, BatchSource, Control
from localwhisper.engine.batched import SharedRun, decode_batch, max_batch_size
from localwhisper.engine.log_mel import LogMel
from localwhisper.engine.map_ahead import map_ahead
from localwhisper.engine.model_cache import ModelCache
from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.run_formats import formats
from localwhisper.engine.speakers.labelling import with_what_speakers_need
from localwhisper.engine.threads import use_one_thread
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

    def help(self, audio: Path, options: Options, run: bytes, batches: BatchSource, control: Control) -> None:
        """See Engine.help(). Returns at once where windows can't be computed in the run's number formats."""
        shared: SharedRun = pickle.loads(run)
        options, cores = with_what_speakers_need(options), self._models.cores
        quality, plan = formats(options, shared.plan, Footprint.USUAL)
        with (
            self._reader.read(audio, self._new_spool, check=control.check, track=options.audio_track) as recording,
            self._models.lease(options.model, quality, control, plan=plan) as model,
            torch.inference_mode(),
        ):
            if model.plan.name != shared.plan:
                log.info("can't help in the formats %s, only in %s", shared.plan, model.plan.name)
                return
            use_one_thread()
            pcm = recording.channels[0].sink
            decoder = WindowDecoder(
                model,
                pcm,
                LogMel(pcm, model.dims.n_mels, control.check),
                options,
                shared.language,
                listen=lambda: shared.voice_activity,
                encoded={},
                first_segment_id=0,
                control=control,
                cores=cores,
            )

            def decode(batch: Batch) -> None:
                data, give_back = batch
                windows, size = pickle.loads(data), max_batch_size(decoder)
                with decoder.check.stopping():  # also the wait for the next batch
                    parts = [decode_batch(decoder, windows[i : i + size]) for i in range(0, len(windows), size)]
                give_back(pickle.dumps(list(chain.from_iterable(parts))))

            with decoder.check.stopping():
                for _ in map_ahead(cores, decode, batches(cores.total, decoder.check)):
                    pass
