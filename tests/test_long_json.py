"""Long JSON is read and written as json does it, while other threads run."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from localwhisper import long_json
from localwhisper.jobs.transcript import Transcript, Word
from localwhisper.server import serializers
from localwhisper.server.base import json_object, long_json_bytes
from localwhisper.store import schema
from tests.step_engine import segment
from tests.store import samples

PADDING = " " * long_json.MIN_CHARS
VALUES = [
    {},
    {"a": []},
    {"a": [1, -2.5e3, 'é\n"', None, True, {"b": [[], {}]}], "c": {"d": [1, 2]}, "": "x"},
    {"a": 1, "list": list(range(100)), "objects": [{"n": n, "words": ["w"] * n} for n in range(70)]},
    [1, {"a": [2]}],
    "text",
    5,
    None,
]


@pytest.mark.parametrize("value", VALUES)
def test_values_are_read_and_written_as_json_does(value: Any) -> None:
    text = json.dumps(value)
    assert long_json.loads(text) == value
    assert long_json.loads(PADDING + text + "\r\n\t ") == value  # in steps
    assert long_json.loads((PADDING + text).encode()) == value
    assert long_json.loads((PADDING + text).encode("utf-16")) == value
    assert json.loads(long_json.dumps(value)) == value


NOT_JSON = [
    "",
    "{",
    "{}}",
    '{"a"}',
    '{"a":}',
    '{"a":[}',
    '{"a":[1,]}',
    '{"a":[1 2]}',
    '{"a":1,}',
    "{1:2}",
    '{"a":1 "b":2}',
    "[1",
    '{"a": [nan]}',
    '{"a":1}{}',
    "{'a': 1}",
    '{"a": [1]]}',
    '{"a": "\n"}',
]


@pytest.mark.parametrize("text", NOT_JSON)
def test_what_json_refuses_is_refused(text: str) -> None:
    with pytest.raises(json.JSONDecodeError) as ours:
        long_json.loads(PADDING + text)
    with pytest.raises(json.JSONDecodeError) as stock:
        json.loads(PADDING + text)
    assert str(ours.value) == str(stock.value)


def test_the_last_of_equal_names_counts_and_constants_are_passed_on() -> None:
    assert long_json.loads(PADDING + '{"a": [1], "a": [2]}') == {"a": [2]}
    assert long_json.loads(PADDING + '{"a": [NaN, -Infinity]}', lambda name: name) == {"a": ["NaN", "-Infinity"]}  # type: ignore[arg-type,return-value]


def test_iterators_are_written_as_lists_wherever_they_are() -> None:
    value = {"a": iter(range(40)), "b": [{"c": map(str, range(2))}]}
    assert json.loads(long_json.dumps(value)) == {"a": [*range(40)], "b": [{"c": ["0", "1"]}]}
    with pytest.raises(ValueError, match="Out of range"):
        long_json.dumps({"a": [float("nan")]}, allow_nan=False)
    with pytest.raises(TypeError):
        long_json.dumps({"a": [b""]})


def test_the_text_alone_is_read_without_the_rest() -> None:
    data = schema.dump_transcript(replace(samples.transcript(), text="whole"))
    assert long_json.first_members(data, ["text"])["text"] == "whole"
    assert schema.load_text(data) == ("whole", ())
    with pytest.raises(schema.InvalidRecord):
        schema.load_text(b'{"format":1,"text":["a"]}')
    with pytest.raises(schema.InvalidRecord):
        schema.load_text(b'{"format":1}')


@pytest.fixture(scope="module")
def long_transcript() -> Transcript:
    words = tuple(Word(word=" w", start=0.1 * n, end=0.1 * n + 0.1, probability=0.5) for n in range(10))
    segments = tuple(replace(segment(0), id=n, words=words) for n in range(3000))
    return replace(samples.transcript(), segments=segments)


@pytest.fixture
def turns() -> Iterator[Callable[[], int]]:
    """How often another thread has had a turn since the last call."""
    interval_s, is_over, n_turns = sys.getswitchinterval(), threading.Event(), 0

    def count() -> None:
        nonlocal n_turns
        while not is_over.is_set():
            time.sleep(0)
            n_turns += 1

    def since_last_call() -> int:
        nonlocal n_turns
        since, n_turns = n_turns, 0
        return since

    sys.setswitchinterval(0.0005)
    thread = threading.Thread(target=count)
    thread.start()
    yield since_last_call
    is_over.set()
    thread.join()
    sys.setswitchinterval(interval_s)


def test_others_get_turns_while_a_long_transcript_is_stored_read_and_sent(
    long_transcript: Transcript, turns: Callable[[], int]
) -> None:
    def has_let_others_run(work: Callable[[], Any]) -> Any:
        turns()
        result = work()
        assert turns() > 15  # one call of json lets others run once, when it ends
        return result

    stored = has_let_others_run(lambda: schema.dump_transcript(long_transcript))
    assert has_let_others_run(lambda: schema.load_transcript(stored)) == long_transcript
    result = serializers.result_body(long_transcript, timestamps=True)
    has_let_others_run(lambda: long_json_bytes({"id": "a", "result": result}))
    sent = has_let_others_run(lambda: long_json_bytes(result))
    assert len(has_let_others_run(lambda: json_object(sent))["segments"]) == 3000
    emoji = sent.replace(b'" w"', rb'"\ud83d\ude00"')
    assert has_let_others_run(lambda: json_object(emoji))["segments"][0]["words"][0]["word"] == "\U0001f600"
