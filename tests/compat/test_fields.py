"""What the handlers of other products' APIs read and write in the same way."""

import json
import math
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from localwhisper.errors import InvalidOption
from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.transcript import Word
from localwhisper.options import OPTIONS, Options
from localwhisper.server.compat import openai, whisper_cpp
from localwhisper.server.compat.field_names import header_value, known_model, means_default_model
from localwhisper.server.compat.synchronous_job import temperature_option
from tests.export.results import segment, transcript


@pytest.mark.parametrize("text", [None, "", "0", "0.0", "0.00", "-0", "0e0"])
def test_a_temperature_of_zero_means_the_default(text: str | None) -> None:
    assert temperature_option(text) == {}


@pytest.mark.parametrize("text", ["0.2", "1", ".", "nan", "warm"])
def test_other_temperatures_are_passed_on(text: str) -> None:
    assert temperature_option(text) == {"temperature": text, "temperature_increment_on_fallback": "none"}


def test_a_verbose_transcript_with_nan_is_valid_json() -> None:
    word = Word(word=" a", start=0.0, end=1.0, probability=math.nan)
    odd = replace(segment(0, 0.0, 1.0, " a", (word,)), avg_logprob=-math.inf, no_speech_prob=math.nan)
    job = Job(
        id="1",
        filename="a.wav",
        audio_file="audio.wav",
        audio_duration=1.0,
        options=Options(model="demo"),
        state=JobState.COMPLETED,
        created_at=datetime(2026, 1, 1, tzinfo=timezone.utc),
    )
    bodies = [
        openai.verbose_body(job, transcript(odd), ["segment", "word"], {}),
        whisper_cpp.verbose_body(job, transcript(odd), "english"),
    ]
    for body in bodies:
        json.dumps(body, allow_nan=False)
        assert body["segments"][0]["avg_logprob"] is None


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("Systran/faster-whisper-tiny.en", "tiny.en"),
        ("openai/whisper-large-v3", "large-v3"),
        ("deepdml/faster-whisper-large-v3-turbo-ct2", "large-v3-turbo"),
        ("ggml-tiny.en.bin", "tiny.en"),
        ("ggml-base-q5_1.bin", "base"),
        ("tiny.en.pt", "tiny.en"),
        ("distil-large-v3", None),
        ("Systran/faster-distil-whisper-small.en", None),
        ("my-whisper-tiny", None),
        ("ggml-mine.bin", "ggml-mine.bin"),
    ],
)
def test_model_names_of_other_servers(name: str, ours: str | None) -> None:
    known = ["tiny.en", "base", "large-v3", "large-v3-turbo", "small.en", "ggml-mine.bin"]
    assert known_model(name, known) == ours


@pytest.mark.parametrize(
    "name", ["", "whisper-1", "whisper", "gpt-4o-transcribe-diarize", "gpt-4o-mini-transcribe-2025"]
)
def test_names_of_the_default_model(name: str) -> None:
    assert means_default_model(name)


@pytest.mark.parametrize(
    "fields",
    [
        [("timestamp_granularities[]", "word"), ("timestamp_granularities[]", "segment")],
        [("timestamp_granularities", "word"), ("timestamp_granularities", "segment")],
        [("timestamp_granularities", '["word", "segment"]')],
        [("timestamp_granularities[]", "word,segment")],
    ],
)
def test_both_forms_of_timestamp_granularities(fields: list[tuple[str, str]]) -> None:
    assert openai.timestamp_granularities(fields) == ["word", "segment"]


def test_fields_of_whisper_cpp() -> None:
    fields = {"offset_t": "5000", "duration": "3000", "max_len": "20", "split_on_word": "true", "best_of": "-1"}
    options = whisper_cpp.option_fields({**fields, "temperature_inc": "0", "no_context": "true", "prompt": "Ada"})
    assert options == {
        "language": "en",
        "task": "transcribe",
        "word_timestamps": "True",
        "condition_on_previous_text": "False",
        "initial_prompt": "Ada",
        "clip_timestamps": "5.0,8.0",
        "temperature_increment_on_fallback": "none",
    }
    for name, text in (("offset_t", "-1"), ("max_len", "x"), ("duration", "1e400")):
        with pytest.raises(InvalidOption):
            whisper_cpp.option_fields({name: text})


def test_segments_are_cut_between_words() -> None:
    words = [
        Word(word=f" {text}", start=n, end=n + 1, probability=1.0) for n, text in enumerate(["one", "two", "three"])
    ]
    cut = whisper_cpp.cut(transcript(segment(0, 0.0, 3.0, " one two three", tuple(words))), 7)
    assert [(each.id, each.text, each.start, each.end) for each in cut.segments] == [
        (0, " one two", 0, 2),
        (1, " three", 2, 3),
    ]
    assert len(whisper_cpp.cut(transcript(segment(0, 0.0, 3.0, " one two three", tuple(words))), 1).segments) == 3


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("pt-BR", "pt"),
        ("en_US", "en"),
        ("zh-TW", "zh"),
        ("zh-Hant-HK", "zh"),
        ("nb", "no"),
        ("nn-NO", "nn"),
        ("iw", "he"),
        ("fil", "tl"),
        ("eng", "en"),
        ("deu", "de"),
        ("ger", "de"),
        ("cmn", "zh"),
        ("yue", "yue"),
        ("jv", "jw"),
        ("Spanish", "es"),
        ("und", None),
        ("auto", None),
        ("AUTO", None),
    ],
)
def test_locales_and_other_codes_of_a_language(text: str, code: str | None) -> None:
    assert OPTIONS["language"].from_text(text) == code


@pytest.mark.parametrize("text", ["xx", "xx-YY", "klingon", "-", "e n"])
def test_what_is_no_language_is_refused(text: str) -> None:
    with pytest.raises(InvalidOption):
        OPTIONS["language"].from_text(text)


def test_a_header_holds_only_names() -> None:
    assert header_value(["include[]", "a\r\nb", "é", "x" * 99]) == f"ab, include[], {'x' * 60}"
