"""Windows that are decoded together, with the same prompt. batched.py cuts them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from localwhisper.engine.audio_window import AudioWindow
from localwhisper.engine.system_resources import available_bytes
from localwhisper.engine.window_decoder import DecodedWindow, WindowDecoder

# limits for the keys and values of all batches; the share is of the available memory
MEMORY_SHARE, MAX_BATCH_BYTES = 0.25, 1 << 29
MIN_REST_FRAMES = 100  # less than a second after the last whole segment isn't decoded again


@dataclass
class PendingWindow:
    rest: AudioWindow | None  # what isn't decoded yet
    end: int  # frame of the recording
    is_open: bool  # no pause was found: it ends where the model's last whole segment does
    last_speech_s: float
    passes: list[DecodedWindow] = field(default_factory=list)  # those with speech in them


Batch = list[PendingWindow]


def decode_batch(decoder: WindowDecoder, batch: Batch) -> Batch:
    while remaining := [(window, window.rest) for window in batch if window.rest is not None]:
        _decode_pass(decoder, remaining)
    return batch


def max_batch_size(decoder: WindowDecoder) -> int:
    """As many windows as have room in memory for the keys and values of their audio and text."""
    model, dims = decoder.model, decoder.model.dims
    n_floats = 2 * dims.n_text_layer * dims.n_text_state * (dims.n_audio_ctx + dims.n_text_ctx)
    budget_bytes = min(MAX_BATCH_BYTES, MEMORY_SHARE * available_bytes(model.device.type)) / decoder.cores.total
    return max(1, int(budget_bytes // (4 * n_floats)))


def _decode_pass(decoder: WindowDecoder, pending: Sequence[tuple[PendingWindow, AudioWindow]]) -> None:
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
