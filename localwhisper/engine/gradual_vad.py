"""Voice activity of a recording that is listened to no further than its windows need."""

import math
import threading
from collections.abc import Callable

import numpy as np

from localwhisper.engine.audio_window import AudioWindow
from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.silero import CHUNK_SAMPLES, SileroStream, SileroVad
from localwhisper.engine.vad import FRAMES_PER_CHUNK, VoiceActivity, piece

AHEAD_SHARE = 0.25  # of what has been heard, which is looked at again each time


class GradualVoiceActivity:
    """Its windows are those of vad.VoiceActivity. Threading: SAFE."""

    def __init__(self, pcm: PcmSpool, detector: SileroVad, check: Callable[[], None]) -> None:
        """`check` is called before each minute of the recording, on the thread that needs it, and may raise."""
        self._pcm = pcm
        self._check = check
        self._lock = threading.Lock()
        self._stream = SileroStream(detector)
        self._heard = [np.empty(0, np.float32)]  # the probabilities, by minutes
        self._n_heard = 0  # chunks
        self._known = VoiceActivity(self._heard[0], 0)
        self._is_whole = False  # what is known

    def window(self, seek: int) -> tuple[AudioWindow, bool] | None:
        """See VoiceActivity. Raises what `check` raises."""
        with self._lock:
            while True:
                found = self._known.window(seek)
                if self._is_whole or (found is not None and found[0].end <= self._known.certain_until):
                    return found
                self._listen_on(AHEAD_SHARE * self._n_heard)

    def without_pauses(self, start: int, end: int, max_edge: int) -> tuple[int, int]:
        """See VoiceActivity; in a window that was returned."""
        return self._known.without_pauses(start, end, max_edge)

    def around(self, start: int, end: int) -> VoiceActivity:
        """See VoiceActivity; from windows that were returned."""
        return self._known.around(start, end)

    def begin(self) -> None:
        """Listen to the first minute."""
        with self._lock:
            if not self._n_heard:
                self._listen_on(0)

    def whole(self) -> VoiceActivity:
        """Listen to all of it. Raises what `check` raises."""
        with self._lock:
            self._listen_on(math.inf)
            return self._known

    def _listen_on(self, n_chunks: float) -> None:
        """For as many minutes as these chunks take, one at least."""
        n_all = math.ceil(self._pcm.n_samples / CHUNK_SAMPLES)
        until = min(self._n_heard + max(n_chunks, 1), n_all)
        while self._n_heard < until:
            self._check()
            self._heard.append(self._stream.probabilities(piece(self._pcm, self._n_heard * CHUNK_SAMPLES)))
            self._n_heard += len(self._heard[-1])
        self._is_whole = self._n_heard == n_all
        n_frames = self._pcm.n_frames if self._is_whole else int(self._n_heard * FRAMES_PER_CHUNK)
        self._known = VoiceActivity(np.concatenate(self._heard), n_frames)
