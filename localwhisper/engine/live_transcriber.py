"""Transcribes a recording while it is being made: hypotheses of what is being said, and what was said.

An utterance ends with a pause, or after its best place to cut when it is long. silero.py hears the pauses.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import torch
from whisper.audio import FRAMES_PER_SECOND

from localwhisper.engine.audio_window import Span
from localwhisper.engine.base import Control
from localwhisper.engine.live_hypothesis import Hypothesis, HypothesisDecoder
from localwhisper.engine.local_agreement import PROBABLE, AgreedWords, continuation
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.model_cache import ModelCache
from localwhisper.engine.open_audio import OpenAudio
from localwhisper.engine.silero import SileroStream, SileroVad
from localwhisper.engine.threads import CoreBudget, use_one_thread
from localwhisper.errors import ModelCannotTranslate
from localwhisper.jobs.live import LiveSegment, LiveText
from localwhisper.jobs.transcript import Word
from localwhisper.options import Options

# Frames of 10 ms.
END_PAUSE_FRAMES = 100  # ends an utterance that was understood
LONG_PAUSE_FRAMES = 300  # ends any
LEAD_FRAMES, TRAIL_FRAMES = 50, 50  # decoded before and after it
MIN_SPEECH_FRAMES = 10  # less is no word
MIN_NEW_FRAMES = 50  # between two hypotheses
SETTLE_FRAMES = 60  # of a pause: a hypothesis that has heard so much of it has all words
LONG_FRAMES, MAX_FRAMES = 1500, 2700  # an utterance is cut where it suits; at once
MIN_CUT_S, MIN_CUT_SCORE = 5.0, 0.3  # the least of an utterance before a cut, and what suits: see _cut_score()
SURE_FRAMES = 300  # of speech from which the language is detected for good
PROMPT_CHARS = 400
# What was said before is decoded with an utterance, as far as a window of this length has room; not what lies before a
# longer pause.
WINDOW_FRAMES, CONTEXT_PAUSE_FRAMES = 1200, 300
CUT_SHORT_FRAMES = 150  # speech after the last word of a hypothesis that ends too early


@dataclass(frozen=True)
class Said:
    """What a segment contains."""

    start: int  # frame
    end: int
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return "".join(word.word for word in self.words)


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
        self._prompt = "" if options.carry_initial_prompt else options.initial_prompt or ""
        self._said: list[Said] = []  # of which the samples are kept
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
                    is_new = self._hypothesize(span)
                    segments += self._cut(span)
                    if is_new and self._has_settled(span.end):
                        continue
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
        is_settled = self._has_settled(spans[-1].end) or not self._is_sure_of_language
        end_pause = END_PAUSE_FRAMES if is_settled else LONG_PAUSE_FRAMES
        for span, following in zip(spans, [*spans[1:], None], strict=True):
            pause = (audio.end if following is None else following.start) - span.end
            if pause >= (end_pause if following is None else LONG_PAUSE_FRAMES):
                return Span(spans[0].start, span.end), True
        utterance = Span(spans[0].start, spans[-1].end)
        if utterance.end - utterance.start >= MAX_FRAMES and not self._places_to_cut(utterance):
            latest = utterance.start + MAX_FRAMES
            return Span(utterance.start, audio.quietest(latest - MAX_FRAMES // 3, latest)), True
        return utterance, ends

    def _hypothesize(self, utterance: Span) -> bool:
        """Decode the utterance that goes on, if enough of it is new; return whether it was."""
        end = self._audio.end
        if self._decoded_to >= utterance.end + SETTLE_FRAMES:
            if self._is_sure_of_language:
                self._words.wait(end / FRAMES_PER_SECOND)
            return False
        if end - self._decoded_to < MIN_NEW_FRAMES:
            return False
        hypothesis = self._decode(utterance, end)
        if hypothesis.is_silence or not hypothesis.is_good:
            return True
        if not self._is_sure_of_language:
            self._language = hypothesis.language
            self._is_sure_of_language = utterance.end - utterance.start >= SURE_FRAMES
        if self._is_sure_of_language:
            self._words.add(hypothesis.words, end / FRAMES_PER_SECOND)
        else:
            self._words.tentative = hypothesis.words
        return True

    def _has_settled(self, end: int) -> bool:
        """Whether the last hypothesis has heard an utterance that ends there to its end, and understood it."""
        is_heard = bool(self._words.stable or self._words.tentative) and self._decoded_to >= end + SETTLE_FRAMES
        return is_heard and all(word.probability >= PROBABLE for word in self._words.tentative)

    def _finish(self, utterance: Span) -> list[LiveSegment]:
        """Decode an utterance that has ended."""
        following = self._audio.next_speech(utterance.end)
        end = min(utterance.end + TRAIL_FRAMES, following)
        words = self._words.tentative
        if utterance.end - utterance.start < MIN_SPEECH_FRAMES:
            words = ()
        elif not self._has_settled(utterance.end):
            hypothesis = self._decode(utterance, end)
            if hypothesis.is_good and not hypothesis.is_silence:
                words = hypothesis.words
            if not self._is_sure_of_language:
                self._language = hypothesis.language
        self._is_sure_of_language = self._is_sure_of_language or bool(words)
        words = self._words.finish(words)
        self._words = AgreedWords()
        self._audio.drop(min(utterance.end + END_PAUSE_FRAMES // 2, following))
        if self._options.multilingual:
            self._is_sure_of_language = False
        return self._segment(words, utterance)

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
        end = round((before.end + after.start) / 2 * FRAMES_PER_SECOND)
        self._audio.drop(end)
        return self._segment(stable[:place], Span(utterance.start, end))

    def _places_to_cut(self, utterance: Span) -> list[int]:
        """The numbers of the stable words before which a long utterance may be cut."""
        stable, earliest_s = self._words.stable, utterance.start / FRAMES_PER_SECOND + MIN_CUT_S
        return [number for number in range(1, len(stable)) if stable[number - 1].end >= earliest_s]

    def _decode(self, utterance: Span, end: int) -> Hypothesis:
        """The words after the stable ones. Decoded again without what was said before where that isn't good."""
        self._decoded_to = end
        hypothesis = self._decode_after(self._context(utterance.start, end), utterance, end)
        if self._said and (not hypothesis.is_good or self._is_cut_short(hypothesis, utterance)):
            self._prompt, self._said = "", []
            hypothesis = self._decode_after([], utterance, end)
        return hypothesis

    def _decode_after(self, context: Sequence[Said], utterance: Span, end: int) -> Hypothesis:
        first = max(utterance.start - LEAD_FRAMES, self._audio.start)
        if context:
            first = max(context[0].start - LEAD_FRAMES, self._audio.kept_from)
        before = "".join(said.text for said in self._said[: len(self._said) - len(context)])
        hypothesis = self._decoder.decode(
            self._audio.samples(first, end),
            first / FRAMES_PER_SECOND,
            (self._prompt + before)[-PROMPT_CHARS:],
            self._language if self._is_sure_of_language else self._options.language,
        )
        known = [*(word for said in context for word in said.words), *self._words.stable]
        return replace(hypothesis, words=continuation(known, hypothesis.words))

    def _context(self, start: int, end: int) -> Sequence[Said]:
        """The last segments that are decoded with an utterance."""
        first = len(self._said)
        if self._options.multilingual or not self._is_sure_of_language:
            return []
        for number in reversed(range(len(self._said))):
            said = self._said[number]
            if end - said.start > WINDOW_FRAMES:
                break
            following = start if number + 1 == len(self._said) else self._said[number + 1].start
            if following - said.end > CONTEXT_PAUSE_FRAMES or said.start < self._audio.kept_from:
                break
            first = number
        return self._said[first:]

    def _is_cut_short(self, hypothesis: Hypothesis, utterance: Span) -> bool:
        words = hypothesis.words or self._words.stable
        end = round(words[-1].end * FRAMES_PER_SECOND) if words else utterance.start
        return utterance.end - end > CUT_SHORT_FRAMES

    def _segment(self, words: tuple[Word, ...], span: Span) -> list[LiveSegment]:
        text = "".join(word.word for word in words)
        if not text.strip():
            return []
        if self._options.condition_on_previous_text:
            self._said.append(Said(span.start, span.end, words))
            while self._said and self._said[0].start < self._audio.kept_from:
                self._prompt = (self._prompt + self._said.pop(0).text)[-PROMPT_CHARS:]
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


def open_live(models: ModelCache, detector: SileroVad, options: Options, control: Control) -> LiveTranscriber:
    """Load the model, computed as quality "fast" does. Raises what loading raises."""
    with ExitStack() as stack:
        model = stack.enter_context(models.lease(options.model, "fast", control))
        if options.task == "translate" and not model.is_multilingual:
            raise ModelCannotTranslate(model=options.model)
        return LiveTranscriber(model, detector, options, models.cores, control.check, stack.pop_all())
