"""Teams of threads, and how many cores there are to use."""

import os
import threading
from pathlib import Path

import pytest

from localwhisper.engine.threads import CoreBudget, ThreadTeam, part_span, usable_cores


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)


def fake_cgroup(folder: Path, membership: str, files: dict[str, str]) -> tuple[Path, Path]:
    """The two arguments of usable_cores."""
    root = folder / "cgroup"
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content + "\n")
    (folder / "membership").write_text(membership + "\n")
    return folder / "membership", root


@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        ("0::/", {"cpu.max": "max 100000"}, 8),
        ("0::/", {"cpu.max": "200000 100000"}, 2),
        ("0::/", {"cpu.max": "150000 100000"}, 2),
        ("0::/", {"cpu.max": "10000 100000"}, 1),
        ("0::/", {"cpu.max": "6400000 100000"}, 8),
        ("0::/a.slice/b", {"a.slice/cpu.max": "300000 100000", "a.slice/b/cpu.max": "max 100000"}, 3),
        ("0::/a.slice/b", {"a.slice/cpu.max": "500000 100000", "a.slice/b/cpu.max": "200000 100000"}, 2),
        ("0::/not/mounted/here", {"cpu.max": "400000 100000"}, 4),
        (
            "4:memory:/x\n3:cpu,cpuacct:/x\n0::/x",
            {"cpu,cpuacct/x/cpu.cfs_quota_us": "250000", "cpu,cpuacct/x/cpu.cfs_period_us": "100000"},
            3,
        ),
        ("3:cpu:/", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
        ("3:cpu:/", {"cpu/cpu.cfs_quota_us": "damaged", "cpu/cpu.cfs_period_us": "100000"}, 8),
        ("0::/", {}, 8),
    ],
)
def test_usable_cores_respect_the_cgroup_s_quota(
    tmp_path: Path, membership: str, files: dict[str, str], expected: int
) -> None:
    assert usable_cores(*fake_cgroup(tmp_path, membership, files)) == expected


def test_usable_cores_respect_affinity_where_there_are_no_cgroups(tmp_path: Path) -> None:
    assert usable_cores(tmp_path / "missing", tmp_path) == 8


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


def test_spans_cover_a_range_exactly_once() -> None:
    spans = [part_span(10, part, 3) for part in range(3)]
    assert [i for first, end in spans for i in range(first, end)] == list(range(10))
