"""A job's part in telling speakers apart: what its options need, and whose line each segment is."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from localwhisper.engine.base import Control
from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.vad import VoiceActivity
from localwhisper.jobs.speakers import attributed, by_channel, labelled
from localwhisper.jobs.transcript import FRAMES_PER_SECOND, Diarization, Speaker, Transcript, Window
from localwhisper.messages import Message
from localwhisper.options import Options

if TYPE_CHECKING:
    from localwhisper.engine.speakers.diarizer import OpenDiarization


def with_what_speakers_need(options: Options) -> Options:
    """Word times tell whose word it is; one speaker on each channel takes each channel for itself."""
    if options.speakers == "off":
        return options
    channels = "split" if options.speakers == "channels" else options.channels
    return replace(options, word_timestamps=True, channels=channels)


class SpeakerLabels:
    """Says whose line each segment of a job is, if its options ask for it. Threading: one thread at a time.

    Methods raise what `control` raises.
    """

    def __init__(self, options: Options, pcm: PcmSpool, listen: Callable[[], VoiceActivity], control: Control) -> None:
        """`listen`: gives `pcm`'s voice activity."""
        self._options = options
        self._pcm = pcm
        self._listen = listen
        self.control = control

    @cached_property
    def _diarization(self) -> "OpenDiarization":
        return open_diarization(self._pcm, self._listen(), self.control)

    def of_window(self, window: Window) -> Window:
        """A window that was just decoded, with the speakers of its segments as far as they are known by then."""
        if self._options.speakers == "off" or self._options.channels == "split" or not window.segments:
            return window
        start_s, end_s = window.segments[0].start, window.after.seek / FRAMES_PER_SECOND
        turns = self._diarization.turns(start_s, end_s, self._options.speaker_bounds[1])
        return replace(window, segments=labelled(window.segments, turns, sorted({turn.speaker for turn in turns})))

    def of_transcript(self, transcript: Transcript) -> Transcript:
        """The whole transcript; in it, a segment of two people is divided."""
        if self._options.speakers == "off" or not transcript.text.strip():
            return transcript
        if self._options.channels == "split":
            return by_channel(transcript)
        found = finished(self._diarization, self._pcm, self._options, self.control)
        return attributed(transcript, found.turns, speakers_in(found))


def open_diarization(pcm: PcmSpool, vad: VoiceActivity, control: Control) -> "OpenDiarization":
    from localwhisper.engine.speakers.diarizer import (
        NeuralDiarizer,
        OpenDiarization,
    )  # reads 17 MB, which few jobs need

    return OpenDiarization(NeuralDiarizer(), pcm, vad, check=control.check, file=control.speakers_file)


def finished(diarization: "OpenDiarization", pcm: PcmSpool, options: Options, control: Control) -> Diarization:
    """Raises what `control` raises."""
    minimum, maximum = options.speaker_bounds

    def progress(done_s: float) -> None:
        percent = round(100 * done_s / max(pcm.duration_s, 0.01))
        control.progress(pcm.duration_s, Message("finding_speakers", {"percent": percent}))

    progress(0.0)
    return diarization.finish(minimum, maximum, progress)


def speakers_in(found: Diarization) -> tuple[Speaker, ...]:
    return tuple(Speaker(id=each) for each in dict.fromkeys(turn.speaker for turn in found.turns))
