"""Which worker gets the next job, and when a worker counts as lost."""

import pytest

from localwhisper.distributed.places import STALLED_S, Place, freest
from localwhisper.jobqueue.job_execution import Lost, Outcome
from localwhisper.messages import Message


class Execution:
    """An Occupant that remembers how it was ended."""

    def __init__(self, place: Place, is_paused: bool = False) -> None:
        self.is_paused = is_paused
        self.ends: list[Outcome] = []
        self.is_stopped = False
        place.occupants.add(self)

    def stop(self) -> None:
        self.is_stopped = True

    def end(self, outcome: Outcome) -> None:
        self.ends.append(outcome)


def place(name: str, running: int = 0, paused: int = 0, capacity: int = 2) -> Place:
    place = Place(f"tls://{name}", name, capacity)
    for number in range(running + paused):
        Execution(place, is_paused=number >= running)
    return place


@pytest.mark.parametrize(
    ("places", "chosen"),
    [
        ([place("busy", running=1), place("idle")], "idle"),
        ([place("small", capacity=1), place("large", capacity=4)], "large"),
        ([place("full", running=2), place("resting", running=1, paused=1)], "resting"),
        ([place("resting", paused=1), place("idle")], "idle"),
        ([place("full", running=1, paused=1, capacity=1), place("busy", running=2)], "busy"),
    ],
)
def test_the_worker_with_most_room_is_chosen(places: list[Place], chosen: str) -> None:
    found = freest(places)
    assert found is not None
    assert found.name == chosen


def helper(place: Place) -> Execution:
    execution = Execution(place)
    place.occupants.remove(execution)
    place.helpers.add(execution)
    return execution


def test_a_job_gets_a_place_without_helpers_or_takes_that_of_a_helper() -> None:
    helping, idle = place("helping", capacity=1), place("idle", capacity=1)
    first = helper(helping)
    helping.make_room()
    assert freest([place("full", running=1, capacity=1), helping]) is helping
    assert freest([helping, idle]) is idle
    assert not first.is_stopped
    Execution(helping)
    helping.make_room()
    assert first.is_stopped


def test_a_worker_that_may_not_work_is_never_chosen() -> None:
    other = Place("tls://a", "other version", 2, problem=Message("worker_version"))
    closing = place("closing")
    closing.observe(1.0, "closing_gracefully", now_s=0.0)
    assert freest([other, closing, place("full", running=1, paused=1, capacity=1)]) is None


def test_a_stalled_worker_loses_its_jobs_until_it_is_seen_again() -> None:
    stalled = place("a")
    execution, help_elsewhere = Execution(stalled), helper(stalled)
    stalled.observe(1.0, "running", now_s=100.0)
    stalled.observe(1.0, "running", now_s=100.0 + STALLED_S)
    assert (execution.ends, stalled.takes_work) == ([], True)
    stalled.observe(1.0, "running", now_s=101.0 + STALLED_S)
    assert (execution.ends, stalled.takes_work) == ([Lost()], False)
    assert help_elsewhere.ends == [Lost()]
    stalled.observe(2.0, "running", now_s=102.0 + STALLED_S)
    assert stalled.takes_work
