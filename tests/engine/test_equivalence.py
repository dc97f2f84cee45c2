"""The engine gives what whisper.transcribe gives: text, times, tokens, words, for the same options."""

import difflib
from pathlib import Path
from typing import Any

import pytest
import whisper

from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.jobs.model import Window
from localwhisper.options import Options, Quality
from tests.engine import stock
from tests.engine.control import Recorder

FILES = ["one second", "english", "spanish", "a window and more", "speech after silence", "noise", "tone"]
OPTIONS: dict[str, dict[str, Any]] = {
    "beam": {"beam_size": 2},
    "given language": {"language": "es"},
    "prompt": {"initial_prompt": "good morning thank you"},
    "translate": {"task": "translate", "language": "es"},
    "words": {"word_timestamps": True},
    "sampled": {"temperature": 0.4},
    "unconditioned": {"condition_on_previous_text": False},
}


def compare(engine: WhisperEngine, model: whisper.model.Whisper, path: Path, options: dict[str, Any]) -> None:
    theirs = dict(options)
    if "temperature" in theirs:
        theirs["temperature"] = (theirs["temperature"],)
    expected = model.transcribe(stock.read(path), fp16=False, **theirs)
    found = engine.transcribe(path, Options(model="demo", **options), Recorder())
    assert stock.differences(stock.without_silence(expected, path), found) == []


@pytest.mark.filterwarnings("ignore:Word-level timestamps on translations:UserWarning")
@pytest.mark.parametrize("name", FILES)
def test_plain(engine: WhisperEngine, stock_model: Any, speech: dict[str, Path], name: str) -> None:
    compare(engine, stock_model, speech[name], {})


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_options(engine: WhisperEngine, stock_model: Any, speech: dict[str, Path], options: dict[str, Any]) -> None:
    compare(engine, stock_model, speech["a window and more"], options)


def test_minutes(engine: WhisperEngine, stock_model: Any, speech: dict[str, Path]) -> None:
    compare(engine, stock_model, speech["two minutes"], {"word_timestamps": True})


@pytest.mark.parametrize("quality", ["fast", "compact"])
def test_what_is_rounded_says_the_same(engine: WhisperEngine, speech: dict[str, Path], quality: Quality) -> None:
    """No word in two hundred more is wrong: on 80 words, none."""
    path = speech["a window and more"]
    exact = engine.transcribe(path, Options(model="demo"), Recorder())
    found = engine.transcribe(path, Options(model="demo", quality=quality), Recorder())
    assert len(exact.text.split()) > 60
    assert found.text.split() == exact.text.split()


def test_fallback_repeats_itself_and_equals_stock(
    engine: WhisperEngine, stock_model: Any, speech: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thresholds nothing can meet: every window goes up the whole ladder."""
    monkeypatch.setattr("localwhisper.engine.decoding.LOGPROB_THRESHOLD", 0.0)
    monkeypatch.setattr("localwhisper.engine.decoding.NO_SPEECH_THRESHOLD", 2.0)
    expected = stock_model.transcribe(
        stock.read(speech["english"]), fp16=False, logprob_threshold=0.0, no_speech_threshold=2.0
    )
    assert expected["segments"][0]["temperature"] == 1.0
    for _ in range(2):
        found = engine.transcribe(speech["english"], Options(model="demo"), Recorder())
        assert stock.differences(expected, found) == []


def test_outside_exact_the_best_attempt_counts(
    engine: WhisperEngine, speech: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = engine.transcribe(speech["english"], Options(model="demo", quality="fast"), Recorder())
    monkeypatch.setattr("localwhisper.engine.decoding.LOGPROB_THRESHOLD", 0.0)
    monkeypatch.setattr("localwhisper.engine.decoding.NO_SPEECH_THRESHOLD", 2.0)
    found = engine.transcribe(speech["english"], Options(model="demo", quality="fast"), Recorder())
    assert (found.text, found.segments[0].temperature) == (right.text, 0.0)
    assert (found.segments[0].retries, right.segments[0].retries) == (6, 0)  # all of 30 s, then up the ladder


def test_windows_side_by_side_are_the_same_in_any_company(engine: WhisperEngine, speech: dict[str, Path]) -> None:
    """Resumed at any window, others are decoded together; no window's text, times or words change."""
    options = Options(model="demo", batch="auto", word_timestamps=True)
    whole = Recorder()
    engine.transcribe(speech["two minutes"], options, whole)
    assert len(whole.windows) >= 4
    for n_done in (1, len(whole.windows) - 1):
        rest = Recorder()
        engine.transcribe(speech["two minutes"], options, rest, done=whole.windows[:n_done])
        assert list(map(said, rest.windows)) == list(map(said, whole.windows[n_done:]))


def test_windows_side_by_side_with_several_beams(engine: WhisperEngine, speech: dict[str, Path]) -> None:
    searched, greedy = (
        engine.transcribe(speech["two minutes"], Options(model="demo", batch="auto", beam_size=size), Recorder())
        for size in (2, None)
    )
    assert difflib.SequenceMatcher(None, searched.text.split(), greedy.text.split()).ratio() > 0.95


def said(window: Window) -> tuple[object, ...]:
    words = [(word.word, word.start, word.end) for segment in window.segments for word in segment.words or ()]
    return window.after, [(s.id, s.start, s.end, s.tokens) for s in window.segments], words


def test_digital_silence_is_not_decoded(engine: WhisperEngine, tmp_path: Path) -> None:
    import numpy as np

    from tests.engine.control import write_wav

    recorder = Recorder()
    path = write_wav(tmp_path / "silence.wav", np.zeros(70 * 16000, np.int16))
    found = engine.transcribe(path, Options(model="demo"), recorder)
    assert (found.text, found.segments) == ("", ())
    assert len(recorder.windows) == 3
