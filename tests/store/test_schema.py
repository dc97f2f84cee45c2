"""Records: every field is stored, invalid data is rejected, older formats are migrated."""

import dataclasses
import json
import math
from typing import Any

import pytest

from localwhisper.errors import StoreTooNew
from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.transcript import Segment, Word
from localwhisper.messages import Message
from localwhisper.options import Options
from localwhisper.store import schema
from tests.store import samples


def record(**changes: Any) -> bytes:
    return json.dumps({**json.loads(schema.dump_job(samples.job())), **changes}).encode()


def test_every_field_of_a_job_is_stored() -> None:
    job = samples.job()
    assert schema.load_job(schema.dump_job(job)) == job
    for value in (job, job.options):
        for field in dataclasses.fields(value):
            if field.default is not dataclasses.MISSING:
                assert getattr(value, field.name) != field.default, f"samples.py has the default of {field.name}"


def test_a_job_with_only_defaults_is_stored() -> None:
    full = samples.job()
    job = Job(
        id=full.id,
        filename="a",
        audio_file="audio",
        audio_duration=0.0,
        options=Options(model="demo"),
        state=JobState.QUEUED,
        created_at=full.created_at,
    )
    assert schema.load_job(schema.dump_job(job)) == job


def test_the_window_of_a_crash_keeps_its_key_in_records() -> None:
    assert json.loads(record())["crashed_at"] == samples.job().crashed_window
    assert schema.load_job(record(crashed_at=7)).crashed_window == 7


def test_a_window_and_a_transcript_are_stored() -> None:
    assert schema.load_window(schema.dump_window(samples.window(3))) == samples.window(3)
    assert schema.load_transcript(schema.dump_transcript(samples.transcript())) == samples.transcript()


def test_a_window_is_one_line_of_ascii() -> None:
    data = schema.dump_window(samples.window())
    assert data.isascii()
    assert data.splitlines() == [data]


def test_nan_and_infinity_are_stored_as_standard_json() -> None:
    segment = dataclasses.replace(samples.segment(), avg_logprob=math.nan, compression_ratio=math.inf)
    window = dataclasses.replace(samples.window(), segments=(segment,))
    data = schema.dump_window(window)
    json.loads(data, parse_constant=pytest.fail)
    (again,) = schema.load_window(data).segments
    assert math.isnan(again.avg_logprob)
    assert again.compression_ratio == math.inf
    assert dataclasses.replace(again, avg_logprob=0.0) == dataclasses.replace(segment, avg_logprob=0.0)


def test_parameters_that_json_cannot_hold_are_stored_as_text() -> None:
    job = samples.job(error=Message("bad", {"path": ("a", 1), "state": JobState.FAILED, "nan": math.nan}))
    error = schema.load_job(schema.dump_job(job)).error
    assert error is not None
    assert all(isinstance(value, str) for value in error.params.values())


def test_an_integer_is_accepted_as_a_float() -> None:
    assert schema.load_job(record(audio_duration=3)).audio_duration == 3.0


def test_unknown_keys_are_ignored() -> None:
    assert schema.load_job(record(colour="red")).filename == samples.job().filename


@pytest.mark.parametrize(
    "change",
    [
        {"id": 5},
        {"id": None},
        {"filename": ["a"]},
        {"audio_duration": "long"},
        {"audio_duration": None},
        {"audio_duration": True},
        {"audio_duration": -1},
        {"audio_duration": "NaN"},
        {"audio_duration": "Infinity"},
        {"audio_duration": 10**400},
        {"progress": 101},
        {"progress": "NaN"},
        {"state": "asleep"},
        {"state": 1},
        {"created_at": "today"},
        {"created_at": "2025-06-16T10:30:00"},
        {"created_at": 5},
        {"options": None},
        {"options": []},
        {"options": {}},
        {"options": {"model": "tiny", "task": "sing"}},
        {"options": {"model": "tiny", "beam_size": 1.5}},
        {"options": {"model": "tiny", "task": []}},
        {"options": {"model": "tiny", "vad_filter": 1}},
        {"message": "hello"},
        {"message": {"params": {}}},
        {"error": {"code": "x", "params": []}},
        {"history": "queued"},
        {"history": ["asleep"]},
        {"history": [[]]},
        {"format": None},
        {"format": "1"},
        {"format": 0},
        {"format": True},
        {"format": 1.0},
    ],
    ids=str,
)
def test_an_impossible_value_is_an_invalid_record(change: dict[str, Any]) -> None:
    with pytest.raises(schema.InvalidRecord):
        schema.load_job(record(**change))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"5",
        b"\xff\xfe",
        b"{}",
        b"\x00" * 500,
        b"[" * 100_000,
        b'{"format":1}',
        b'{"format":1,"id":NaN}',
        b'{"format":' + b"9" * 6000 + b"}",
        schema.dump_window(samples.window()),
    ],
    ids=lambda data: repr(data[:20]),
)
def test_anything_but_a_job_is_an_invalid_record(data: bytes) -> None:
    with pytest.raises(schema.InvalidRecord):
        schema.load_job(data)


@pytest.mark.parametrize("key", ["id", "filename", "audio_file", "audio_duration", "options", "state", "created_at"])
def test_a_record_without_a_required_field_is_invalid(key: str) -> None:
    content = json.loads(record())
    del content[key]
    with pytest.raises(schema.InvalidRecord):
        schema.load_job(json.dumps(content).encode())


def test_a_newer_format_is_refused() -> None:
    with pytest.raises(StoreTooNew) as caught:
        schema.load_job(record(format=schema.FORMAT + 1, state="something new"))
    assert caught.value.params == {"found": schema.FORMAT + 1, "known": schema.FORMAT}


def test_older_formats_are_migrated_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[tuple[int, str]] = []

    def first(kind: str, content: dict[str, Any]) -> dict[str, Any]:
        steps.append((1, kind))
        return {**content, "filename": content.pop("name")}

    def second(kind: str, content: dict[str, Any]) -> dict[str, Any]:
        steps.append((2, kind))
        return {**content, "filename": content["filename"].upper()}

    content = json.loads(record())
    content["name"] = "a.mp3"
    del content["filename"]
    monkeypatch.setattr(schema, "FORMAT", 3)
    monkeypatch.setattr(schema, "MIGRATIONS", {1: first, 2: second})
    assert schema.load_job(json.dumps(content).encode()).filename == "A.MP3"
    assert steps == [(1, "job"), (2, "job")]
    with pytest.raises(schema.InvalidRecord):  # the migration fails on it
        schema.load_job(b'{"format":1}')
    assert schema.load_job(record(format=3)).filename == samples.job().filename


def test_every_older_format_has_a_migration() -> None:
    assert set(schema.MIGRATIONS) == set(range(1, schema.FORMAT))


def test_a_value_of_another_type_cannot_be_stored() -> None:
    with pytest.raises(TypeError):
        schema.dump_job(samples.job(filename=b"bytes"))


def test_the_samples_have_every_field_of_a_segment() -> None:
    assert len(json.loads(schema.dump_window(samples.window()))["segments"][0]) == len(dataclasses.fields(Segment))
    assert samples.segment().words is not None
    assert {field.name for field in dataclasses.fields(Word)} == {"word", "start", "end", "probability"}
