"""Teams of threads, and the number of cores they share."""

import os
import threading

import pytest

from localwhisper.engine.lazy_engine import configure_openmp
from localwhisper.engine.threads import CoreBudget, ThreadTeam, part_span


def test_the_budget_and_its_team_are_no_larger_than_what_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localwhisper.engine.threads.usable_cores", lambda: 2)
    monkeypatch.setattr("torch.get_num_threads", lambda: 16)
    cores = CoreBudget()
    parts: list[int] = []
    cores.team.run(lambda part, n_parts: parts.append(n_parts), 16)
    assert (cores.total, parts) == (2, [2, 2])


def test_parts_run_at_the_same_time_on_the_threads_that_are_free() -> None:
    team = ThreadTeam(2)
    all_running = threading.Barrier(3, timeout=10)
    calls: list[tuple[int, int]] = []

    def work(part: int, n_parts: int) -> None:
        all_running.wait()
        calls.append((part, n_parts))
        if part == 0:
            team.run(lambda part, n_parts: calls.append((part, n_parts)), 2)  # no thread is free
        all_running.wait()

    team.run(work, 4)
    assert sorted(calls) == [(0, 1), (0, 3), (1, 3), (2, 3)]


def test_a_part_s_error_is_raised_and_its_thread_is_free_again() -> None:
    team = ThreadTeam(1)

    def work(part: int, n_parts: int) -> None:
        if part == n_parts - 1:
            raise RuntimeError("no")

    for _ in range(2):
        with pytest.raises(RuntimeError, match="no"):
            team.run(work, 2)


def test_work_is_done_by_fewer_threads_when_no_more_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    team = ThreadTeam(2)
    calls: list[tuple[int, int]] = []
    team.run(lambda part, n_parts: calls.append((part, n_parts)), 2)  # starts one thread
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    calls.clear()
    team.run(lambda part, n_parts: calls.append((part, n_parts)), 3)
    monkeypatch.setattr(threading.Thread, "start", start)
    assert sorted(calls) in ([(0, 1)], [(0, 2), (1, 2)])


def test_a_closed_team_s_work_is_done_by_the_caller() -> None:
    team = ThreadTeam(2)
    team.close()
    calls: list[tuple[int, int]] = []
    team.run(lambda part, n_parts: calls.append((part, n_parts)), 3)
    assert calls == [(0, 1)]


def test_openmp_s_threads_stop_spinning_unless_the_user_set_a_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    configure_openmp()
    assert (os.environ["OMP_WAIT_POLICY"], os.environ["GOMP_SPINCOUNT"]) == ("active", "10000")


def test_spans_cover_a_range_exactly_once() -> None:
    spans = [part_span(10, part, 3) for part in range(3)]
    assert [i for first, end in spans for i in range(first, end)] == list(range(10))
