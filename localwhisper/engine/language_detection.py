"""A recording's language, detected where somebody speaks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from whisper.audio import N_FRAMES

from localwhisper.engine.audio_window import AudioWindow, Span
from localwhisper.engine.log_mel import LogMel
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.vad import VoiceActivity
from localwhisper.jobs.transcript import Detection

ENOUGH_FRAMES = 500  # of speech in the first 30 s: whisper's own window is taken


@dataclass(frozen=True)
class DetectedLanguage:
    detection: Detection
    features: Mapping[AudioWindow, Tensor]  # of the windows that it was detected from, see WhisperModel.encode_audio


def windows_to_detect_from(vad: VoiceActivity, n_frames: int, n_windows: int = 1) -> list[AudioWindow]:
    """The opening of a recording of `n_frames`, and others of at most `n_windows`, spread evenly over its speech.

    The opening is the first 30 s, as in whisper, if they hold enough of the speech, and else the first 30 s of speech.
    Each window has 30 s: what it lacks is taken from after the recording's end, which is silence.
    """
    first = AudioWindow((Span(0, N_FRAMES),))
    speech = vad.speech(0)
    if speech is None:
        return [first]
    is_enough = speech.end <= first.end or speech.until(first.end).n_frames >= ENOUGH_FRAMES
    others = [vad.speech(seek) for seek in vad.divided(min(n_windows, vad.n_speech_frames // N_FRAMES))[1:]]
    return [
        first if is_enough else _filled(speech, n_frames),
        *(_filled(window, n_frames) for window in others if window),
    ]


def _filled(window: AudioWindow, n_frames: int) -> AudioWindow:
    end, n_lacking = n_frames + N_FRAMES, N_FRAMES - window.n_frames
    return AudioWindow((*window.spans, Span(end, end + n_lacking))) if n_lacking else window


def detect_language(
    model: WhisperModel, mel: LogMel, windows: Sequence[AudioWindow], check: Callable[[], None]
) -> DetectedLanguage:
    """The language that is the most probable one on the average of the windows."""
    features = {window: model.encode_audio(mel.window(window)[None], check) for window in windows}
    return DetectedLanguage(model.detect_language(torch.cat([*features.values()])), features)
