"""What all records and events have in common."""

import dataclasses

import pytest

from localwhisper.jobs import events
from localwhisper.jobs.job import Job
from localwhisper.jobs.transcript import Position, Segment, Transcript, Window, Word
from localwhisper.options import Options


@pytest.mark.parametrize(
    "cls",
    [
        Job,
        Options,
        Word,
        Segment,
        Position,
        Window,
        Transcript,
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
