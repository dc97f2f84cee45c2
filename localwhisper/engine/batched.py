"""Windows of one recording decoded together: each stands alone, so that several take their tokens in one pass.

They are cut in pauses, silence between them is left out, and none is conditioned on the text before it. One that
the model leaves before its end is gone on with, as whisper goes on, in the next pass. Where nobody pauses a window ends
with the model's last whole segment, as whisper's do, and the next begins there: those can't be decoded together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from whisper.audio import FRAMES_PER_SECOND, N_FRAMES

from localwhisper.engine import segmentation
from localwhisper.engine.decoding import Decoded, is_silence
from localwhisper.engine.model.cross_kv import CrossKeysValues, select_windows
from localwhisper.engine.sequential import Part, Run, initial_prompt
from localwhisper.engine.system_memory import available_bytes
from localwhisper.jobs.model import Position, Segment, Window

FIRST_WIDTH, MOST_WIDTH = 2, 8  # the first text comes soon, then more at once
SHARE_OF_MEMORY, MOST_BYTES = 0.25, 1 << 29  # of what is available: for what the decoder reads of the audio
LEAST_LEFT_FRAMES = 100  # less than a second behind the last whole segment isn't decoded again


@dataclass
class Chunk:
    """A window from pause to pause, frames of 10 ms."""

    seek: int  # what is still to be decoded of it
    end: int
    is_open: bool  # there is no pause: it ends where the model says
    last_speech_s: float
    found: list[tuple[list[segmentation.Draft], Decoded]] = field(default_factory=list)


class SideBySide(Run):
    """Run with several windows at once; what it hands over doesn't depend on how many."""

    _width = FIRST_WIDTH

    def _next(self) -> Iterator[Window]:
        chunks = self._chunks(min(self._width, self._most()))
        self._width = min(2 * self._width, MOST_WIDTH)
        if not chunks:
            yield self._nothing(self.recording.n_frames)
            return
        left = chunks
        while left:
            self._pass(left)
            left = [chunk for chunk in left if chunk.end - chunk.seek >= LEAST_LEFT_FRAMES]
        for chunk in chunks:
            after = Position(seek=chunk.end, language=self.language, last_speech_s=chunk.end / FRAMES_PER_SECOND)
            yield Window(segments=self._segments(chunk), after=after)

    def _chunks(self, n: int) -> list[Chunk]:
        """The next `n`, or what there is up to one whose end is only known once it is decoded."""
        made: list[Chunk] = []
        start = self.speech.begins(self.position.seek)
        while start is not None and start < self.recording.n_frames and len(made) < n:
            pause = self.speech.pause(start)
            end = start + N_FRAMES if pause is None else pause
            if not self._is_empty(start, end - start):
                made.append(Chunk(start, end, pause is None, start / FRAMES_PER_SECOND))
                if pause is None:
                    break
            start = self.speech.begins(end)
        return made

    def _most(self) -> int:
        """As many as memory allows: keys and values of a window's audio and of its text."""
        dims = self.model.dims
        floats = 2 * dims.n_text_layer * dims.n_text_state * (dims.n_audio_ctx + dims.n_text_ctx)
        budget = min(MOST_BYTES, SHARE_OF_MEMORY * available_bytes(self.model.device.type))
        return max(1, int(budget // (4 * floats)))

    def _pass(self, chunks: Sequence[Chunk]) -> None:
        """Decode what is left of each; all move on."""
        self.cores.take_share()
        prompt = initial_prompt(self.options, self.tokenizer, self.model)
        found, cross = self._decoded([Part(chunk.seek, chunk.end - chunk.seek) for chunk in chunks], prompt)
        for place, (chunk, decoded) in enumerate(zip(chunks, found, strict=True)):
            self._take(chunk, decoded, select_windows(cross, [place]))

    def _take(self, chunk: Chunk, decoded: Decoded, cross: CrossKeysValues) -> None:
        size = chunk.end - chunk.seek
        if is_silence(decoded.result):
            chunk.seek = chunk.end
            return
        cut = segmentation.cut(decoded.result, self.tokenizer, seek=chunk.seek, size=size)
        after, chunk.last_speech_s = self._timed(cut, cross, chunk.seek, size, chunk.last_speech_s)
        chunk.found.append((cut.drafts, decoded))
        if chunk.is_open and after > chunk.seek:
            chunk.end = after
        chunk.seek = after if after > chunk.seek else chunk.end

    def _segments(self, chunk: Chunk) -> tuple[Segment, ...]:
        made: list[Segment] = []
        for drafts, decoded in chunk.found:
            made += segmentation.segments(
                drafts, decoded, first_id=self.n_segments + len(made), with_words=self.options.word_timestamps
            )
        return tuple(made)
