"""Several windows of a recording in one batch: none is conditioned on the text before it.

Windows are filled with speech, without what lies between, and cut in pauses. Where the model stops before the end of a
window, the rest is decoded in the next pass of the batch. Where there is no pause, a window ends with the model's last
whole segment, as in whisper, and the next one begins there: such windows can't be decoded together.
"""

import math
from collections.abc import Iterator
from functools import partial
from itertools import chain

from whisper.audio import FRAMES_PER_SECOND

from localwhisper.engine.map_ahead import map_ahead
from localwhisper.engine.shared_batches import SharedBatches
from localwhisper.engine.window_batch import Batch, PendingWindow, decode_batch, max_batch_size
from localwhisper.engine.window_decoder import WindowDecoder
from localwhisper.jobs.transcript import Position, Segment, Window

INITIAL_BATCH_SIZE, MAX_BATCH_SIZE = 2, 8  # small at first, so that the first text comes soon
USUAL_FRAMES = 2300  # of a window that ends in a pause
BATCHES_PER_SHARE = 2  # of each core in the rest of a shared recording, so that all end at about the same time


def transcribe_batched(
    decoder: WindowDecoder, position: Position, *, max_batch_size: int = MAX_BATCH_SIZE
) -> Iterator[Window]:
    """Yield each window with speech from `position` on; several are decoded together, on each core.

    A window's text doesn't depend on how many are decoded together.
    """
    n_frames = decoder.pcm.n_frames
    helped = None if decoder.helpers is None else SharedBatches(decoder, decoder.helpers)
    while position.seek < n_frames:
        window: PendingWindow | None = None
        batches = _batches(decoder, position.seek, max_batch_size, helped)
        with decoder.check.stopping():
            decoded = map_ahead(decoder.cores, partial(decode_batch, decoder), batches, helped)
            for window in chain.from_iterable(decoded):
                end_s = window.end / FRAMES_PER_SECOND
                position = Position(seek=window.end, language=decoder.language, last_speech_s=end_s)
                yield Window(segments=_segments(decoder, window), after=position)
        if position.seek < n_frames and (window is None or not window.is_open):
            yield decoder.silence(position, n_frames)
            return


def _batches(decoder: WindowDecoder, seek: int, max_size: int, helped: SharedBatches | None) -> Iterator[Batch]:
    """The windows with speech from frame `seek` on, until one whose end isn't known until it is decoded."""
    size, max_size = INITIAL_BATCH_SIZE, min(max_size, max_batch_size(decoder))
    while True:
        n_remaining = math.ceil((decoder.pcm.n_frames - seek) / USUAL_FRAMES)
        n_helping = 0 if helped is None else helped.n_cores
        n_batches = (decoder.cores.total + n_helping) * (BATCHES_PER_SHARE if n_helping else 1)
        batch = _next_batch(decoder, seek, max(1, min(size, max_size, math.ceil(n_remaining / n_batches))))
        if batch:
            yield batch
        if not batch or batch[-1].is_open:
            return
        seek, size = batch[-1].end, min(2 * size, MAX_BATCH_SIZE)


def _next_batch(decoder: WindowDecoder, seek: int, size: int) -> Batch:
    """The next `size` windows that aren't silent; fewer at the recording's end. A window whose end isn't known until it
    is decoded is the last of its batch."""
    assert decoder.speech_windows is not None
    batch: Batch = []
    while len(batch) < size and (found := decoder.speech_windows.window(seek)) is not None:
        window, ends_in_pause = found
        seek = window.end
        if decoder.is_silent(window):
            continue
        batch.append(PendingWindow(window, window.end, not ends_in_pause, window.seek / FRAMES_PER_SECOND))
        if not ends_in_pause:
            break
    return batch


def _segments(decoder: WindowDecoder, window: PendingWindow) -> tuple[Segment, ...]:
    return tuple(segment for decoded in window.passes for segment in decoder.segments(decoded))
