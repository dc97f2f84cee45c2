"""The cores that jobs share, and computations that are divided among them."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
import torch

from localwhisper.engine.division_benefit import DivisionBenefit
from localwhisper.engine.map_ahead import map_ahead
from localwhisper.engine.threads import CoreBudget, use_one_thread
from localwhisper.errors import Stopped


@pytest.fixture
def cores() -> Iterator[CoreBudget]:
    budget = CoreBudget(3)
    yield budget
    budget.close()


def spans(cores: CoreBudget, n: int, size: int) -> list[tuple[int, int]]:
    taken: list[tuple[int, int]] = []
    cores.team.for_spans(n, size, lambda first, end: taken.append((first, end)))
    return sorted(taken)


def test_the_budget_is_what_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localwhisper.engine.threads.usable_cores", lambda: 2)
    assert (CoreBudget().total, CoreBudget().team.n_helpers) == (2, 1)


def test_a_core_is_waited_for_and_the_wait_can_be_stopped() -> None:
    cores, checked, is_stopped, has_core = CoreBudget(1), *(threading.Event() for _ in range(3))

    def check() -> None:
        checked.set()
        if is_stopped.is_set():
            raise Stopped

    def work() -> None:
        with cores.core(check):
            has_core.set()

    waiting = threading.Thread(target=work)
    with cores.core():
        assert not cores.take()
        waiting.start()
        assert checked.wait(60)
        assert not has_core.is_set()
    assert has_core.wait(60)
    waiting.join(60)
    is_stopped.set()
    with cores.core(), pytest.raises(Stopped), cores.core(check):
        pass
    assert cores.n_taken == 0


def test_others_give_their_cores_to_urgent_work_and_get_them_back() -> None:
    cores, is_urgent, is_over, log = CoreBudget(1), threading.Event(), threading.Event(), list[str]()

    def urgent_work() -> None:
        with cores.urgent():
            is_urgent.set()
            assert cores.is_urgent
            with cores.core():
                log.append("urgent")
            is_over.wait(60)

    def check() -> None:
        if log and not is_over.is_set():
            log.append("waits")
            is_over.set()

    thread = threading.Thread(target=urgent_work)
    with cores.core():
        cores.give_way(lambda: pytest.fail("there is no urgent work"))
        thread.start()
        assert is_urgent.wait(60)
        assert cores.gives_way
        cores.give_way(check)
        log.append("continues")
        assert cores.n_taken == 1
    thread.join(60)
    assert log == ["urgent", "waits", "continues"]
    assert cores.n_taken == 0


def test_nobody_starts_while_there_is_urgent_work_and_helpers_may() -> None:
    cores = CoreBudget(2)
    results: list[bool] = []
    with cores.urgent():
        assert not cores.gives_way
        other = threading.Thread(target=lambda: results.append(cores.take()))
        other.start()
        other.join(60)
        helper = threading.Thread(target=lambda: results.append(cores.take(is_urgent=True)))
        helper.start()
        helper.join(60)
    assert results == [False, True]


def test_spans_cover_a_range_once_and_are_the_same_on_any_number_of_threads(cores: CoreBudget) -> None:
    assert spans(cores, 10, 3) == spans(CoreBudget(1), 10, 3) == [(0, 2), (2, 5), (5, 7), (7, 10)]
    assert len(spans(cores, 11, 4)) == 4  # even, for two threads
    assert spans(cores, 10, 10) == [(0, 5), (5, 10)]
    assert spans(cores, 10, 20) == [(0, 10)]
    assert spans(CoreBudget(3, is_divided=False), 10, 3) == [(0, 10)]


def test_spans_are_computed_at_the_same_time_in_the_caller_s_inference_mode(cores: CoreBudget) -> None:
    use_one_thread()  # whatever tests before this one have set
    all_running = threading.Barrier(3, timeout=60)
    modes: list[tuple[bool, int]] = []

    def work(_first: int, _end: int) -> None:
        all_running.wait()
        modes.append((torch.is_inference_mode_enabled(), torch.get_num_threads()))

    with cores.core(), torch.inference_mode():
        cores.team.for_spans(3, 1, work)
    assert modes == [(True, 1)] * 3
    assert cores.n_taken == 0


def test_something_begun_on_an_idle_core_is_waited_for(cores: CoreBudget) -> None:
    has_begun, may_end = threading.Event(), threading.Event()

    def work() -> int:
        has_begun.set()
        assert may_end.wait(60)
        return threading.get_ident()

    result = cores.team.start(work)
    assert has_begun.wait(60)
    may_end.set()
    assert result() != threading.get_ident()


def test_what_no_idle_core_has_begun_is_computed_by_the_caller(cores: CoreBudget) -> None:
    with cores.core(), cores.core(), cores.core():
        assert cores.team.start(threading.get_ident)() == threading.get_ident()
    cores.close()
    assert cores.team.start(threading.get_ident)() == threading.get_ident()


def test_nobody_helps_where_other_jobs_have_the_cores(cores: CoreBudget) -> None:
    idents: set[int] = set()
    with cores.core(), cores.core(), cores.core():
        cores.team.for_spans(20, 1, lambda *_: idents.add(threading.get_ident()))
    assert idents == {threading.get_ident()}


def test_a_span_s_error_is_raised_when_all_threads_are_done(cores: CoreBudget) -> None:
    def work(first: int, _end: int) -> None:
        if first == 1:
            raise RuntimeError("no")

    for _ in range(2):
        with pytest.raises(RuntimeError, match="no"):
            cores.team.for_spans(20, 1, work)
    assert spans(cores, 3, 1) == [(0, 1), (1, 2), (2, 3)]


def test_computations_are_divided_again_and_again_but_for_longer_and_longer_not_where_that_gains_nothing() -> None:
    now_s = [0.0]
    benefit = DivisionBenefit(lambda: now_s[0])

    def divide(wall_s: float, waited_s: float, cpu_s: float, helpers_cpu_s: float) -> float:
        """Divide for a second; returns for how long computations aren't divided then."""
        assert benefit.is_expected()
        benefit.add_help(helpers_cpu_s)
        benefit.add(wall_s, waited_s, cpu_s)
        started_s = now_s[0]
        while not benefit.is_expected():
            now_s[0] += 0.01
        return now_s[0] - started_s

    quiet = 1.0, 0.1, 0.9, 0.9
    beside_one_program = 1.0, 0.5, 0.5, 0.5  # the helper has its core half of the time, and is waited for meanwhile
    beside_two_programs = 1.0, 0.2, 0.4, 0.4  # both have their cores half of the time
    assert [divide(*quiet), divide(*beside_two_programs)] == [0.0, 0.0]
    pauses_s = [divide(*beside_one_program) for _ in range(4)]
    assert pauses_s == pytest.approx([0.1, 0.2, 0.4, 0.4], rel=0.15)
    assert [divide(*quiet) for _ in range(3)] == [0.0] * 3
    assert divide(*beside_one_program) == pytest.approx(0.1, rel=0.15)


def test_a_core_of_a_thread_between_two_computations_is_no_helper_s(cores: CoreBudget) -> None:
    idents: set[int] = set()
    with cores.working(), cores.working(), cores.working(), cores.core():
        cores.team.for_spans(20, 1, lambda *_: idents.add(threading.get_ident()))
    assert idents == {threading.get_ident()}
    assert cores.n_idle == 3


def test_work_is_done_when_no_threads_can_be_started(cores: CoreBudget, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert len(spans(cores, 10, 1)) == 10


def test_a_closed_team_s_work_is_done_by_the_caller(cores: CoreBudget) -> None:
    cores.close()
    assert len(spans(cores, 10, 1)) == 10


def test_results_computed_ahead_come_in_order_and_are_only_so_far_ahead(cores: CoreBudget) -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for i in range(20):
            taken.append(i)
            yield i

    def slow_first(i: int) -> int:
        time.sleep(0.05 if i == 0 else 0.0)
        return i

    results = map_ahead(cores, slow_first, items())
    assert next(results) == 0
    assert len(taken) <= 7
    assert list(results) == list(range(1, 20))


def test_an_error_ends_what_is_computed_ahead(cores: CoreBudget) -> None:
    started: list[int] = []

    def work(i: int) -> int:
        started.append(i)
        time.sleep(0.01)
        if i == 1:
            raise ValueError("no")
        return i

    results = map_ahead(cores, work, range(100))
    with pytest.raises(ValueError, match="no"):
        list(results)
    n_started = len(started)
    time.sleep(0.05)
    assert len(started) == n_started < 100


class Stalled:
    """A map_ahead.Elsewhere that gives nothing back, until it is computed here as well, one item after another."""

    n_cores, has_room = 2, True

    def __init__(self) -> None:
        self._is_ready = [threading.Event() for _ in range(3)]
        self._taken_back = iter([1, 2])
        self._n_taken = 0
        self.is_all_taken = threading.Event()

    def take(self) -> Callable[[int], int]:
        def wait(item: int) -> int:
            assert self._is_ready[item].wait(60)
            return item

        self._n_taken += 1
        if self._n_taken == 2:
            self.is_all_taken.set()
        return wait

    def take_back(self) -> Callable[[], None] | None:
        item = next(self._taken_back, None)

        def compute() -> None:
            assert item is not None
            self._is_ready[item].set()
            time.sleep(0.1)  # it is ready elsewhere before this ends

        return None if item is None else compute


def test_a_core_without_work_takes_back_one_item_after_another() -> None:
    cores, stalled = CoreBudget(1), Stalled()

    def work(item: int) -> int:
        assert stalled.is_all_taken.wait(60)
        return item

    try:
        assert list(map_ahead(cores, work, range(3), stalled)) == [0, 1, 2]
    finally:
        cores.close()
