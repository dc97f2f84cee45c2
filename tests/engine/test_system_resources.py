"""How many cores there are to use."""

import os
from pathlib import Path

import pytest

from localwhisper.engine.system_resources import usable_cores


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
