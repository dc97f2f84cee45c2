"""Corrupted records are either valid or rejected; nothing else is raised."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from localwhisper.errors import StoreTooNew
from localwhisper.messages import LANGUAGES, render
from localwhisper.store import schema
from tests.store import samples

KINDS = {
    "job": (schema.dump_job(samples.job()), schema.load_job, schema.dump_job),
    "window": (schema.dump_window(samples.window()), schema.load_window, schema.dump_window),
    "transcript": (schema.dump_transcript(samples.transcript()), schema.load_transcript, schema.dump_transcript),
}
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("NaN")
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner))


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in pairs for place in [(value, key), *places(inner)]]


@st.composite
def records(draw: st.DrawFn) -> tuple[str, bytes]:
    """A valid record with some of its values, or bytes, replaced."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    data = KINDS[kind][0]
    if draw(st.booleans()):
        at = draw(st.integers(0, len(data)))
        return kind, data[:at] + draw(st.binary(max_size=8)) + data[at + draw(st.integers(0, 8)) :]
    record = json.loads(data)
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(places(record)))
        container[key] = draw(JSON)
    return kind, json.dumps(record).encode()


@given(records())
def test_a_record_is_valid_or_rejected(given_record: tuple[str, bytes]) -> None:
    kind, data = given_record
    _, load, dump = KINDS[kind]
    try:
        value = load(data)
    except (schema.InvalidRecord, StoreTooNew):
        return
    assert dump(load(dump(value))) == dump(value)
    if kind == "job":
        for language in LANGUAGES:
            assert render(value.message, language)
            assert value.error is None or render(value.error, language)
