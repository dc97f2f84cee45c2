"""The engine's transcripts equal those of whisper.transcribe: text, times, tokens, words, for the same options."""

import difflib
import itertools
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import whisper
from whisper.tokenizer import get_tokenizer

from localwhisper.engine import decoding
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.jobs.transcript import Window
from localwhisper.options import Options, Quality
from tests.audio.recordings import write
from tests.engine import openai_whisper
from tests.engine.control import Recorder

FILES = ["one second", "english", "spanish", "a window and more", "noise"]
OPTIONS: dict[str, dict[str, Any]] = {
    "beam": {"beam_size": 2},
    "given language": {"language": "es"},
    "prompt": {"initial_prompt": "good morning thank you"},
    "translate": {"task": "translate", "language": "es"},
    "words": {"word_timestamps": True},
    "sampled": {"temperature": 0.4, "temperature_increment_on_fallback": None},
    "sampled with fallback": {"temperature": 0.4, "temperature_increment_on_fallback": 0.3, "logprob_threshold": -0.01},
    "unconditioned": {"condition_on_previous_text": False},
    "carried prompt": {"initial_prompt": "good morning thank you", "carry_initial_prompt": True},
    "clips": {"clip_timestamps": "2.5,9,12.25,20,31"},
    "clips with words": {"clip_timestamps": "1,7.5,10", "word_timestamps": True},
}
SEARCH_OPTIONS: dict[str, dict[str, Any]] = {
    "best of": {"temperature": 0.4, "best_of": 3},
    "patience": {"beam_size": 2, "patience": 2.0},
    "length penalty": {"beam_size": 3, "length_penalty": 0.1},
    "suppressed tokens": {"suppress_tokens": "-1,257,262,11"},
    "nothing suppressed": {"suppress_tokens": "", "suppress_blank": False},
    "strict thresholds": {"compression_ratio_threshold": 0.5, "logprob_threshold": -0.01, "no_speech_threshold": 0.99},
    "no thresholds": {
        "compression_ratio_threshold": None,
        "logprob_threshold": None,
        "no_speech_threshold": None,
    },
    "punctuation": {"word_timestamps": True, "prepend_punctuations": "", "append_punctuations": "abcde"},
    "hallucinations": {"word_timestamps": True, "hallucination_silence_threshold": 0.1},
    "short texts": {"max_new_tokens": 12},
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
        theirs["temperature"] = Options(model="demo", **options).temperatures
        theirs.pop("temperature_increment_on_fallback", None)
    if "max_new_tokens" in theirs:
        theirs["sample_len"] = theirs.pop("max_new_tokens")
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


@pytest.mark.parametrize("options", SEARCH_OPTIONS.values(), ids=SEARCH_OPTIONS.keys())
def test_options_of_the_search_match_openai_whisper(
    engine: WhisperEngine, openai_model: Any, speech: dict[str, Path], options: dict[str, Any]
) -> None:
    compare(engine, openai_model, speech["english"], options)


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


# no text meets it, so that every window is decoded at every temperature
UNMET: dict[str, Any] = {"logprob_threshold": 0.0, "no_speech_threshold": 2.0}


def test_temperature_fallback_is_repeatable_and_matches_openai_whisper(
    engine: WhisperEngine, openai_model: Any, speech: dict[str, Path]
) -> None:
    expected = openai_model.transcribe(openai_whisper.read(speech["english"]), fp16=False, **UNMET)
    assert expected["segments"][0]["temperature"] == 1.0
    for _ in range(2):
        transcript = engine.transcribe(speech["english"], Options(model="demo", **UNMET), Recorder())
        assert openai_whisper.differences(expected, transcript) == []


@pytest.mark.parametrize(("end_s", "retries"), [(4, 6), (12, 5)])
def test_in_fast_quality_the_best_attempt_counts(
    engine: WhisperEngine, speech: dict[str, Path], end_s: int, retries: int
) -> None:
    """Of a few seconds all 30 are encoded before temperatures rise."""
    options = Options(model="demo", quality="fast", clip_timestamps=f"0,{end_s}")
    right = engine.transcribe(speech["a window and more"], options, Recorder())
    transcript = engine.transcribe(speech["a window and more"], replace(options, **UNMET), Recorder())
    assert (transcript.text, transcript.segments[0].temperature) == (right.text, 0.0)
    assert (transcript.segments[0].retries, right.segments[0].retries) == (retries, 0)


def test_windows_are_not_longer_than_the_chunk_length(engine: WhisperEngine, speech: dict[str, Path]) -> None:
    recorder = Recorder()
    engine.transcribe(speech["a window and more"], Options(model="demo", chunk_length=5), recorder)
    seeks = [0, *(window.after.seek for window in recorder.windows)]
    assert len(seeks) > 6
    assert all(0 < after - before <= 500 for before, after in itertools.pairwise(seeks))


def test_hot_words_and_a_carried_prompt_come_before_every_window(
    engine: WhisperEngine, speech: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts: list[list[int]] = []
    original = decoding.decoding_options

    def recorded(*arguments: Any) -> Any:
        prompts.append(list(arguments[-1]))
        return original(*arguments)

    monkeypatch.setattr(decoding, "decoding_options", recorded)
    options = {"hotwords": "Ada Lovelace", "initial_prompt": "kubectl " * 20, "carry_initial_prompt": True}
    engine.transcribe(speech["two minutes"], Options(model="demo", **options), Recorder())
    tokenizer = get_tokenizer(True)
    assert len(prompts) >= 4
    for prompt in prompts:
        assert len(prompt) <= 223
        assert tokenizer.decode(prompt).startswith(" Ada Lovelace kubectl")
    assert len({tuple(prompt) for prompt in prompts}) > 1  # with the text before, too
    prompts.clear()
    options |= {"initial_prompt": "kubectl " * 500, "hotwords": "Ada " * 500}  # each is cut so that it fits
    engine.transcribe(speech["english"], Options(model="demo", **options), Recorder())
    assert len(prompts[0]) == 223
    assert tokenizer.decode(prompts[0]).count("Ada") == tokenizer.decode(prompts[0])[:600].count("Ada") > 50
    assert tokenizer.decode(prompts[0]).endswith(" kubectl")


def test_names_and_terms_come_before_every_window_as_far_as_they_fit(
    engine: WhisperEngine, speech: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts: list[list[int]] = []
    original = decoding.decoding_options

    def recorded(*arguments: Any) -> Any:
        prompts.append(list(arguments[-1]))
        return original(*arguments)

    monkeypatch.setattr(decoding, "decoding_options", recorded)
    terms = "Ada Lovelace\ncube control => kubectl\n" + "\n".join(f"term{n}" for n in range(200))
    engine.transcribe(speech["both languages"], Options(model="demo", terms=terms), Recorder())
    tokenizer = get_tokenizer(True)
    assert len(prompts) >= 2
    for prompt in prompts:
        text = tokenizer.decode(prompt[: 223 // 2])
        assert text.startswith(" Ada Lovelace, kubectl, term0, term1, ")
        assert re.search(r"term\d+$|[^\d]$", text)  # no term is cut
        assert "cube" not in text


def test_multilingual_detects_the_language_of_every_window(
    engine: WhisperEngine, speech: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    detected: list[str] = []
    original = WhisperModel.detect_language

    def recorded(model: WhisperModel, features: Any) -> Any:
        detection = original(model, features)
        detected.append(detection.language)
        return detection

    monkeypatch.setattr(WhisperModel, "detect_language", recorded)
    recorder = Recorder()
    engine.transcribe(speech["two minutes"], Options(model="demo", language="en", multilingual=True), recorder)
    assert len(detected) >= len([window for window in recorder.windows if window.segments]) >= 4


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

    recorder = Recorder()
    path = write(tmp_path / "silence.wav", np.zeros(70 * 16000, np.int16))
    transcript = engine.transcribe(path, Options(model="demo"), recorder)
    assert (transcript.text, transcript.segments) == ("", ())
    assert recorder.windows[-1].after.seek == 7000
