"""Jobs as data."""

import dataclasses

import pytest

from localwhisper.jobs import events, model
from tests.store import samples


def test_segments_of_windows_keep_their_order() -> None:
    windows = [samples.window(number) for number in range(3)]
    assert [segment.id for segment in model.segments_of(windows)] == [0, 1, 2, 3, 4, 5]
    assert model.segments_of([]) == ()


@pytest.mark.parametrize(
    "cls",
    [
        model.Job,
        model.Options,
        model.Word,
        model.Segment,
        model.Position,
        model.Window,
        model.Transcript,
        events.JobChanged,
        events.ProgressMade,
        events.SegmentsDone,
        events.JobRemoved,
        events.ModelChanged,
    ],
)
def test_dataclasses_are_frozen_and_keyword_only(cls: type) -> None:
    assert cls.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert all(field.kw_only for field in dataclasses.fields(cls))
