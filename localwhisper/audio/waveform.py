"""A recording's sound as a row of peaks, from which the page draws a waveform."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from localwhisper.audio.ffmpeg import SAMPLE_RATE
from localwhisper.audio.recording import RecordingReader, Sink
from localwhisper.errors import EngineNotLoaded
from localwhisper.jobs.transcript import Waveform

MIN_PEAKS = 1600  # about two for each pixel on a common screen
PEAKS_PER_SECOND = 50  # in a recording that is short enough: for finding where a word begins
MAX_PEAKS = 1 << 16  # reached after 22 minutes
_MAX_STEPS = 2 * MAX_PEAKS  # at least half of them are used, so that each peak has a step


class _Peaks:
    """A Sink: the loudest sample of each of many short steps. Steps grow with the recording, so memory doesn't."""

    def __init__(self) -> None:
        self._step_samples = 1
        self._steps = np.zeros(_MAX_STEPS, np.int32)

    def write(self, start: int, samples: NDArray[np.int16]) -> None:
        while start + len(samples) > self._step_samples * _MAX_STEPS:
            halved = self._steps.reshape(-1, 2).max(axis=1)
            self._steps = np.concatenate([halved, np.zeros_like(halved)])
            self._step_samples *= 2
        steps = np.arange(start, start + len(samples), dtype=np.int64) // self._step_samples
        np.maximum.at(self._steps, steps, np.abs(samples.astype(np.int32)))

    def peaks(self, n_samples: int) -> NDArray[np.int32]:
        """The peaks of the first `n_samples`, each of a part of the same length."""
        n_peaks = min(max(PEAKS_PER_SECOND * n_samples // SAMPLE_RATE, MIN_PEAKS), MAX_PEAKS)
        steps = np.arange(-(-n_samples // self._step_samples), dtype=np.int64)
        peaks = np.zeros(n_peaks, np.int32)
        np.maximum.at(
            peaks, np.minimum(steps * self._step_samples * n_peaks // n_samples, n_peaks - 1), self._steps[steps]
        )
        return peaks


class SpeechSink(Sink, Protocol):
    """A Sink that finds where somebody speaks in what was written to it."""

    def speech(self, check: Callable[[], None]) -> tuple[tuple[float, float], ...]:
        """Return start and end of each utterance in seconds. `check` may raise to stop."""


class _PeaksAndSpeech:
    """A Sink for both, so that the recording is decoded once."""

    def __init__(self, new_speech_sink: Callable[[], SpeechSink]) -> None:
        self.peaks = _Peaks()
        self.speech: SpeechSink | None
        try:
            self.speech = new_speech_sink()
        except EngineNotLoaded:
            self.speech = None

    def write(self, start: int, samples: NDArray[np.int16]) -> None:
        self.peaks.write(start, samples)
        if self.speech is not None:
            self.speech.write(start, samples)

    def close(self) -> None:
        if self.speech is not None:
            self.speech.close()


def compute_waveform(
    reader: RecordingReader,
    new_speech_sink: Callable[[], SpeechSink],
    path: Path,
    track: str | None,
    check: Callable[[], None],
) -> Waveform:
    """The peaks of the track that is transcribed and the speech in it, in bounded memory.

    Raises what RecordingReader.read() raises. If `new_speech_sink` raises EngineNotLoaded, there is no speech.
    """
    with reader.read(path, lambda: _PeaksAndSpeech(new_speech_sink), check=check, track=track) as recording:
        sink = recording.channels[0].sink
        peaks = sink.peaks.peaks(max(round(recording.duration_s * SAMPLE_RATE), 1))
        speech = () if sink.speech is None else sink.speech.speech(check)
    return Waveform(
        duration=recording.duration_s,
        peaks=tuple(int(peak) for peak in np.minimum(peaks >> 7, 255)),
        speech=speech,
    )
