"""What the handlers of other products' APIs read and write in the same way."""

import json
import math
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.transcript import Word
from localwhisper.options import Options
from localwhisper.server.compat import openai, whisper_cpp
from localwhisper.server.compat.synchronous_job import temperature_option
from tests.export.results import segment, transcript


@pytest.mark.parametrize("text", [None, "", "0", "0.0", "0.00", "-0", "0e0"])
def test_a_temperature_of_zero_means_the_default(text: str | None) -> None:
    assert temperature_option(text) == {}


@pytest.mark.parametrize("text", ["0.2", "1", ".", "nan", "warm"])
def test_other_temperatures_are_passed_on(text: str) -> None:
    assert temperature_option(text) == {"temperature": text}


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
