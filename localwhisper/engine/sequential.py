"""One window after another, each conditioned on the text before it, as in `whisper.transcribe`."""

from collections.abc import Iterator
from dataclasses import replace

from whisper.audio import N_FRAMES

from localwhisper.engine.vad import VoiceActivity
from localwhisper.engine.window_decoder import AudioWindow, WindowDecoder
from localwhisper.jobs.transcript import Position, Window

MIN_SKIP_FRAMES = 100  # shorter silence before speech is decoded with it


def transcribe_sequential(decoder: WindowDecoder, position: Position) -> Iterator[Window]:
    """Yield each window from `position` on, conditioned on the text before it. With `vad_filter` silence is skipped.

    A window ends before a long gap in the recording, which is skipped: nothing is found in what isn't recorded.
    """
    vad = decoder.voice_activity() if decoder.options.vad_filter else None
    while position.seek < decoder.pcm.n_frames:
        window = _next_window(decoder, vad, position)
        if window.after.seek <= position.seek:  # the model goes back or stays
            window = replace(window, after=replace(window.after, seek=position.seek + N_FRAMES))
        yield window
        position = window.after


def _next_window(decoder: WindowDecoder, vad: VoiceActivity | None, position: Position) -> Window:
    seek, n_frames = position.seek, decoder.pcm.n_frames
    gap = decoder.pcm.next_long_gap(seek)
    if gap is not None and gap.start <= seek:
        return decoder.silence(position, gap.end)
    end = min(seek + N_FRAMES, n_frames if gap is None else gap.start)
    if vad is not None:
        speech = vad.next_speech(seek)
        if speech is None or speech >= seek + MIN_SKIP_FRAMES:
            return decoder.silence(position, n_frames if speech is None else speech)
    window = AudioWindow(seek, end - seek)
    if decoder.is_silent(window):
        return decoder.silence(position, window.end)
    (decoded,) = decoder.decode([window], position.prompt, [position.last_speech_s])
    if decoded is None:
        return decoder.silence(position, window.end)
    segments = decoder.segments(decoded)
    after = Position(
        seek=decoded.next_seek,
        language=decoder.language,
        prompt=decoder.next_prompt(position.prompt, segments, decoded.fallback.result),
        last_speech_s=decoded.last_speech_s,
    )
    return Window(segments=segments, after=after)
