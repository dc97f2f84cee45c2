"""Transcribes a recording while it is being made: hypotheses of what is being said, and what was said.

An utterance ends with a pause, or after its best place to cut when it is long. silero.py hears the pauses.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from whisper.audio import FRAMES_PER_SECOND, HOP_LENGTH

from localwhisper.engine.audio_window import Span
from localwhisper.engine.base import Control
from localwhisper.engine.live_hypothesis import Hypothesis, HypothesisDecoder
from localwhisper.engine.local_agreement import AgreedWords, continuation
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.model_cache import ModelCache
from localwhisper.engine.silero import CHUNK_SAMPLES, SileroStream, SileroVad
from localwhisper.engine.threads import CoreBudget, use_one_thread
from localwhisper.engine.vad import amplified, speech_spans
from localwhisper.errors import ModelCannotTranslate
from localwhisper.jobs.live import LiveSegment, LiveText
from localwhisper.jobs.transcript import Word
from localwhisper.options import Options

# Frames of 10 ms.
END_PAUSE_FRAMES = 100  # ends an utterance
LEAD_FRAMES, TRAIL_FRAMES = 50, 50  # decoded before and after it
MIN_SPEECH_FRAMES = 10  # less is no word
MIN_NEW_FRAMES = 50  # between two hypotheses
SETTLE_FRAMES = 30  # of a pause: a hypothesis that has heard so much of it has all words
LONG_FRAMES, MAX_FRAMES = 1500, 2700  # an utterance is cut where it suits; at once
MIN_CUT_S, MIN_CUT_SCORE = 5.0, 0.3  # the least of an utterance before a cut, and what suits: see _cut_score()
SURE_FRAMES = 300  # of speech from which the language is detected for good
PROMPT_CHARS = 400


class LiveTranscriber:
    """The engine's part of one recording. Threading: one thread at a time."""

    def __init__(
        self,
        model: WhisperModel,
        detector: SileroVad,
        options: Options,
        cores: CoreBudget,
        check: Callable[[], None],
        resources: ExitStack,
    ) -> None:
        """`resources`: closed with this object."""
        self._decoder = HypothesisDecoder(model, options, check)
        self._options = options
        self._cores = cores
        self._resources = resources
        self._audio = OpenAudio(SileroStream(detector))
        self._words = AgreedWords()
        self._language = options.language
        self._is_sure_of_language = options.language is not None
        self._prompt = options.initial_prompt or ""
        self._n_segments = 0
        self._decoded_to = 0  # frame of the recording up to which the last hypothesis has heard

    def update(self, pcm: bytes, *, ends: bool = False) -> LiveText:
        """See base.LiveTranscriber.

        Decodes the utterances that have ended, and the one that goes on if enough is new. Raises what `check` raises.
        """
        with self._working():
            self._audio.append(pcm)
            segments: list[LiveSegment] = []
            while (utterance := self._next_utterance(ends=ends)) is not None:
                span, has_ended = utterance
                if not has_ended:
                    self._hypothesize(span)
                    segments += self._cut(span)
                    break
                segments += self._finish(span)
            return LiveText(
                segments=tuple(segments),
                stable=self._words.stable,
                tentative=self._words.tentative,
                heard_s=self._audio.end / FRAMES_PER_SECOND,
                language=self._language,
            )

    def close(self) -> None:
        """Give back the model."""
        self._resources.close()

    @contextmanager
    def _working(self) -> Iterator[None]:
        use_one_thread()
        with torch.inference_mode(), self._cores.urgent():
            yield

    def _next_utterance(self, *, ends: bool) -> tuple[Span, bool] | None:
        """The first utterance of what no segment contains, and whether it has ended. None: there is no speech."""
        audio = self._audio
        spans = audio.speech()
        if not spans:
            if not self._words.stable:
                audio.drop(audio.end - LEAD_FRAMES)
                return None
            return Span(audio.start, audio.start), True  # after a cut: nothing is said after its last words
        for span, following in zip(spans, [*spans[1:], None], strict=True):
            next_start = audio.end if following is None else following.start
            if next_start - span.end >= END_PAUSE_FRAMES:
                return Span(spans[0].start, span.end), True
        utterance = Span(spans[0].start, spans[-1].end)
        if utterance.end - utterance.start >= MAX_FRAMES and not self._places_to_cut(utterance):
            latest = utterance.start + MAX_FRAMES
            return Span(utterance.start, audio.quietest(latest - MAX_FRAMES // 3, latest)), True
        return utterance, ends

    def _hypothesize(self, utterance: Span) -> None:
        """Decode the utterance that goes on, if enough of it is new."""
        end = self._audio.end
        if end - self._decoded_to < MIN_NEW_FRAMES or self._decoded_to >= utterance.end + SETTLE_FRAMES:
            return
        hypothesis = self._decode(utterance.start, end)
        if hypothesis.is_silence or not hypothesis.is_good:
            return
        if not self._is_sure_of_language:
            self._language = hypothesis.language
            self._is_sure_of_language = utterance.end - utterance.start >= SURE_FRAMES
        if self._is_sure_of_language:
            self._words.add(continuation(self._words.stable, hypothesis.words), end / FRAMES_PER_SECOND)
        else:
            self._words.tentative = hypothesis.words

    def _finish(self, utterance: Span) -> list[LiveSegment]:
        """Decode an utterance that has ended."""
        following = self._audio.next_speech(utterance.end)
        end = min(utterance.end + TRAIL_FRAMES, following)
        words: tuple[Word, ...] = ()
        if utterance.end - utterance.start >= MIN_SPEECH_FRAMES:
            hypothesis = self._decode(utterance.start, end)
            if not hypothesis.is_good and self._prompt:
                hypothesis = self._decode(utterance.start, end, with_prompt=False)
            if hypothesis.is_good and not hypothesis.is_silence:
                words = continuation(self._words.stable, hypothesis.words)
            elif self._words.stable:
                words = self._words.tentative
            if self._language is None or not self._is_sure_of_language:
                self._language = hypothesis.language
                self._is_sure_of_language = bool(words)
        words = self._words.finish(words)
        self._words = AgreedWords()
        self._audio.drop(min(utterance.end + END_PAUSE_FRAMES // 2, following))
        if self._options.multilingual:
            self._is_sure_of_language = False
        return self._segment(words)

    def _cut(self, utterance: Span) -> list[LiveSegment]:
        """Make the first part of a long utterance final."""
        n_frames = self._audio.end - utterance.start
        stable, places = self._words.stable, self._places_to_cut(utterance)
        if n_frames < LONG_FRAMES or not places:
            return []
        place = max(places, key=lambda number: _cut_score(stable[number - 1], stable[number]))
        before, after = stable[place - 1], stable[place]
        if n_frames < MAX_FRAMES and _cut_score(before, after) < MIN_CUT_SCORE:
            return []
        tentative = self._words.tentative
        self._words = AgreedWords(stable[place:])
        self._words.tentative = tentative
        self._audio.drop(round((before.end + after.start) / 2 * FRAMES_PER_SECOND))
        return self._segment(stable[:place])

    def _places_to_cut(self, utterance: Span) -> list[int]:
        """The numbers of the stable words before which a long utterance may be cut."""
        stable, earliest_s = self._words.stable, utterance.start / FRAMES_PER_SECOND + MIN_CUT_S
        return [number for number in range(1, len(stable)) if stable[number - 1].end >= earliest_s]

    def _decode(self, start: int, end: int, *, with_prompt: bool = True) -> Hypothesis:
        first = max(start - LEAD_FRAMES, self._audio.start)
        language = self._language if self._is_sure_of_language else self._options.language
        self._decoded_to = end
        return self._decoder.decode(
            self._audio.samples(first, end),
            first / FRAMES_PER_SECOND,
            self._prompt if with_prompt else "",
            language,
        )

    def _segment(self, words: tuple[Word, ...]) -> list[LiveSegment]:
        text = "".join(word.word for word in words)
        if not text.strip():
            return []
        if self._options.condition_on_previous_text:
            self._prompt = (self._prompt + text)[-PROMPT_CHARS:]
        self._n_segments += 1
        return [
            LiveSegment(
                id=self._n_segments - 1,
                start=words[0].start,
                end=words[-1].end,
                text=text,
                words=words,
                language=self._language or "en",
            )
        ]


def _cut_score(before: Word, after: Word) -> float:
    """How well an utterance can be cut between two words: in a long pause, and between sentences."""
    mark = before.word.strip()[-1:]
    bonus = 1.0 if mark in ".!?。！？" else 0.25 if mark in ",;:、，" else 0.0
    return bonus + min(max(after.start - before.end, 0.0), 1.0)


class OpenAudio:
    """The samples that no segment contains, and the speech in them. Positions are frames of the recording."""

    def __init__(self, stream: SileroStream) -> None:
        self._stream = stream
        self._first_chunk = 0
        self._start = 0  # frame
        self._samples = np.empty(0, np.float32)  # from the first chunk on, whole chunks
        self._probabilities = np.empty(0, np.float32)
        self._rest = np.empty(0, np.float32)  # less than a chunk

    @property
    def start(self) -> int:
        return self._start

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
        peak = np.array([np.abs(self._samples).max(initial=0)], np.float32)
        return new * (amplified(peak) / peak) if peak[0] > 0 else new

    def speech(self) -> list[Span]:
        """Where somebody speaks."""
        first = self._first_chunk * CHUNK_SAMPLES // HOP_LENGTH
        spans = (
            Span(max(first + start, self._start), min(first + end, self.end))
            for start, end in speech_spans(self._probabilities)
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
        """Forget what is before a frame."""
        self._start = max(self._start, min(until, self.end))
        n_chunks = self._start * HOP_LENGTH // CHUNK_SAMPLES - self._first_chunk
        self._first_chunk += n_chunks
        self._samples = self._samples[n_chunks * CHUNK_SAMPLES :]
        self._probabilities = self._probabilities[n_chunks:]


def open_live(models: ModelCache, detector: SileroVad, options: Options, control: Control) -> LiveTranscriber:
    """Load the model, computed as quality "fast" does. Raises what loading raises."""
    with ExitStack() as stack:
        model = stack.enter_context(models.lease(options.model, "fast", control))
        if options.task == "translate" and not model.is_multilingual:
            raise ModelCannotTranslate(model=options.model)
        return LiveTranscriber(model, detector, options, models.cores, control.check, stack.pop_all())
