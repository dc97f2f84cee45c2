"""Batches of windows that helpers decode: the engine's side that sends them. helping.py is the other."""

import pickle
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from copy import copy
from dataclasses import dataclass, field
from functools import partial

from localwhisper.engine.base import Helpers
from localwhisper.engine.threads import StoppableCheck
from localwhisper.engine.vad import VoiceActivity
from localwhisper.engine.window_batch import Batch, decode_batch
from localwhisper.engine.window_decoder import WindowDecoder

CHECK_EVERY_S = 0.1


@dataclass(frozen=True)
class SharedBatch:
    """What a helper gets, and what it has to know of the run."""

    language: str
    plan: str
    mel_floor: float  # see LogMel
    voice_activity: VoiceActivity  # around these windows
    windows: Batch


class _DecodedHere(Exception):
    """The helper's answer isn't needed any more."""


class _DecodedThere(Exception):
    """The helper was sooner."""


@dataclass(eq=False)
class _SentBatch:
    windows: bytes  # a Batch
    is_taken_back: bool = False
    is_answered: bool = False
    decoded_here: Future[Batch | None] = field(default_factory=Future)  # None: it couldn't be


class SharedBatches:
    """A map_ahead.Elsewhere: the helpers of a run. What they don't give back is decoded here. Threading: SAFE."""

    def __init__(self, decoder: WindowDecoder, helpers: Helpers) -> None:
        self._decoder = decoder
        self._helpers = helpers
        self._sent = deque[_SentBatch]()  # in this order, those that aren't back
        self._lock = threading.Lock()  # of taking back

    @property
    def n_cores(self) -> int:
        return self._helpers.n_cores

    @property
    def has_room(self) -> bool:
        return self._helpers.has_room

    def take(self) -> Callable[[Batch], Batch] | None:
        helper = self._helpers.take()
        return None if helper is None else partial(self._decode_there, helper)

    def take_back(self) -> Callable[[], None] | None:
        """The batch that was sent last: its helper has hardly begun."""
        taken = (partial(self._decode_here, sent) for sent in reversed(tuple(self._sent)) if self._take_back(sent))
        return next(taken, None)

    def _take_back(self, sent: _SentBatch) -> bool:
        """Whether this is the first to do so."""
        with self._lock:
            is_first, sent.is_taken_back = not sent.is_taken_back, True
        return is_first

    def _decode_there(self, helper: Callable[[bytes, Callable[[], None]], bytes | None], batch: Batch) -> Batch:
        sent = _SentBatch(pickle.dumps(batch))
        self._sent.append(sent)

        def check() -> None:
            self._decoder.check()
            if sent.decoded_here.done() and sent.decoded_here.result() is not None:
                raise _DecodedHere

        try:
            answer = helper(pickle.dumps(self._shared(batch)), check)
            sent.is_answered = answer is not None
        except _DecodedHere:
            answer = None
        finally:
            self._sent.remove(sent)
        return self._decoded_here(sent) if answer is None else pickle.loads(answer)

    def _shared(self, batch: Batch) -> SharedBatch:
        decoder = self._decoder
        assert decoder.speech_windows is not None
        windows = [window.rest for window in batch if window.rest is not None]
        heard = decoder.speech_windows.around(windows[0].seek, windows[-1].end)
        return SharedBatch(decoder.language, decoder.model.plan.name, decoder.mel.floor, heard, batch)

    def _decoded_here(self, sent: _SentBatch) -> Batch:
        """What was taken back, or the batch of a helper that is lost."""
        if self._take_back(sent):
            self._decode_here(sent)
        while not wait([sent.decoded_here], CHECK_EVERY_S).done:
            self._decoder.check()
        batch = sent.decoded_here.result()
        return decode_batch(self._decoder, pickle.loads(sent.windows)) if batch is None else batch

    def _decode_here(self, sent: _SentBatch) -> None:
        decoder = copy(self._decoder)

        def check() -> None:
            self._decoder.check()
            if sent.is_answered:
                raise _DecodedThere

        decoder.check = StoppableCheck(check)
        batch: Batch | None = None
        try:
            batch = decode_batch(decoder, pickle.loads(sent.windows))
        except _DecodedThere:
            pass
        finally:
            sent.decoded_here.set_result(batch)
