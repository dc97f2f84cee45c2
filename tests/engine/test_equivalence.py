"""The engine's transcripts equal those of whisper.transcribe: text, times, tokens, words, for the same options."""

import difflib
from pathlib import Path
from typing import Any

import pytest
import whisper

from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.jobs.transcript import Window
from localwhisper.options import Options, Quality
from tests.engine import openai_whisper
from tests.engine.control import Recorder

FILES = ["one second", "english", "spanish", "a window and more", "noise", "tone"]
OPTIONS: dict[str, dict[str, Any]] = {
    "beam": {"beam_size": 2},
    "given language": {"language": "es"},
    "prompt": {"initial_prompt": "good morning thank you"},
    "translate": {"task": "translate", "language": "es"},
    "words": {"word_timestamps": True},
    "sampled": {"temperature": 0.4},
    "unconditioned": {"condition_on_previous_text": False},
}


def compare(
    engine: WhisperEngine,
    model: whisper.model.Whisper,
    path: Path,
    options: dict[str, Any],
    language: str | None = None,
) -> None:
    """`language`: given to whisper only."""
    theirs = {**options, **({"language": language} if language else {})}
    if "temperature" in theirs:
        theirs["temperature"] = (theirs["temperature"],)
    expected = model.transcribe(openai_whisper.read(path), fp16=False, **theirs)
    transcript = engine.transcribe(path, Options(model="demo", **options), Recorder())
    assert openai_whisper.differences(openai_whisper.without_silence(expected, path), transcript) == []


@pytest.mark.filterwarnings("ignore:Word-level timestamps on translations:UserWarning")
@pytest.mark.parametrize("name", FILES)
def test_default_options_match_openai_whisper(
    engine: WhisperEngine, openai_model: Any, speech: dict[str, Path], name: str
) -> None:
    compare(engine, openai_model, speech[name], {})


def test_speech_after_silence_matches_openai_whisper_told_the_language(
    engine: WhisperEngine, openai_model: Any, speech: dict[str, Path]
) -> None:
    """By itself, whisper detects the language of the silence."""
    compare(engine, openai_model, speech["speech after silence"], {}, language="es")


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_other_options_match_openai_whisper(
    engine: WhisperEngine, openai_model: Any, speech: dict[str, Path], options: dict[str, Any]
) -> None:
    compare(engine, openai_model, speech["a window and more"], options)


def test_several_windows_with_word_times_match_openai_whisper(
    engine: WhisperEngine, openai_model: Any, speech: dict[str, Path]
) -> None:
    compare(engine, openai_model, speech["two minutes"], {"word_timestamps": True})


@pytest.mark.parametrize("quality", ["fast", "compact"])
def test_rounded_weights_give_the_same_words(engine: WhisperEngine, speech: dict[str, Path], quality: Quality) -> None:
    """At most one word in two hundred may differ: of these 80 words, none."""
    path = speech["a window and more"]
    exact = engine.transcribe(path, Options(model="demo"), Recorder())
    transcript = engine.transcribe(path, Options(model="demo", quality=quality), Recorder())
    assert len(exact.text.split()) > 60
    assert transcript.text.split() == exact.text.split()


def test_temperature_fallback_is_repeatable_and_matches_openai_whisper(
    engine: WhisperEngine, openai_model: Any, speech: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thresholds that no text meets: every window is decoded at every temperature."""
    monkeypatch.setattr("localwhisper.engine.decoding.LOGPROB_THRESHOLD", 0.0)
    monkeypatch.setattr("localwhisper.engine.decoding.NO_SPEECH_THRESHOLD", 2.0)
    expected = openai_model.transcribe(
        openai_whisper.read(speech["english"]), fp16=False, logprob_threshold=0.0, no_speech_threshold=2.0
    )
    assert expected["segments"][0]["temperature"] == 1.0
    for _ in range(2):
        transcript = engine.transcribe(speech["english"], Options(model="demo"), Recorder())
        assert openai_whisper.differences(expected, transcript) == []


def test_in_fast_quality_the_best_attempt_counts(
    engine: WhisperEngine, speech: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = engine.transcribe(speech["english"], Options(model="demo", quality="fast"), Recorder())
    monkeypatch.setattr("localwhisper.engine.decoding.LOGPROB_THRESHOLD", 0.0)
    monkeypatch.setattr("localwhisper.engine.decoding.NO_SPEECH_THRESHOLD", 2.0)
    transcript = engine.transcribe(speech["english"], Options(model="demo", quality="fast"), Recorder())
    assert (transcript.text, transcript.segments[0].temperature) == (right.text, 0.0)
    assert (transcript.segments[0].retries, right.segments[0].retries) == (
        6,
        0,
    )  # all 30 s, then higher temperatures


def test_a_windows_text_does_not_depend_on_the_batch(engine: WhisperEngine, speech: dict[str, Path]) -> None:
    """Resuming at another window batches other windows together: no text, time or word changes."""
    options = Options(model="demo", batch="auto", word_timestamps=True)
    whole = Recorder()
    engine.transcribe(speech["two minutes"], options, whole)
    assert len(whole.windows) >= 4
    for n_done in (1, len(whole.windows) - 1):
        rest = Recorder()
        engine.transcribe(speech["two minutes"], options, rest, done=whole.windows[:n_done])
        assert list(map(content, rest.windows)) == list(map(content, whole.windows[n_done:]))


def test_batched_windows_with_beam_search(engine: WhisperEngine, speech: dict[str, Path]) -> None:
    searched, greedy = (
        engine.transcribe(speech["two minutes"], Options(model="demo", batch="auto", beam_size=size), Recorder())
        for size in (2, None)
    )
    assert difflib.SequenceMatcher(None, searched.text.split(), greedy.text.split()).ratio() > 0.95


def content(window: Window) -> tuple[object, ...]:
    words = [(word.word, word.start, word.end) for segment in window.segments for word in segment.words or ()]
    return window.after, [(s.id, s.start, s.end, s.tokens) for s in window.segments], words


def test_zeros_are_not_decoded(engine: WhisperEngine, tmp_path: Path) -> None:
    import numpy as np

    from tests.engine.control import write_wav

    recorder = Recorder()
    path = write_wav(tmp_path / "silence.wav", np.zeros(70 * 16000, np.int16))
    transcript = engine.transcribe(path, Options(model="demo"), recorder)
    assert (transcript.text, transcript.segments) == ("", ())
    assert len(recorder.windows) == 3
