"""One window after another, each conditioned on the text before it, as in `whisper.transcribe`."""

from collections.abc import Iterator
from dataclasses import replace

from whisper.audio import N_FRAMES

from localwhisper.engine.audio_window import AudioWindow, Span
from localwhisper.engine.vad import VoiceActivity
from localwhisper.engine.window_decoder import WindowDecoder
from localwhisper.jobs.transcript import Position, Window


def transcribe_sequential(decoder: WindowDecoder, position: Position) -> Iterator[Window]:
    """Yield each window from `position` on, conditioned on the text before it.

    With `vad_filter`, and on separate channels, where one is silent while another speaks, the windows are filled with
    speech, without what lies between. Otherwise a window ends before a long gap in the recording, which is skipped:
    nothing is found in what isn't recorded. A recording in which nobody speaks has no text: a model would invent one.
    """
    if decoder.nobody_speaks:
        yield decoder.silence(position, decoder.pcm.n_frames)
        return
    vad = decoder.voice_activity if decoder.options.skips_silence else None
    while (clip := decoder.clip_at(position.seek)) is not None:
        position = replace(position, seek=clip[0])
        window = _next_window(decoder, position, clip[1]) if vad is None else _next_speech(decoder, vad, position)
        if window.after.seek <= position.seek:  # the model goes back or stays
            window = replace(window, after=replace(window.after, seek=position.seek + N_FRAMES))
        yield window
        position = window.after
    if position.seek < decoder.pcm.n_frames:  # what comes after the last part isn't transcribed
        yield decoder.silence(position, decoder.pcm.n_frames)


def _next_window(decoder: WindowDecoder, position: Position, n_frames: int) -> Window:
    """`n_frames`: where the part to transcribe ends."""
    seek = position.seek
    gap = decoder.pcm.next_long_gap(seek)
    if gap is not None and gap.start <= seek:
        return decoder.silence(position, gap.end)
    end = min(seek + decoder.max_window_frames, n_frames, n_frames if gap is None else gap.start)
    return _decoded(decoder, AudioWindow((Span(seek, end),)), position)


def _next_speech(decoder: WindowDecoder, vad: VoiceActivity, position: Position) -> Window:
    speech = vad.speech(position.seek)
    return decoder.silence(position, decoder.pcm.n_frames) if speech is None else _decoded(decoder, speech, position)


def _decoded(decoder: WindowDecoder, audio: AudioWindow, position: Position) -> Window:
    if decoder.is_silent(audio):
        return decoder.silence(position, audio.end)
    with decoder.cores.working():
        (decoded,) = decoder.decode([audio], position.prompt, [position.last_speech_s])
    if decoded is None:
        return decoder.silence(position, audio.end)
    segments = decoder.segments(decoded)
    if decoded.is_skipped:
        return Window(segments=(), after=replace(position, seek=decoded.next_seek, language=decoder.language))
    after = Position(
        seek=decoded.next_seek,
        language=decoder.language,
        prompt=decoder.next_prompt(position.prompt, segments, decoded.fallback.result),
        last_speech_s=decoded.last_speech_s,
    )
    return Window(segments=segments, after=after)
