"""A fake engine that decodes one window each time the test tells it to."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from localwhisper.engine.base import Control
from localwhisper.jobs.live import LiveSegment, LiveText
from localwhisper.jobs.suspicion import Footprint
from localwhisper.jobs.transcript import (
    Detection,
    Diarization,
    Position,
    Segment,
    Transcript,
    Turn,
    Window,
    Word,
    segments_of,
)
from localwhisper.jobs.word_times import spread_words
from localwhisper.messages import Message
from localwhisper.options import Options
from tests.speech_sink import FirstSecond

WINDOW_S = 1.0
CHECK_EVERY_S = 0.01
VOICE = 0.987654321  # in voiceprints


def segment(number: int) -> Segment:
    return Segment(
        id=number,
        start=number * WINDOW_S,
        end=(number + 1) * WINDOW_S,
        text=f" part {number}",
        seek=round(number * WINDOW_S * 100),
        tokens=(50364, 11, 50414),
        avg_logprob=-0.25,
        no_speech_prob=0.01,
        compression_ratio=1.1,
        temperature=0.0,
    )


def window(number: int) -> Window:
    after = Position(seek=round((number + 1) * WINDOW_S * 100), language="en", prompt=(11,) * number)
    return Window(segments=(segment(number),), after=after)


class SecondsTranscriber:
    """A LiveTranscriber that hears one word a second, which is stable a second later; three are an utterance."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._n_bytes = 0
        self._n_final = 0  # words in segments
        self._n_segments = 0
        self.is_closed = False

    def update(self, pcm: bytes, *, ends: bool = False) -> LiveText:
        self._control.check()
        self._n_bytes += len(pcm)
        heard_s = self._n_bytes / 32_000
        segments: list[LiveSegment] = []
        while (n_open := int(heard_s) - self._n_final) >= 3 or (ends and n_open):
            segments.append(self._segment(min(3, n_open)))
        rest = self._words(int(heard_s))
        return LiveText(segments=tuple(segments), stable=rest[:-1], tentative=rest[-1:], heard_s=heard_s, language="en")

    def _words(self, end: int) -> tuple[Word, ...]:
        numbers = range(self._n_final, end)
        return tuple(Word(word=f" w{number}", start=number, end=number + 1, probability=0.9) for number in numbers)

    def _segment(self, n_words: int) -> LiveSegment:
        words = self._words(self._n_final + n_words)
        self._n_final += n_words
        self._n_segments += 1
        return LiveSegment(
            id=self._n_segments - 1,
            start=words[0].start,
            end=words[-1].end,
            text="".join(word.word for word in words),
            words=words,
            language="en",
        )

    def close(self) -> None:
        self.is_closed = True


class StepEngine:
    """Each job has `n_windows` windows. `step()` lets some worker decode one window, `release()` lets all continue."""

    def __init__(self, n_windows: int = 3) -> None:
        self.n_windows = n_windows
        self.ignores_stop = False  # True: the worker never notices a stop request
        self.started: list[str] = []  # job ids, in the order of their start
        self.searched: list[str] = []  # ids of the jobs whose speakers are searched for, in the order of the starts
        self.n_waits = 0  # how often a worker has begun to wait for a step
        self.decoded: list[tuple[str, int]] = []  # (job id, window number), in order
        self.fails_with: BaseException | None = None
        self.live: list[SecondsTranscriber] = []
        self.running = 0
        self.max_running = 0
        self._steps = threading.Semaphore(0)
        self._is_released = threading.Event()
        self._lock = threading.Lock()

    def step(self, n: int = 1) -> None:
        self._steps.release(n)

    def release(self) -> None:
        self._is_released.set()

    def transcribe(
        self,
        audio: Path,
        options: Options,
        control: Control,
        *,
        done: Sequence[Window] = (),
        footprint: Footprint = Footprint.USUAL,
    ) -> Transcript:
        with self._lock:
            self.started.append(audio.parent.name)
            self.running += 1
            self.max_running = max(self.max_running, self.running)
        try:
            return self._transcribe(audio, control, list(done))
        finally:
            with self._lock:
                self.running -= 1

    def _transcribe(self, audio: Path, control: Control, windows: list[Window]) -> Transcript:
        for number in range(len(windows), self.n_windows):
            control.progress(
                number * WINDOW_S,
                Message("processing_segment", {"current": number + 1, "total": self.n_windows}),
            )
            self._wait(control)
            if self.fails_with is not None:
                raise self.fails_with
            windows.append(window(number))
            with self._lock:
                self.decoded.append((audio.parent.name, number))
            control.window(windows[-1])
        segments = segments_of(windows)
        text = "".join(segment.text for segment in segments)
        return Transcript(text=text, language="en", segments=segments, processing_time=0.5)

    def _wait(self, control: Control) -> None:
        with self._lock:
            self.n_waits += 1
        while not self._is_released.is_set():
            if not self.ignores_stop:
                control.check()
            if self._steps.acquire(timeout=CHECK_EVERY_S):
                return
        control.check()

    def open_live(self, options: Options, control: Control) -> SecondsTranscriber:
        control.progress(0.0, Message("loading_model", {"model": options.model}))
        if self.fails_with is not None:
            raise self.fails_with
        self.live.append(SecondsTranscriber(control))
        return self.live[-1]

    def detect_language(self, audio: Path, model: str, control: Control) -> Detection:
        return Detection(language="es", probability=0.75)

    def align(
        self, audio: Path, options: Options, language: str, segments: Sequence[Segment], control: Control
    ) -> tuple[Segment, ...]:
        return tuple(replace(each, words=spread_words(each)) for each in segments)

    def find_speakers(self, audio: Path, options: Options, control: Control) -> Diarization:
        """Waits for a step, then finds two people, who change after each window."""
        with self._lock:
            self.searched.append(audio.parent.name)
        control.progress(0.0, Message("finding_speakers", {"percent": 0}))
        self._wait(control)
        if self.fails_with is not None:
            raise self.fails_with
        least, _ = options.speaker_bounds
        turns = (
            Turn(start=number * WINDOW_S, end=(number + 1) * WINDOW_S, speaker=f"S{number % max(least, 2) + 1}")
            for number in range(self.n_windows)
        )
        return Diarization(turns=tuple(turns))

    def voiceprints(
        self, audio: Path, spans: Mapping[str, Sequence[tuple[float, float]]], options: Options, control: Control
    ) -> dict[str, tuple[float, ...]]:
        """Each speaker has the same voice in all recordings."""
        control.check()
        return {each: tuple(VOICE * (each == f"S{number}") for number in range(1, 5)) for each in spans}

    def speech_sink(self) -> FirstSecond:
        return FirstSecond()

    def model_bytes(self) -> dict[str, int]:
        return {}

    def close(self) -> None:
        pass
