"""Whatever is killed, and whatever the network does, jobs go on after their last window."""

from collections import Counter
from pathlib import Path

from tests.torture.cluster_kills import torture

KINDS = ("worker", "cut", "server", "delay", "scheduler", "worker")
SEED = 20261130


def test_no_job_is_lost_whatever_is_killed(tmp_path: Path) -> None:
    report = torture(tmp_path, KINDS, SEED)
    assert report["done"] == Counter(KINDS)
