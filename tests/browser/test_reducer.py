"""The page's pure reducer, run inside the browser: what the server may repeat, delay or leave out."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.desk import Desk

Reduce = Callable[..., dict[str, Any]]

RUN = """async (messages) => {
  const { initialState, reduce } = await import(new URL("js/reducer.js", document.baseURI).href);
  return messages.reduce(reduce, initialState());
}"""


@pytest.fixture
def reduce(desk: Desk, page: Page) -> Reduce:
    """reduce(message, …) → the state after them."""
    return lambda *messages: page.evaluate(RUN, list(messages))


def job(name: str, status: str = "processing", **more: Any) -> dict[str, Any]:
    created_at = f"2026-01-01T00:00:0{name}Z"
    return {"job_id": name, "status": status, "created_at": created_at, "progress": 0, "filename": "a", **more}


def snapshot(*jobs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "snapshot", "data": {"jobs": list(jobs), "queue": {}}}


def changed(body: dict[str, Any]) -> dict[str, Any]:
    return {"type": "job", "job_id": body["job_id"], "data": body}


def segment(number: int, name: str = "1") -> dict[str, Any]:
    return {"type": "segment", "job_id": name, "data": {"id": number, "start": 0, "end": 1, "text": f"t{number}"}}


def detail(body: dict[str, Any]) -> dict[str, Any]:
    return {"type": "job/detail", "job_id": body["job_id"], "data": body}


def ids(state: dict[str, Any], name: str = "1") -> list[int]:
    return [each["id"] for each in state["entries"][name]["segments"]]


def test_a_repeated_segment_is_one_segment(reduce: Reduce) -> None:
    assert ids(reduce(snapshot(job("1")), segment(0), segment(1), segment(0), segment(1))) == [0, 1]


def test_segments_that_come_out_of_order_are_in_order(reduce: Reduce) -> None:
    assert ids(reduce(snapshot(job("1")), segment(2), segment(0), segment(1))) == [0, 1, 2]


def test_after_a_reconnection_the_server_knows_what_was_missed(reduce: Reduce) -> None:
    so_far = [segment(number)["data"] for number in range(3)]
    before = [snapshot(job("1")), segment(0), segment(9), snapshot(job("1"))]
    state = reduce(*before, segment(3), detail(job("1", segments=so_far)))
    assert ids(state) == [0, 1, 2, 3]  # 9 was lost with the server; 3 came while the answer was under way


def test_a_late_answer_does_not_bring_a_finished_job_back(reduce: Reduce) -> None:
    state = reduce(snapshot(job("1")), changed(job("1", "completed")), detail(job("1", "processing", segments=[])))
    assert state["entries"]["1"]["job"]["status"] == "completed"
    assert state["entries"]["1"]["result"] is None


def test_late_progress_does_not_either(reduce: Reduce) -> None:
    late = {"type": "progress", "job_id": "1", "data": {"status": "processing", "progress": 5}}
    assert reduce(snapshot(job("1", "cancelled")), late)["entries"]["1"]["job"]["status"] == "cancelled"


def test_a_retried_job_begins_anew(reduce: Reduce) -> None:
    state = reduce(snapshot(job("1")), segment(0), changed(job("1", "failed")), changed(job("1", "queued")))
    assert ids(state) == []


def test_what_the_snapshot_does_not_have_is_gone(reduce: Reduce) -> None:
    assert reduce(snapshot(job("2"), job("1")), snapshot(job("2")))["order"] == ["2"]


def test_newest_first_whatever_the_order_of_news(reduce: Reduce) -> None:
    state = reduce(snapshot(job("2")), changed(job("1")), changed(job("3")))
    assert state["order"] == ["3", "2", "1"]


def test_those_behind_move_up_when_one_leaves_the_queue(reduce: Reduce) -> None:
    waiting = [job(str(place), "queued", queue_position=place) for place in (3, 2, 1)]
    state = reduce(snapshot(*waiting), changed(job("1", "processing")))
    assert [state["entries"][name]["job"]["queue_position"] for name in "23"] == [1, 2]


def test_a_message_that_is_unknown_changes_nothing(reduce: Reduce) -> None:
    assert reduce({"type": "weather", "data": 1}) == reduce()
