"""Several windows of a recording in one batch: none is conditioned on the text before it.

Windows are filled with speech, without what lies between, and cut in pauses. Where the model stops before the end of a
window, the rest is decoded in the next pass of the batch. Where there is no pause, a window ends with the model's last
whole segment, as in whisper, and the next one begins there: such windows can't be decoded together.
"""

import math
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from whisper.audio import FRAMES_PER_SECOND

from localwhisper.engine.audio_window import AudioWindow
from localwhisper.engine.base import Helpers
from localwhisper.engine.map_ahead import map_ahead
from localwhisper.engine.system_resources import available_bytes
from localwhisper.engine.vad import VoiceActivity
from localwhisper.engine.window_decoder import DecodedWindow, WindowDecoder
from localwhisper.jobs.transcript import Position, Segment, Window

INITIAL_BATCH_SIZE, MAX_BATCH_SIZE = 2, 8  # small at first, so that the first text comes soon
# limits for the keys and values of all batches; the share is of the available memory
MEMORY_SHARE, MAX_BATCH_BYTES = 0.25, 1 << 29
USUAL_FRAMES = 2300  # of a window that ends in a pause
MIN_SHARED_FRAMES = 18_000  # three minutes: what takes helpers too long to begin with isn't shared
MIN_REST_FRAMES = 100  # less than a second after the last whole segment isn't decoded again


@dataclass
class _PendingWindow:
    rest: AudioWindow | None  # what isn't decoded yet
    end: int  # frame of the recording
    is_open: bool  # no pause was found: it ends where the model's last whole segment does
    last_speech_s: float
    passes: list[DecodedWindow] = field(default_factory=list)  # those with speech in them


Batch = list[_PendingWindow]


def transcribe_batched(
    decoder: WindowDecoder, position: Position, *, max_batch_size: int = MAX_BATCH_SIZE
) -> Iterator[Window]:
    """Yield each window with speech from `position` on; several are decoded together, on each core.

    A window's text doesn't depend on how many are decoded together.
    """
    vad, n_frames = decoder.voice_activity, decoder.pcm.n_frames
    helped = _offered(decoder, position.seek)
    while position.seek < n_frames:
        window: _PendingWindow | None = None
        batches = _batches(decoder, vad, position.seek, max_batch_size, helped)
        with decoder.check.stopping():
            decoded = map_ahead(decoder.cores, partial(decode_batch, decoder), batches, helped)
            for window in chain.from_iterable(decoded):
                end_s = window.end / FRAMES_PER_SECOND
                position = Position(seek=window.end, language=decoder.language, last_speech_s=end_s)
                yield Window(segments=_segments(decoder, window), after=position)
        if position.seek < n_frames and (window is None or not window.is_open):
            yield decoder.silence(position, n_frames)
            return


@dataclass(frozen=True)
class SharedRun:
    """What a helper has to know of a run: see base.Helpers."""

    language: str
    plan: str
    voice_activity: VoiceActivity


class _Helped:
    """A map_ahead.Elsewhere: the helpers of a run."""

    def __init__(self, decoder: WindowDecoder, helpers: Helpers) -> None:
        self._decoder = decoder
        self._helpers = helpers

    @property
    def n_cores(self) -> int:
        return self._helpers.n_cores

    @property
    def has_room(self) -> bool:
        return self._helpers.has_room

    def take(self) -> Callable[[Batch], Batch] | None:
        helper = self._helpers.take()
        return None if helper is None else partial(self._decode, helper)

    def _decode(self, helper: Callable[[bytes, Callable[[], None]], bytes | None], batch: Batch) -> Batch:
        """By the helper, or if it is lost, here."""
        answer = helper(pickle.dumps(batch), self._decoder.check)
        return decode_batch(self._decoder, batch) if answer is None else pickle.loads(answer)


def _offered(decoder: WindowDecoder, seek: int) -> _Helped | None:
    """Ask for helpers if there may be some, and much is to be done from frame `seek` on."""
    if decoder.helpers is None or decoder.pcm.n_frames - seek < MIN_SHARED_FRAMES:
        return None
    run = SharedRun(decoder.language, decoder.model.plan.name, decoder.voice_activity)
    decoder.helpers.offer(pickle.dumps(run))
    return _Helped(decoder, decoder.helpers)


def _batches(
    decoder: WindowDecoder, vad: VoiceActivity, seek: int, max_size: int, helped: _Helped | None
) -> Iterator[Batch]:
    """The windows with speech from frame `seek` on, until one whose end isn't known until it is decoded."""
    size, max_size = INITIAL_BATCH_SIZE, min(max_size, max_batch_size(decoder))
    while True:
        n_remaining = math.ceil((decoder.pcm.n_frames - seek) / USUAL_FRAMES)
        n_cores = decoder.cores.total + (0 if helped is None else helped.n_cores)
        batch = _next_batch(decoder, vad, seek, max(1, min(size, max_size, math.ceil(n_remaining / n_cores))))
        if batch:
            yield batch
        if not batch or batch[-1].is_open:
            return
        seek, size = batch[-1].end, min(2 * size, MAX_BATCH_SIZE)


def decode_batch(decoder: WindowDecoder, batch: Batch) -> Batch:
    while remaining := [(window, window.rest) for window in batch if window.rest is not None]:
        _decode_pass(decoder, remaining)
    return batch


def _next_batch(decoder: WindowDecoder, vad: VoiceActivity, seek: int, size: int) -> Batch:
    """The next `size` windows that aren't silent; fewer at the recording's end. A window whose end isn't known until it
    is decoded is the last of its batch."""
    batch: Batch = []
    while len(batch) < size and (found := vad.window(seek)) is not None:
        window, ends_in_pause = found
        seek = window.end
        if decoder.is_silent(window):
            continue
        batch.append(_PendingWindow(window, window.end, not ends_in_pause, window.seek / FRAMES_PER_SECOND))
        if not ends_in_pause:
            break
    return batch


def max_batch_size(decoder: WindowDecoder) -> int:
    """As many windows as have room in memory for the keys and values of their audio and text."""
    model, dims = decoder.model, decoder.model.dims
    n_floats = 2 * dims.n_text_layer * dims.n_text_state * (dims.n_audio_ctx + dims.n_text_ctx)
    budget_bytes = min(MAX_BATCH_BYTES, MEMORY_SHARE * available_bytes(model.device.type)) / decoder.cores.total
    return max(1, int(budget_bytes // (4 * n_floats)))


def _decode_pass(decoder: WindowDecoder, pending: Sequence[tuple[_PendingWindow, AudioWindow]]) -> None:
    """Decode the rest of each window in one batch."""
    rests = [rest for _, rest in pending]
    last_speech_s = [window.last_speech_s for window, _ in pending]
    decoded_rests = decoder.decode(rests, decoder.initial_prompt(), last_speech_s)
    for (window, rest), decoded in zip(pending, decoded_rests, strict=True):
        window.rest = None
        if decoded is None:
            continue
        window.last_speech_s = decoded.last_speech_s
        window.passes.append(decoded)
        if decoded.next_seek <= rest.seek:  # the model goes back or stays: drop the rest
            continue
        if window.is_open:
            window.end = decoded.next_seek
        else:
            window.rest = _worth_decoding(rest.since(decoded.next_seek))


def _worth_decoding(rest: AudioWindow | None) -> AudioWindow | None:
    return rest if rest is not None and rest.n_frames >= MIN_REST_FRAMES else None


def _segments(decoder: WindowDecoder, window: _PendingWindow) -> tuple[Segment, ...]:
    return tuple(segment for decoded in window.passes for segment in decoder.segments(decoded))
