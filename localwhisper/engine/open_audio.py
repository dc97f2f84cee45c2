"""The end of a recording that is being made: its samples, and where somebody speaks in them.

Positions are frames of the recording, of 10 ms.
"""

import numpy as np
from numpy.typing import NDArray
from whisper.audio import HOP_LENGTH

from localwhisper.engine.audio_window import Span
from localwhisper.engine.silero import CHUNK_SAMPLES, SileroStream
from localwhisper.engine.vad import amplified, speech_spans

KEPT_FRAMES = 1500  # before what no segment contains yet


class OpenAudio:
    """The samples that no segment contains, the speech in them, and some of the samples before them."""

    def __init__(self, stream: SileroStream) -> None:
        self._stream = stream
        self._first_chunk = 0
        self._start = 0  # frame
        self._samples = np.empty(0, np.float32)  # from the first chunk on, whole chunks
        self._probabilities = np.empty(0, np.float32)
        self._rest = np.empty(0, np.float32)  # less than a chunk

    @property
    def start(self) -> int:
        """Where begins what no segment contains."""
        return self._start

    @property
    def kept_from(self) -> int:
        """Where the samples begin."""
        return -(-self._first_chunk * CHUNK_SAMPLES // int(HOP_LENGTH))

    @property
    def end(self) -> int:
        return (self._first_chunk * CHUNK_SAMPLES + len(self._samples)) // int(HOP_LENGTH)

    def append(self, pcm: bytes) -> None:
        new = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)
        new = np.concatenate([self._rest, new])
        n = len(new) - len(new) % CHUNK_SAMPLES
        new, self._rest = new[:n], new[n:]
        if n:
            self._samples = np.concatenate([self._samples, new])
            probabilities = self._stream.probabilities(self._amplified(new))
            self._probabilities = np.concatenate([self._probabilities, probabilities])

    def _amplified(self, new: NDArray[np.float32]) -> NDArray[np.float32]:
        """Louder, where all that is open is faint: for the detector to hear it."""
        is_open = self._samples[max(0, self._start * HOP_LENGTH - self._first_chunk * CHUNK_SAMPLES) :]
        peak = np.array([np.abs(is_open).max(initial=0)], np.float32)
        return new * (amplified(peak) / peak) if peak[0] > 0 else new

    def speech(self) -> list[Span]:
        """Where somebody speaks."""
        chunk = self._start * HOP_LENGTH // CHUNK_SAMPLES
        first = chunk * CHUNK_SAMPLES // HOP_LENGTH
        spans = (
            Span(max(first + start, self._start), min(first + end, self.end))
            for start, end in speech_spans(self._probabilities[chunk - self._first_chunk :])
        )
        return [span for span in spans if span.start < span.end]

    def next_speech(self, frame: int) -> int:
        """Where somebody speaks again, from a frame on; the end if nobody does."""
        return min((max(span.start, frame) for span in self.speech() if span.end > frame), default=self.end)

    def quietest(self, start: int, end: int) -> int:
        """The frame at which speech is least probable."""
        first, last = ((frame * HOP_LENGTH) // CHUNK_SAMPLES - self._first_chunk for frame in (start, end))
        chunk = first + int(self._probabilities[first:last].argmin())
        return int((self._first_chunk + chunk) * CHUNK_SAMPLES // HOP_LENGTH)

    def samples(self, start: int, end: int) -> NDArray[np.float32]:
        """float32, shape ((end - start) * 160,), in [-1, 1]."""
        first = start * HOP_LENGTH - self._first_chunk * CHUNK_SAMPLES
        return self._samples[first : first + (end - start) * HOP_LENGTH]

    def drop(self, until: int) -> None:
        """A segment contains what is before a frame, or nobody speaks there."""
        self._start = max(self._start, min(until, self.end))
        n_chunks = max(0, (self._start - KEPT_FRAMES) * int(HOP_LENGTH) // CHUNK_SAMPLES - self._first_chunk)
        self._first_chunk += n_chunks
        self._samples = self._samples[n_chunks * CHUNK_SAMPLES :]
        self._probabilities = self._probabilities[n_chunks:]
