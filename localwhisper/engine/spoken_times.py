"""Where somebody speaks in a recording, from its decoded audio."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from whisper.audio import FRAMES_PER_SECOND

from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.silero import SileroVad
from localwhisper.engine.threads import use_one_thread
from localwhisper.engine.vad import voice_activity


class SpokenTimes:
    """A SpeechSink: keeps the samples in a spool until it is closed."""

    def __init__(self, pcm: PcmSpool, detector: SileroVad) -> None:
        self._pcm = pcm
        self._detector = detector

    def write(self, start: int, samples: NDArray[np.int16]) -> None:
        self._pcm.write(start, samples)

    def speech(self, check: Callable[[], None]) -> tuple[tuple[float, float], ...]:
        use_one_thread()
        utterances = voice_activity(self._pcm, self._detector, check).utterances()
        return tuple((start / FRAMES_PER_SECOND, end / FRAMES_PER_SECOND) for start, end in utterances)

    def close(self) -> None:
        self._pcm.close()
