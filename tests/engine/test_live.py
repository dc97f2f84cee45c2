"""Transcribing while somebody speaks, with the bundled model: the text, and how little silence costs."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from localwhisper.engine.live_hypothesis import STEP_FRAMES
from localwhisper.engine.live_transcriber import LiveTranscriber
from localwhisper.engine.local_agreement import AgreedWords, continuation
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.errors import Stopped
from localwhisper.jobs.live import LiveText
from localwhisper.jobs.transcript import Word
from localwhisper.options import Options
from tests.engine.conftest import RATE, ROWS, samples_of
from tests.engine.control import Recorder
from tests.speech import words

TEXTS = {row["id"]: row["text"] for row in ROWS}
SECOND = np.zeros(RATE, np.int16)
OPTIONS = Options(model="demo", language="en")


@pytest.fixture
def transcriber(engine: WhisperEngine, recorder: Recorder) -> Iterator[LiveTranscriber]:
    transcriber = engine.open_live(OPTIONS, recorder)
    yield transcriber
    transcriber.close()


def updates(transcriber: LiveTranscriber, samples: NDArray[np.int16], step_s: float = 0.5) -> list[LiveText]:
    """The updates for samples that come in steps."""
    step = round(step_s * RATE)
    parts = [samples[first : first + step].astype("<i2").tobytes() for first in range(0, len(samples), step)]
    return [*(transcriber.update(part) for part in parts), transcriber.update(b"", ends=True)]


def text_of(texts: list[LiveText]) -> str:
    return "".join(segment.text for text in texts for segment in text.segments)


def test_words_come_while_they_are_spoken_and_stable_ones_stay(transcriber: LiveTranscriber) -> None:
    samples = np.concatenate([SECOND, samples_of("en-number.opus"), SECOND, SECOND, samples_of("en-greeting.opus")])
    texts = updates(transcriber, samples)
    assert words(text_of(texts)) == words(f"{TEXTS['en-number']} {TEXTS['en-greeting']}")
    final, shown = "", ""
    for text in texts:
        final += "".join(segment.text for segment in text.segments)
        now = final + "".join(word.word for word in text.stable)
        assert now.startswith(shown)
        shown = now
    first = next(i for i, text in enumerate(texts) if text.stable)
    assert first < next(i for i, text in enumerate(texts) if text.segments)
    segments = [segment for text in texts for segment in text.segments]
    assert [segment.id for segment in segments] == list(range(len(segments)))
    assert segments[0].start > 0.6  # it begins with silence
    ends = [segment.end for segment in segments]
    assert ends == sorted(ends)
    assert texts[-1].heard_s == pytest.approx(len(samples) / RATE, abs=0.04)


def test_utterances_of_any_length_are_encoded_in_few_lengths(
    transcriber: LiveTranscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each length takes memory for good."""
    lengths: list[int] = []
    encode_audio = WhisperModel.encode_audio

    def recorded(self: WhisperModel, mel: torch.Tensor, check: Callable[[], None]) -> torch.Tensor:
        lengths.append(mel.shape[-1])
        return encode_audio(self, mel, check)

    monkeypatch.setattr(WhisperModel, "encode_audio", recorded)
    updates(transcriber, np.concatenate([samples_of("en-number.opus"), samples_of("en-greeting.opus")]), 0.53)
    assert len(lengths) > 5
    assert not [length for length in lengths if length % STEP_FRAMES]


def test_silence_has_no_text_and_is_not_decoded(transcriber: LiveTranscriber, recorder: Recorder) -> None:
    before = recorder.checks
    noise = (np.random.default_rng(1).standard_normal(20 * RATE) * 300).astype(np.int16)
    texts = updates(transcriber, np.concatenate([np.zeros(20 * RATE, np.int16), noise]))
    assert text_of(texts) == ""
    assert not any(text.tentative for text in texts)
    assert recorder.checks == before


def test_what_waits_is_transcribed_at_once(engine: WhisperEngine, recorder: Recorder) -> None:
    """When the machine couldn't keep up, or a session begins late."""
    samples = np.concatenate([samples_of("en-number.opus"), SECOND, SECOND, samples_of("en-greeting.opus"), SECOND])
    transcriber = engine.open_live(replace(OPTIONS, language=None), recorder)
    texts = updates(transcriber, samples, 30.0)
    assert words(text_of(texts)) == words(f"{TEXTS['en-number']} {TEXTS['en-greeting']}")
    assert {segment.language for text in texts for segment in text.segments} == {"en"}


@pytest.mark.parametrize("step_s", [4.0, 30.0])
def test_speech_without_a_pause_is_cut(transcriber: LiveTranscriber, step_s: float) -> None:
    clip = samples_of("en-day.opus")
    samples = np.concatenate([clip[: -RATE // 4]] * 2)
    assert len(samples) > 60 * RATE
    segments = [segment for text in updates(transcriber, samples, step_s) for segment in text.segments]
    assert len(words("".join(segment.text for segment in segments))) > 1.5 * len(words(TEXTS["en-day"]))
    assert all(segment.end - segment.start < 30 for segment in segments)


def test_it_can_be_stopped(engine: WhisperEngine) -> None:
    recorder = Recorder()
    transcriber = engine.open_live(OPTIONS, recorder)
    recorder.stop_at = recorder.checks + 3
    with pytest.raises(Stopped):
        updates(transcriber, samples_of("en-number.opus"))
    transcriber.close()


def heard(*words: tuple[str, float]) -> list[Word]:
    """Words of half a second each, with these probabilities."""
    return [
        Word(word=word, start=at / 2, end=(at + 1) / 2, probability=probability)
        for at, (word, probability) in enumerate(words)
    ]


def agreed(words: AgreedWords) -> str:
    return "".join(word.word for word in words.stable)


def test_an_improbable_word_becomes_stable_later() -> None:
    hypothesis = heard((" sure", 1.0), (" doubtful", 0.5), (" sure", 1.0))
    words = AgreedWords()
    words.add(hypothesis, 2.0)
    words.add(hypothesis, 2.5)
    assert agreed(words) == " sure"
    words.add(words.tentative, 4.1)
    assert agreed(words) == " sure doubtful sure"


def test_nothing_is_added_to_a_stable_word() -> None:
    hypothesis = heard((" twenty", 1.0), ("-one", 1.0), (" days", 1.0))
    words = AgreedWords()
    words.add(hypothesis, 1.6)
    words.add(hypothesis, 1.6)
    assert agreed(words) == ""
    words.add(hypothesis, 2.1)
    assert agreed(words) == " twenty-one"


def test_in_a_pause_only_probable_words_become_stable() -> None:
    words = AgreedWords()
    words.add(heard((" sure", 0.9), (" guessed", 0.4)), 1.0)
    words.wait(9.0)
    assert agreed(words) == " sure"
    assert [word.word for word in words.tentative] == [" guessed"]


def test_words_are_continued_though_some_are_heard_otherwise() -> None:
    known = heard((" one", 1.0), (" tree", 1.0))
    for hypothesis in (
        heard((" one", 1.0), (" tree", 1.0), (" four", 1.0)),
        heard((" won", 1.0), (" three", 1.0), (" four", 1.0)),
    ):
        assert [word.word for word in continuation(known, hypothesis)] == [" four"]
